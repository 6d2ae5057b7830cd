package jsonreport

import (
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/sample"
	"servebench/reports/record"
)

// reason is why a run is INVALID, by which rule, and what to do.
type reason struct {
	Rule      string `json:"rule"`
	Figure    string `json:"figure"`
	Threshold string `json:"threshold"`
	Action    string `json:"action"`
	More      int    `json:"more"` // further errors that make it INVALID
}

func newReason(a *analysis.Analysis) *reason {
	d, others := a.Fault()
	if d == nil {
		return nil
	}
	return &reason{d.Rule, d.Figure, d.Threshold, d.Action, others}
}

func loop(r sample.Row) string {
	if r.Concurrency > 0 {
		return "closed"
	}
	return "open"
}

// floor is what the instrument takes of itself at the load's rate, in milliseconds;
// null is a quantile that calibration could not tell.
type floor struct {
	P50        *float64  `json:"p50"`
	P90        *float64  `json:"p90"`
	P99        *float64  `json:"p99"`
	P999       *float64  `json:"p999"`
	RPS        float64   `json:"rps"` // the rate it is told for
	Calibrated time.Time `json:"calibrated"`
}

func newFloor(f *sample.Floor) *floor {
	if f == nil {
		return nil
	}
	at := func(i int) *float64 { return number(milliseconds(f.Quantiles[i]), f.Quantiles[i] > 0) }
	return &floor{at(0), at(1), at(2), at(3), rate(f.Rate), f.Created}
}

// counts are a ledger.
type counts struct {
	Scheduled int64 `json:"scheduled"`
	Sent      int64 `json:"sent"`
	OK        int64 `json:"ok"`
	Failed    int64 `json:"failed"`
	Censored  int64 `json:"censored"`
}

func newCounts(l record.Ledger) counts { return counts(l) }

// class is one class of request of a mix.
type class struct {
	Class string `json:"class"`
	counts
	Response latencies `json:"response_ms"`
}

func newClasses(r sample.Row) []class {
	all := []class{}
	for _, c := range r.Classes {
		all = append(all, class{c.Name, newCounts(c.Ledger), newLatencies(c.Response)})
	}
	return all
}

// abort is the end of a load that a condition of the scenario's made.
type abort struct {
	Round int     `json:"round"`
	After float64 `json:"after_s"` // of sending
	Why   string  `json:"why"`
}

func newAborts(r sample.Row) []abort {
	all := []abort{}
	for _, a := range r.Aborts {
		all = append(all, abort{a.Round, significant(a.After.Seconds()), a.Text})
	}
	return all
}

// leftOut is a phase that was not played in a round, because a condition of the
// scenario's had ended one before it.
type leftOut struct {
	Target string `json:"target"`
	Phase  string `json:"phase"`
	Round  int    `json:"round"`
	Ended  string `json:"ended_phase"`
	Why    string `json:"why"`
}

func newLeftOut(a *analysis.Analysis) []leftOut {
	all := []leftOut{}
	for _, l := range a.LeftOut() {
		all = append(all, leftOut(l))
	}
	return all
}

// stepped is how a target did in a phase with steps.
type stepped struct {
	Target string   `json:"target"`
	Phase  string   `json:"phase"`
	Rounds int      `json:"rounds"`
	Says   string   `json:"says"`   // the result in words
	Breaks []broken `json:"breaks"` // the first step not held, per round; a round that held all has none
	Stop   *stop    `json:"stop"`   // of the round whose load was stopped before it broke; null: none was
	Steps  []step   `json:"steps"`
}

type stop struct {
	Round int      `json:"round"`
	RPS   float64  `json:"rps"`      // of the step in which it was stopped
	Held  *float64 `json:"held_rps"` // of the step before; null: it was the first
}

type broken struct {
	Round int      `json:"round"`
	RPS   float64  `json:"rps"`      // of the step that was not held
	Held  *float64 `json:"held_rps"` // of the step before; null: it was the first
	Why   string   `json:"why"`
}

type step struct {
	Start    float64 `json:"start_s"`
	Duration float64 `json:"duration_s"`
	RPS      float64 `json:"rps"`
	Rounds   int     `json:"rounds"` // in which it was begun
	counts
	SentRPS   float64   `json:"sent_rps"`
	OKRPS     float64   `json:"ok_rps"` // of requests due in it and answered before 1 s after its end
	ErrorRate *float64  `json:"error_rate"`
	Response  latencies `json:"response_ms"`
	Broke     int       `json:"broke"` // rounds in which it was the first not held
}

func newStepped(a *analysis.Analysis) []stepped {
	all := []stepped{}
	for _, s := range a.Stepped {
		x := stepped{Target: s.Target, Phase: s.Phase, Rounds: s.Rounds, Says: s.Says(), Breaks: []broken{}, Steps: []step{}}
		for _, b := range s.Breaks {
			x.Breaks = append(x.Breaks, broken{b.Round, rate(b.Rate), number(rate(b.Held), b.Held > 0), b.Why})
		}
		if e := s.Stop; e != nil {
			x.Stop = &stop{e.Round, rate(e.Rate), number(rate(e.Held), e.Held > 0)}
		}
		for _, t := range s.Steps {
			lost, _ := share(t.ErrorRate())
			x.Steps = append(x.Steps, step{
				significant(t.Start.Seconds()), significant(t.Duration.Seconds()), rate(t.Rate), t.Rounds, newCounts(t.Ledger),
				rate(t.Sent), rate(t.Answered), lost, newLatencies(t.Response), t.Broke,
			})
		}
		all = append(all, x)
	}
	return all
}

// saturation is what a target answers at most.
type saturation struct {
	Target      string  `json:"target"`
	OKRPS       float64 `json:"ok_rps"` // the highest mean of right answers per second
	CI          *pair   `json:"ok_rps_ci"`
	Concurrency int     `json:"concurrency"`
	// Fewest is the lowest concurrency whose throughput is within 5 % of it.
	Fewest int     `json:"lowest_concurrency"`
	Says   string  `json:"says"` // the result in words
	Points []point `json:"points"`
}

// point is one closed loop.
type point struct {
	Phase       string    `json:"phase"`
	Concurrency int       `json:"concurrency"`
	OKRPS       float64   `json:"ok_rps"`
	CI          *pair     `json:"ok_rps_ci"`
	Rounds      int       `json:"rounds"`
	Response    latencies `json:"response_ms"`
}

func newSaturation(a *analysis.Analysis) []saturation {
	all := []saturation{}
	for _, s := range a.Saturated {
		most := newPoint(s.Points[s.Most])
		x := saturation{
			Target: s.Target, OKRPS: most.OKRPS, CI: most.CI, Concurrency: most.Concurrency,
			Fewest: s.Points[s.Fewest].Concurrency, Says: s.Says(), Points: []point{},
		}
		for _, p := range s.Points {
			x.Points = append(x.Points, newPoint(p))
		}
		all = append(all, x)
	}
	return all
}

func newPoint(p capacity.Point) point {
	return point{
		p.Phase, p.Concurrency, rate(p.Rate), number(pair{rate(p.Low), rate(p.High)}, p.HasInterval), p.Rounds, newLatencies(p.Row.Response),
	}
}
