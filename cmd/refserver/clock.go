package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"servebench/targets/protocol"
	"servebench/targets/reference/clock"
)

// clockFlags defines the flags of the model clock, with their defaults.
func (o *serveOptions) clockFlags(f *pflag.FlagSet) {
	c := &o.clock
	*c = clock.Default()
	f.StringVar(&c.Distribution, "clock-distribution", c.Distribution, "model clock: `distribution` of the service times, one of "+strings.Join(clock.Distributions(), ", "))
	f.DurationVar(&c.Service, "clock-service", c.Service, "model clock: mean service time")
	f.IntVar(&c.Workers, "clock-workers", c.Workers, "model clock: `rows` that a queue serves at a time; 0 is any number")
	f.IntVar(&c.Queues, "clock-queues", c.Queues, "model clock: `number` of queues, of which each row joins one at random")
	f.DurationVar(&c.Stall, "clock-stall", c.Stall, "model clock: how long nothing is answered, once in --clock-every; 0 is never")
	f.DurationVar(&c.Every, "clock-every", c.Every, "model clock: time from the beginning of one stall to the next")
	f.Uint64Var(&c.Seed, "clock-seed", c.Seed, "model clock: `seed` of service times and choices of queues")
}

// checkClock names every mistake in those flags.
func (o *serveOptions) checkClock() []error {
	var faults []error
	if o.clock != clock.Default() && !slices.Contains(o.models, clock.Name) {
		faults = append(faults, fmt.Errorf("--clock-…: the model clock is not served; want --model %s beside it", clock.Name))
	}
	if err := o.clock.Check(); err != nil {
		for line := range strings.Lines(err.Error()) {
			faults = append(faults, errors.New("--clock-"+strings.TrimSuffix(line, "\n")))
		}
	}
	return faults
}

// clockModel makes the model clock where it is to be served: none or one.
func (o *serveOptions) clockModel() ([]protocol.Model, error) {
	if !slices.Contains(o.models, clock.Name) {
		return nil, nil
	}
	k, err := clock.New(o.clock) // which lasts as long as the program
	if err != nil {
		return nil, err
	}
	return []protocol.Model{k.Model()}, nil
}

// delaying returns what makes a request wait for --delay; nil where there is none. A
// clock that serves any number at once keeps such times precisely.
func (o *serveOptions) delaying() (func(), error) {
	if o.delay == 0 {
		return nil, nil
	}
	k, err := clock.New(clock.Config{Distribution: clock.Default().Distribution, Service: o.delay, Queues: 1})
	if err != nil {
		return nil, fmt.Errorf("--delay: %w", err)
	}
	return k.Serve, nil // which lasts as long as the program
}
