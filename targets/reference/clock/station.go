package clock

import (
	"math"
	"math/rand/v2"
	"time"
)

// station is the queueing, without a clock in it: a pure function of the times
// of arrival and the seed. All times count from the model's start.
type station struct {
	config       Config
	distribution distribution
	rng          *rand.Rand
	free         [][]time.Duration // for each queue, when each of its workers is free
}

// newStation makes a station in which nobody waits. The configuration is one
// that Check finds nothing wrong with.
func newStation(c Config) *station {
	seed := c.Seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	s := &station{config: c, rng: rand.New(rand.NewPCG(seed, 0))}
	s.distribution, _ = distributionNamed(c.Distribution)
	s.free = make([][]time.Duration, c.Queues)
	for i := range s.free {
		s.free[i] = make([]time.Duration, c.Workers)
	}
	return s
}

// arrive returns when a row that arrives at a time is served. Each call must have
// a time at or after the one before it.
func (s *station) arrive(at time.Duration) (done time.Duration) {
	service := time.Duration(s.distribution.draw(s.rng) * float64(s.config.Service))
	if s.config.Workers == 0 {
		return s.afterStall(at + service)
	}
	worker := earliestFree(s.free[s.rng.IntN(len(s.free))])
	done = s.afterStall(max(at, *worker) + service)
	*worker = done
	return done
}

// afterStall is when something completes that would at a time if there were no stalls.
func (s *station) afterStall(at time.Duration) time.Duration {
	if s.config.Stall == 0 || at < s.config.Every {
		return at
	}
	if into := at % s.config.Every; into < s.config.Stall {
		return at - into + s.config.Stall
	}
	return at
}

func earliestFree(workers []time.Duration) *time.Duration {
	first := &workers[0]
	for i := range workers {
		if workers[i] < *first {
			first = &workers[i]
		}
	}
	return first
}

// row is a row of a request that waits or is served.
type row struct {
	done   time.Duration // when it is served, from the clock's start
	order  uint64        // of arrival; those of one time go in this order
	served chan struct{}
}

// waiting is a heap of rows by their times; it implements heap.Interface.
type waiting []*row

func (w waiting) Len() int { return len(w) }

func (w waiting) Less(i, j int) bool {
	if w[i].done != w[j].done {
		return w[i].done < w[j].done
	}
	return w[i].order < w[j].order
}

func (w waiting) Swap(i, j int) { w[i], w[j] = w[j], w[i] }

func (w *waiting) Push(r any) { *w = append(*w, r.(*row)) }

func (w *waiting) Pop() any {
	last := len(*w) - 1
	r := (*w)[last]
	(*w)[last] = nil
	*w = (*w)[:last]
	return r
}

// distribution is a distribution of service times with mean 1.
type distribution struct {
	name string
	draw func(*rand.Rand) float64
}

func distributions() []distribution {
	return []distribution{
		{"constant", func(*rand.Rand) float64 { return 1 }},
		{"uniform", func(rng *rand.Rand) float64 { return 2 * rng.Float64() }},
		{"exponential", (*rand.Rand).ExpFloat64},
		{"lognormal", lognormal},
	}
}

// lognormal is exp(Z − 1/2) with Z standard normal: σ = 1, mean 1.
func lognormal(rng *rand.Rand) float64 { return math.Exp(rng.NormFloat64() - 0.5) }

// Distributions are the names of the distributions of service times: constant; uniform from 0 to
// twice the mean; exponential; and lognormal with σ = 1.
func Distributions() []string {
	var names []string
	for _, l := range distributions() {
		names = append(names, l.name)
	}
	return names
}

func distributionNamed(name string) (distribution, bool) {
	for _, l := range distributions() {
		if l.name == name {
			return l, true
		}
	}
	return distribution{}, false
}
