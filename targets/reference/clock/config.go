// Package clock is a model that takes its time by the book: it answers 0 for
// every row, after a service time of a known distribution, in queues with a known number
// of workers, with stalls on a known schedule. What its response times have to be
// is known in closed form, so that a load generator can be held against it. The
// reference server serves it beside the models that compute.
package clock

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config says how the model takes its time.
type Config struct {
	Distribution string        // of the service times, one of Distributions
	Service      time.Duration // their mean
	// Workers is how many rows each queue serves at a time, first come first
	// served; 0: any number, so that no row ever waits for another.
	Workers int
	// Queues is how many queues there are, each with Workers of its own. A row
	// joins one of them at random, so that a Poisson stream of arrivals becomes as
	// many independent ones.
	Queues int
	// Stall is for how long nothing is answered from each multiple of Every after
	// the model's start on: what would complete then completes at the stall's end,
	// and keeps its worker until then. 0: never.
	Stall, Every time.Duration
	Seed         uint64 // of the service times and of the choices of queues
}

// Default is the model without a configuration of its own.
func Default() Config {
	return Config{Distribution: "constant", Service: time.Millisecond, Workers: 1, Queues: 1, Seed: 1}
}

// The bounds of a Config.
const (
	MostWorkers = 1000
	MostQueues  = 10_000
)

// Check names every mistake.
func (c Config) Check() error {
	var faults []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	_, known := distributionNamed(c.Distribution)
	fault(!known, "distribution %q: want one of %s", c.Distribution, strings.Join(Distributions(), ", "))
	fault(c.Service <= 0, "service %v: want a time above 0, such as 20ms", c.Service)
	fault(c.Workers < 0 || c.Workers > MostWorkers, "workers %d: want a number from 0 to %d", c.Workers, MostWorkers)
	fault(c.Queues < 1 || c.Queues > MostQueues, "queues %d: want a number from 1 to %d", c.Queues, MostQueues)
	fault(c.Stall < 0, "stall %v: want 0 or more", c.Stall)
	fault(c.Stall > 0 && c.Every <= c.Stall, "every %v: want a time above the stall, %v", c.Every, c.Stall)
	fault(c.Stall == 0 && c.Every != 0, "every %v: want a stall beside it, or 0", c.Every)
	return errors.Join(faults...)
}
