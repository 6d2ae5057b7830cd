package clock

import (
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
	s := &station{config: c, rng: rand.New(rand.NewPCG(c.Seed, 0))}
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
		return s.held(at + service)
	}
	worker := earliest(s.free[s.rng.IntN(len(s.free))])
	done = s.held(max(at, *worker) + service)
	*worker = done
	return done
}

// held is when something completes that would at a time if there were no stalls.
func (s *station) held(at time.Duration) time.Duration {
	if s.config.Stall == 0 || at < s.config.Every {
		return at
	}
	if into := at % s.config.Every; into < s.config.Stall {
		return at - into + s.config.Stall
	}
	return at
}

// earliest is the worker of a queue that is free first.
func earliest(workers []time.Duration) *time.Duration {
	first := &workers[0]
	for i := range workers {
		if workers[i] < *first {
			first = &workers[i]
		}
	}
	return first
}
