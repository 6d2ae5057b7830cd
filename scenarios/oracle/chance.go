package oracle

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"servebench/scenarios/arrivals"
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

// Chance returns, for each of Quantiles, where it lies in a run of this design.
// The design is simulated plays times, with other seeds, for the share of requests
// that take longer than the quantile does in closed form. That share's logarithm
// is taken for normal, and the interval reaches over 99.8 % of it, led back to
// times by the closed form: which a quantile's own scatter would not do at the
// p50 of M/D/1 at utilisation 0.5, where half of the requests do not wait, so that
// no sample is below it. Nothing is left to chance in a stall.
func (o Oracle) Chance(seed uint64) ([]Interval, error) {
	bands := make([]Interval, len(Quantiles()))
	if o.Kind == stall {
		for i, q := range Quantiles() {
			bands[i] = Interval{o.Expected(q), o.Expected(q)}
		}
		return bands, nil
	}
	beyond, err := o.simulateOften(seed, plays)
	if err != nil {
		return nil, err
	}
	for i, q := range Quantiles() {
		reach := math.Exp(deviations * deviationOfLog(beyond[i]))
		bands[i] = Interval{o.Expected(1 - min((1-q)*reach, 1-lowest)), o.Expected(1 - (1-q)/reach)}
	}
	return bands, nil
}

// lowest is the quantile that no interval goes below.
const lowest = 1e-6

// simulateOften simulates the design so many times and returns, for each of Quantiles, the
// shares of requests that took longer than its closed form.
func (o Oracle) simulateOften(seed uint64, plays int) ([][]float64, error) {
	process, err := o.arrivalProcess()
	if err != nil {
		return nil, err
	}
	expected := make([]float64, len(Quantiles()))
	for i, q := range Quantiles() {
		expected[i] = o.Expected(q).Seconds()
	}
	beyond := make([][]float64, len(expected))
	for play := range plays {
		for i, share := range o.simulateOnce(process, rand.New(rand.NewPCG(seed, uint64(play))), expected) {
			beyond[i] = append(beyond[i], share)
		}
	}
	return beyond, nil
}

func (o Oracle) arrivalProcess() (arrivals.Process, error) {
	for _, kind := range arrivals.Kinds() {
		if kind.Name == o.Arrivals {
			return kind.New(arrivals.Config{Rate: o.Rate, Duration: o.Settle + o.Span})
		}
	}
	return nil, fmt.Errorf("unknown arrival process %q", o.Arrivals)
}

// simulateOnce plays the queues once and returns the shares of the requests, but for
// those left out, that took longer than each of some times, in seconds: D. V.
// Lindley's recursion (1952), that a request's service begins when it arrives or
// when the one before it in its queue is done.
func (o Oracle) simulateOnce(process arrivals.Process, rng *rand.Rand, times []float64) []float64 {
	free := make([]float64, o.Clock.Queues)
	longer, n := make([]float64, len(times)), 0.0
	for due := range process.Arrivals(rng) {
		service := o.Clock.Service.Seconds()
		if o.Kind == exponential {
			service *= rng.ExpFloat64()
		}
		queue, arrived := rng.IntN(len(free)), due.Seconds()
		free[queue] = max(free[queue], arrived) + service
		if due < o.Settle {
			continue
		}
		n++
		for i, t := range times {
			if free[queue]-arrived > t+rounding {
				longer[i]++
			}
		}
	}
	for i := range longer {
		longer[i] /= n
	}
	return longer
}

// rounding is what a sum of times, in seconds, may be off by: requests that do not
// wait take no longer than their service.
const rounding = 1e-9

// deviationOfLog is the standard deviation of the logarithms of some shares. One
// of nothing counts as half a part of the smallest of the others.
func deviationOfLog(shares []float64) float64 {
	smallest := math.Inf(1)
	for _, s := range shares {
		if s > 0 {
			smallest = min(smallest, s)
		}
	}
	var mean, squares float64
	n := float64(len(shares))
	for _, s := range shares {
		l := math.Log(max(s, smallest/2))
		mean += l / n
		squares += l * l / n
	}
	return math.Sqrt(max(0, squares-mean*mean))
}
