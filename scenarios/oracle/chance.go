package oracle

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"servebench/scenarios/schedule"
)

// Quantiles are those that are judged.
func Quantiles() []float64 { return []float64{0.5, 0.9, 0.99, 0.999} }

const (
	// plays is how often a design is simulated.
	plays = 200
	// deviations make an interval that holds a normal variable with 99.8 %: so
	// much that those of all 24 quantiles of the queues hold together with 95 %
	// (Bonferroni).
	deviations = 3.1
)

// Interval is where a quantile lies by chance.
type Interval struct{ Low, High time.Duration }

// Chance returns, for each of Quantiles, where it lies in a run of this design:
// the logarithms of the quantiles of plays of it, with other seeds, are taken for
// normal, and the interval holds 99.8 % of them. Nothing is left to chance in a
// stall.
func (o Oracle) Chance(seed uint64) ([]Interval, error) { return o.chance(seed, plays) }

func (o Oracle) chance(seed uint64, plays int) ([]Interval, error) {
	bands := make([]Interval, len(Quantiles()))
	if o.Kind == stall {
		for i, q := range Quantiles() {
			bands[i] = Interval{o.Expected(q), o.Expected(q)}
		}
		return bands, nil
	}
	law, err := o.law()
	if err != nil {
		return nil, err
	}
	logs := make([][]float64, len(bands))
	for play := range plays {
		times := o.simulate(law, rand.New(rand.NewPCG(seed, uint64(play))))
		for i, q := range Quantiles() {
			logs[i] = append(logs[i], math.Log(times[rank(q, len(times))]))
		}
	}
	for i := range bands {
		bands[i] = spread(logs[i])
	}
	return bands, nil
}

// law is that of the arrivals.
func (o Oracle) law() (schedule.Law, error) {
	for _, kind := range schedule.Kinds() {
		if kind.Name == o.Law {
			return kind.New(schedule.Config{Rate: o.Rate, Duration: o.Settle + o.Span})
		}
	}
	return nil, fmt.Errorf("unknown law %q", o.Law)
}

// simulate plays the queues once and returns the response times of the requests
// that are not left out, ascending, in seconds: D. V. Lindley's recursion (1952),
// that a request's service begins when it arrives or when the one before it in its
// queue is done.
func (o Oracle) simulate(law schedule.Law, rng *rand.Rand) []float64 {
	free := make([]float64, o.Clock.Queues)
	times := make([]float64, 0, int(o.Rate*o.Span.Seconds())+1000)
	for due := range law.Arrivals(rng) {
		service := o.Clock.Service.Seconds()
		if o.Kind == exponential {
			service *= rng.ExpFloat64()
		}
		queue, arrived := rng.IntN(len(free)), due.Seconds()
		free[queue] = max(free[queue], arrived) + service
		if due >= o.Settle {
			times = append(times, free[queue]-arrived)
		}
	}
	slices.Sort(times)
	return times
}

// rank is the index of the quantile q among n ascending values.
func rank(q float64, n int) int { return min(int(math.Ceil(q*float64(n)))-1, n-1) }

// spread is the interval of a lognormal variable, in seconds, by the logarithms
// of a sample.
func spread(logs []float64) Interval {
	mean := 0.0
	for _, l := range logs {
		mean += l / float64(len(logs))
	}
	variance := 0.0
	for _, l := range logs {
		variance += (l - mean) * (l - mean) / float64(len(logs)-1)
	}
	at := func(deviations float64) time.Duration {
		return time.Duration(math.Exp(mean+deviations*math.Sqrt(variance)) * float64(time.Second))
	}
	return Interval{at(-deviations), at(deviations)}
}
