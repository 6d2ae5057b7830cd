package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"servebench/cmd/exit"
	"servebench/targets"
	"servebench/targets/reference"
	"servebench/targets/reference/clock"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	host, port string
	models     []string
	files      []string
	iterations string
	maxBody    string
	config     reference.Config
	clock      clock.Config
	delay      time.Duration
}

// The values of --iterations.
const (
	bestIteration = "best"
	allIterations = "all"
)

// flags defines the flags, with their defaults.
func (o *serveOptions) flags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&o.host, "host", cmp.Or(os.Getenv("HOST"), "127.0.0.1"), "`address` to listen on; the environment's HOST sets the default")
	f.StringVar(&o.port, "port", cmp.Or(os.Getenv("PORT"), "8080"), "`number` of the port; 0 takes a free one, which the log names; the environment's PORT sets the default")
	f.StringArrayVar(&o.models, "model", nil, "`name` of a built-in model to serve; repeatable (default all but clock)")
	f.StringArrayVar(&o.files, "model-file", nil, "`name=path` of a model in XGBoost's JSON format to serve as well; repeatable")
	f.StringVar(&o.iterations, "iterations", bestIteration, "which boosting iterations of a --model-file predict, where it was stopped early: best, those up to its best_iteration, as XGBClassifier does, or all, as Booster.predict does (`best|all`)")
	f.StringVar(&o.maxBody, "max-body", "4MiB", "most of a request's body, decompressed: a `size` with its unit")
	f.IntVar(&o.config.MaxBatch, "max-batch", 1024, "most `rows` in a request")
	f.DurationVar(&o.config.HeaderTimeout, "header-timeout", 5*time.Second, "most time to read a request's header")
	f.DurationVar(&o.config.ReadTimeout, "read-timeout", 30*time.Second, "most time to read a whole request")
	f.DurationVar(&o.config.WriteTimeout, "write-timeout", time.Minute, "most time from a request's header to the end of its answer")
	f.DurationVar(&o.config.IdleTimeout, "idle-timeout", 2*time.Minute, "how long a connection is kept for another request")
	f.DurationVar(&o.config.DrainDelay, "drain-delay", 0, "how long to go on serving, not ready, when told to stop")
	f.DurationVar(&o.config.DrainTimeout, "drain-timeout", 8*time.Second, "most time for the requests in flight after that")
	f.DurationVar(&o.delay, "delay", 0, "how much later every request is answered: a regression on purpose")
	o.clockFlags(f)
}

// check completes the configuration from the flags. Its error names every
// mistake.
func (o *serveOptions) check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if _, err := strconv.ParseUint(o.port, 10, 16); err != nil {
		fault("--port %s: want a number from 0 to 65535", o.port)
	}
	if o.iterations != bestIteration && o.iterations != allIterations {
		fault("--iterations %s: want %s or %s", o.iterations, bestIteration, allIterations)
	}
	size, err := targets.ParseBytes(o.maxBody)
	switch {
	case err != nil:
		fault("--max-body: %w", err)
	case size < 1:
		fault("--max-body %s: want a size above 0, such as 4MiB", o.maxBody)
	}
	c := &o.config
	c.MaxBody = int64(size)
	if c.MaxBatch < 1 {
		fault("--max-batch %d: want at least 1", c.MaxBatch)
	}
	for _, timeout := range []struct {
		flag  string
		value time.Duration
	}{
		{"header-timeout", c.HeaderTimeout}, {"read-timeout", c.ReadTimeout}, {"write-timeout", c.WriteTimeout},
		{"idle-timeout", c.IdleTimeout}, {"drain-timeout", c.DrainTimeout},
	} {
		if timeout.value <= 0 {
			fault("--%s %v: want a time above 0, such as 5s", timeout.flag, timeout.value)
		}
	}
	if o.delay < 0 {
		fault("--delay %v: want 0 or more", o.delay)
	}
	if c.DrainDelay < 0 {
		fault("--drain-delay %v: want 0 or more", c.DrainDelay)
	}
	faults = append(faults, o.checkClock()...)
	if len(faults) > 0 {
		return exit.UsageError{Err: errors.Join(faults...)}
	}
	return nil
}
