package capacity

import (
	"cmp"
	"slices"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// Curve is how the latency of a target grows with its load: a Level for each rate that its
// search played, by ascending rate.
type Curve struct {
	Levels   []Level
	Quantile float64       // of the latencies: the highest that the SLO limits, else 0.99
	Limit    time.Duration // of that quantile; 0: the SLO has none
}

// Level is what all steps at one rate came to.
type Level struct {
	Rate    float64
	N       int64         // requests
	Goodput float64       // right answers within the SLO's deadline, per second
	Mean    time.Duration // response time of the requests that were answered; 0: none was
	// Latency is the Quantile of all requests, those that failed counted as slowest; 0: no
	// request lies beyond it, or it is among those that failed. It is Rough where too few lie
	// beyond it for a table to show it.
	Latency time.Duration
	Rough   bool
	Broke   bool // the SLO did not hold, as far as was seen
	Ended   bool // the load was ended early, while the server fell ever further behind
}

// Power is goodput over mean response time, in answers per second squared: L. Kleinrock,
// "Power and deterministic rules of thumb for probabilistic problems in computer
// communications", Proceedings of the International Conference on Communications (1979). It
// grows as long as more load costs less latency, in proportion, than it brings answers.
func (l Level) Power() float64 {
	if l.Mean <= 0 {
		return 0
	}
	return l.Goodput / l.Mean.Seconds()
}

// Knee is the level with the highest Power, of those that were played: beyond it, latency
// grows faster than throughput. False where nothing was answered.
func (c Curve) Knee() (Level, bool) {
	if len(c.Levels) == 0 {
		return Level{}, false
	}
	most := slices.MaxFunc(c.Levels, func(a, b Level) int { return cmp.Compare(a.Power(), b.Power()) })
	return most, most.Power() > 0
}

// At is the level at a rate; false where that was not played.
func (c Curve) At(rate float64) (Level, bool) {
	i := slices.IndexFunc(c.Levels, func(l Level) bool { return l.Rate == rate })
	if i < 0 {
		return Level{}, false
	}
	return c.Levels[i], true
}

// curveOf pools the steps of a search by their rates. Those that the load generator disturbed
// tell nothing.
func curveOf(steps []SearchStep, slo record.SLO) Curve {
	c := Curve{Quantile: 0.99}
	limits := slo.Response()
	for i, limit := range []time.Duration{limits.P50, limits.P90, limits.P99, limits.P999} {
		if limit > 0 {
			c.Quantile, c.Limit = stat.Quantiles()[i], limit
		}
	}
	played := slices.DeleteFunc(slices.Clone(steps), func(s SearchStep) bool { return s.Disturbed != "" || s.Ledger.Sent == 0 })
	slices.SortStableFunc(played, func(a, b SearchStep) int { return cmp.Compare(a.Rate, b.Rate) })
	for _, at := range sample.Grouped(played, func(s SearchStep) float64 { return s.Rate }) {
		c.Levels = append(c.Levels, newLevel(at, c.Quantile))
	}
	return c
}

func newLevel(steps []SearchStep, q float64) Level {
	l := Level{Rate: steps[0].Rate}
	var good, seconds float64
	var all []stat.Tally
	over, room := map[string]float64{}, map[string]float64{} // requests, by limit
	for _, s := range steps {
		l.N += s.Ledger.Sent
		good, seconds = good+s.Goodput*s.Window.Seconds(), seconds+s.Window.Seconds()
		l.Ended = l.Ended || s.Ended != ""
		n := float64(s.Responses.Total())
		for _, o := range s.Over {
			over[o.Limit] += o.Share * n
			room[o.Limit] += o.Room * n
		}
		all = append(all, s.Responses)
	}
	l.Broke = l.Ended
	for limit := range over {
		l.Broke = l.Broke || over[limit] > room[limit]
	}
	if seconds > 0 {
		l.Goodput = good / seconds
	}
	responses := stat.Merge(all)
	l.Mean = responses.Mean()
	n := responses.Total()
	if at := responses.At(stat.Rank(q, n)); float64(n)*(1-q) >= 1 && at < stat.Never {
		l.Latency, l.Rough = time.Duration(at), !stat.Known(q, n)
	}
	return l
}
