package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/cmd/exit"

	"github.com/spf13/pflag"
)

// Bounds of the flags: enough for a careful comparison, and an end to it.
const (
	mostRounds    = 50
	leastDuration = time.Second // bombardier takes no less
	mostDuration  = time.Minute
)

// options are the flags.
type options struct {
	tools    []string
	loads    []string
	rounds   int
	duration time.Duration
	seed     uint64
	bin      string
	out      string
}

// flags defines the flags, with their defaults.
func (o *options) flags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringSliceVar(&o.tools, "tools", toolNames(), "tools to compare")
	f.StringSliceVar(&o.loads, "loads", loadKinds(), "kinds of load")
	f.IntVar(&o.rounds, "rounds", 3, "rounds of the closed and open loops; the stall, which hardly varies, is played once")
	f.DurationVar(&o.duration, "duration", 5*time.Second, "`time` of each closed and open loop")
	f.Uint64Var(&o.seed, "seed", 1, "`seed` of the order in which tools take their turn")
	f.StringVar(&o.bin, "bin", "bin", "`folder` that holds servebench, and the other tools in peers/")
	f.StringVar(&o.out, "out", "bench", "`folder` that gets a folder for the results")
}

// check names every mistake in the flags.
func (o *options) check() error {
	faults := append(unknown("--tools", o.tools, toolNames()), unknown("--loads", o.loads, loadKinds())...)
	if o.rounds < 1 || o.rounds > mostRounds {
		faults = append(faults, fmt.Errorf("--rounds %d: want a number from 1 to %d", o.rounds, mostRounds))
	}
	if o.duration < leastDuration || o.duration > mostDuration || o.duration%time.Second != 0 {
		faults = append(faults, fmt.Errorf("--duration %v: want whole seconds from %v to %v", o.duration, leastDuration, mostDuration))
	}
	if len(faults) > 0 {
		return exit.UsageError{Err: errors.Join(faults...)}
	}
	return nil
}

// unknown names the values that are not allowed, and an empty list.
func unknown(flag string, values, allowed []string) []error {
	var faults []error
	want := strings.Join(allowed, ", ")
	if len(values) == 0 {
		faults = append(faults, fmt.Errorf("%s: none, want some of %s", flag, want))
	}
	for _, value := range values {
		if !slices.Contains(allowed, value) {
			faults = append(faults, fmt.Errorf("%s: unknown %q, want some of %s", flag, value, want))
		}
	}
	return faults
}
