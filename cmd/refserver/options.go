package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"servebench/cmd/cli"
	"servebench/targets"
	"servebench/targets/protocol"
	"servebench/targets/reference"
	"servebench/targets/reference/clock"
	"servebench/targets/reference/fault"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	host, port string
	models     []string
	files      []string
	repository string
	control    string
	iterations string
	maxBody    string
	config     reference.Config
	clock      clock.Config
	delay      time.Duration
	faults     fault.Config
	monitor    monitorOptions
}

// The values of --model-control-mode.
const (
	noControl       = "none"
	explicitControl = "explicit"
)

// The values of --iterations.
const (
	bestIteration = "best"
	allIterations = "all"
)

func (o *serveOptions) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&o.host, "host", cmp.Or(os.Getenv("HOST"), "127.0.0.1"), "`address` to listen on; the environment's HOST sets the default")
	f.StringVar(&o.port, "port", cmp.Or(os.Getenv("PORT"), "8080"), "`number` of the port; 0 takes a free one, which the log names; the environment's PORT sets the default")
	f.StringArrayVar(&o.models, "model", nil, "`name` of a built-in model to serve; repeatable (default all but clock)")
	f.StringArrayVar(&o.files, "model-file", nil, "`name=path` of a model to serve as well, in ONNX, or of XGBoost in JSON or UBJSON; repeatable")
	f.StringVar(&o.repository, "model-repository", "", "`folder` of models to serve as well: NAME/VERSION/model.json, and NAME/config.json")
	f.StringVar(&o.control, "model-control-mode", noControl, "explicit lets requests to /v2/repository load and unload models, from whoever reaches the port (`none|explicit`)")
	f.StringVar(&o.iterations, "iterations", bestIteration, "which boosting iterations of a --model-file predict, where it was stopped early: best, those up to its best_iteration, as XGBClassifier does, or all, as Booster.predict does (`best|all`)")
	f.StringVar(&o.maxBody, "max-body", "4MiB", "most of a request's body, decompressed: a `size` with its unit")
	f.IntVar(&o.config.MaxBatch, "max-batch", 1024, "most `rows` in a request")
	f.IntVar(&o.config.Queue.MaxSize, "batch-size", 0, "most `rows` of several requests that a model predicts together; 0: requests are predicted alone")
	f.DurationVar(&o.config.Queue.MaxDelay, "batch-delay", 0, "how long a request waits for others while the model is free; 0: they are put together while it is busy")
	f.IntVar(&o.config.Queue.Executions, "batch-executions", 0, "`number` of predictions of a model that run at a time, where they wait; 0: GOMAXPROCS")
	f.IntVar(&o.config.Queue.MaxQueue, "queue-size", 0, "most `requests` that wait for a model, further ones get 429; 0: any number")
	f.DurationVar(&o.config.Timeout, "timeout", 0, "how long after its header a request gets 504; 0: never, unless it says so")
	f.DurationVar(&o.config.HeaderTimeout, "header-timeout", 5*time.Second, "most time to read a request's header")
	f.DurationVar(&o.config.ReadTimeout, "read-timeout", 30*time.Second, "most time to read a whole request")
	f.DurationVar(&o.config.WriteTimeout, "write-timeout", time.Minute, "most time from a request's header to the end of its answer")
	f.DurationVar(&o.config.IdleTimeout, "idle-timeout", 2*time.Minute, "how long a connection is kept for another request")
	f.DurationVar(&o.config.DrainDelay, "drain-delay", 0, "how long to go on serving, not ready, when told to stop")
	f.DurationVar(&o.config.DrainTimeout, "drain-timeout", 8*time.Second, "most time for the requests in flight after that")
	f.DurationVar(&o.delay, "delay", 0, "how much later every request is answered: a regression on purpose")
	o.addClockFlags(f)
	o.addFaultFlags(f)
	o.monitor.addFlags(f)
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
	if o.control != noControl && o.control != explicitControl {
		fault("--model-control-mode %s: want %s or %s", o.control, noControl, explicitControl)
	}
	o.config.AllowLoading = o.control == explicitControl
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
	for _, number := range []struct {
		flag  string
		value int
	}{{"batch-size", c.Queue.MaxSize}, {"batch-executions", c.Queue.Executions}, {"queue-size", c.Queue.MaxQueue}} {
		if number.value < 0 {
			fault("--%s %d: want 0 or more", number.flag, number.value)
		}
	}
	if c.Queue.MaxDelay < 0 {
		fault("--batch-delay %v: want 0 or more", c.Queue.MaxDelay)
	}
	if c.Queue.MaxDelay > 0 && c.Queue.MaxSize < 2 {
		fault("--batch-delay %v: requests are predicted alone; want --batch-size 2 or more beside it", c.Queue.MaxDelay)
	}
	if c.Timeout < 0 {
		fault("--timeout %v: want 0 or more", c.Timeout)
	}
	if o.delay < 0 {
		fault("--delay %v: want 0 or more", o.delay)
	}
	if c.DrainDelay < 0 {
		fault("--drain-delay %v: want 0 or more", c.DrainDelay)
	}
	faults = slices.Concat(faults, o.checkClock(), o.checkFaults(), o.monitor.check())
	if len(faults) > 0 {
		return cli.UsageError{Err: errors.Join(faults...)}
	}
	return nil
}

// addClockFlags defines the flags of the model clock, with their defaults.
func (o *serveOptions) addClockFlags(f *pflag.FlagSet) {
	c := &o.clock
	*c = clock.Default()
	f.StringVar(&c.Distribution, "clock-distribution", c.Distribution, "model clock: `distribution` of the service times, one of "+strings.Join(clock.Distributions(), ", "))
	f.DurationVar(&c.Service, "clock-service", c.Service, "model clock: mean service time")
	f.IntVar(&c.Workers, "clock-workers", c.Workers, "model clock: `rows` that a queue serves at a time; 0 is any number")
	f.IntVar(&c.Queues, "clock-queues", c.Queues, "model clock: `number` of queues, of which each row joins one at random")
	f.DurationVar(&c.Stall, "clock-stall", c.Stall, "model clock: how long nothing is answered, once in --clock-every; 0 is never")
	f.DurationVar(&c.Every, "clock-every", c.Every, "model clock: time from the beginning of one stall to the next")
	f.Uint64Var(&c.Seed, "clock-seed", c.Seed, "model clock: `seed` of service times and choices of queues; 0: another one at each start")
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
// clock with any number of workers keeps such times precisely.
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
