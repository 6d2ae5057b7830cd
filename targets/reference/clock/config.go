// Package clock is a model that takes its time by the book: it answers 0 for
// every row, after a service time of a known distribution, in queues with a known number
// of workers, with stalls on a known schedule. What its response times have to be
// is known in closed form, so that a load generator can be held against it. The
// reference server serves it beside the models that compute.
package clock

import (
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config says how the model takes its time. The tags and comments of its fields make the
// keys that a scenario sets it by.
type Config struct {
	// The distribution of the service times. uniform is from 0 to twice the mean; lognormal
	// has a σ of 1.
	Distribution string `key:"distribution" default:"constant" oneof:"constant,uniform,exponential,lognormal"`
	// The mean service time.
	Service time.Duration `key:"service" default:"1ms"`
	// The number of examples that each queue serves at a time, first come, first served; 0
	// means any number, so that no example waits for another.
	Workers int `key:"workers" default:"1" max:"1000"`
	// The number of queues, each with its own workers. An example joins one of them at
	// random, so that Poisson arrivals become as many independent Poisson streams.
	Queues int `key:"queues" default:"1" min:"1" max:"10000"`
	// How long the server stalls, once in every: what would complete during a stall
	// completes at its end.
	Stall time.Duration `key:"stall" default:"none"`
	// The time from the beginning of one stall to the beginning of the next. The first stall
	// begins this long after the server's start.
	Every time.Duration `key:"every" default:"none"`
	// The seed of the service times and of the choices of queues; 0 means another one at each
	// start of the server.
	Seed uint64 `key:"seed" default:"1" max:"18446744073709551615"`
}

// KeySource is the file whose comments say what Config's keys mean.
//
//go:embed config.go
var KeySource embed.FS

// Default is the model without a configuration of its own.
func Default() Config {
	return Config{Distribution: "constant", Service: time.Millisecond, Workers: 1, Queues: 1, Seed: 1}
}

// The bounds of a Config.
const (
	mostWorkers = 1000
	mostQueues  = 10_000
)

// Check names every mistake.
func (c Config) Check() error {
	var faults []error
	c.Mistakes(func(problem, want string, keys ...string) {
		faults = append(faults, fmt.Errorf("%s: %s; want %s", keys[0], problem, want))
	})
	return errors.Join(faults...)
}

// Mistakes reports every mistake: what is wrong, what would be right, the key at fault and
// the others that this rests on.
func (c Config) Mistakes(report func(problem, want string, keys ...string)) {
	fault := func(wrong bool, problem, want string, keys ...string) {
		if wrong {
			report(problem, want, keys...)
		}
	}
	_, known := distributionNamed(c.Distribution)
	fault(!known, fmt.Sprintf("unknown distribution %q", c.Distribution), "one of "+strings.Join(Distributions(), ", "), "distribution")
	fault(c.Service <= 0, fmt.Sprintf("%v is not above 0", c.Service), "a time such as 20ms", "service")
	fault(c.Workers < 0 || c.Workers > mostWorkers, fmt.Sprintf("%d is out of bounds", c.Workers), fmt.Sprintf("a number from 0 to %d", mostWorkers), "workers")
	fault(c.Queues < 1 || c.Queues > mostQueues, fmt.Sprintf("%d is out of bounds", c.Queues), fmt.Sprintf("a number from 1 to %d", mostQueues), "queues")
	fault(c.Stall < 0, fmt.Sprintf("%v is below 0", c.Stall), "0 or more", "stall")
	fault(c.Stall > 0 && c.Every <= c.Stall, fmt.Sprintf("stalls of %v have no end in between", c.Stall), "a time above the stall", "every", "stall")
	fault(c.Stall == 0 && c.Every != 0, "there is no stall", "a stall beside it, or none", "every", "stall")
}
