// Package lambda runs the server as the function of a local Lambda service: the
// server is a Lambda bootstrap, which asks the Runtime API for its work instead
// of listening, and every request goes to the function's URL. A scenario opens
// it through Kind.
//
// The service is a program of its own, cmd/locallambda, so that it runs on the
// target's CPUs and its cost is the target's. Package service says how it
// behaves. It is started before the start is timed: it stands for a cloud that
// is there already. What is timed is the first request, the readiness one, for
// which the first execution environment is started. Lambda replaces
// environments that end, so a deployment goes on when its server's process
// ends, and the request that it worked on fails.
package lambda

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/lambda/service"
	"servebench/targets/local"
	"servebench/targets/oci"
)

// folderPrefix begins the name of every deployment's folder; its local.Maker
// follows.
const folderPrefix = "servebench-lambda-"

// Kind describes the target. program finds the program of the service.
func Kind(program func() (string, error)) targets.Kind {
	return targets.Kind{
		Name:    "lambda",
		Doc:     "The server as a function of a local Lambda service, with an environment for each concurrent request.",
		HTTP1:   true,
		Options: options(),
		Check: func(_ context.Context, set map[string]string) error {
			return check(program, set)
		},
		Describe: describe,
		Open: func(cfg targets.Config) (targets.Target, error) {
			s, err := read(cfg.Options)
			if err != nil {
				return nil, fmt.Errorf("lambda: %w", err)
			}
			if err := check(program, cfg.Options); err != nil {
				return nil, fmt.Errorf("lambda: %w", err)
			}
			path, err := program()
			return target{program: path, settings: s, dir: cfg.Dir}, err
		},
		Leftovers: leftovers,
	}
}

// check reports whether the service's program is there, and the runtime where
// the options insist on containers.
func check(program func() (string, error), set map[string]string) error {
	s, err := read(set)
	if err != nil {
		return nil // open says what is wrong with the options
	}
	if _, err := program(); err != nil {
		return &targets.Unavailable{Why: err.Error(), Fix: "make build"}
	}
	if s.sandbox != service.Runc {
		return nil
	}
	if _, unavailable := oci.FindRuntime(); unavailable != nil {
		return unavailable
	}
	return nil
}

// describe says what environments would run in.
func describe(ctx context.Context, set map[string]string) ([]record.Fact, error) {
	s, err := read(set)
	if err != nil {
		return nil, err
	}
	path, unavailable := oci.FindRuntime()
	if s.sandbox == service.Processes || unavailable != nil {
		plain := service.Plain{}
		if s.sandbox == service.Auto {
			plain.Why = unavailable.Why
		}
		return []record.Fact{{Name: "sandbox", Value: plain.Name()}}, nil
	}
	runtime, err := oci.Ask(ctx, path)
	return []record.Fact{{Name: "sandbox", Value: runtime.Version}}, err
}

// leftovers finds what killed servebenches left: cgroups with what runs in
// them, and folders.
func leftovers(ctx context.Context) ([]targets.Leftover, error) {
	found, err := local.Leftovers(ctx)
	if err != nil {
		return found, err
	}
	folders, err := local.AbandonedFolders(folderPrefix, func(_ context.Context, dir string) error { return os.RemoveAll(dir) })
	return append(found, folders...), err
}

func options() []targets.Option {
	return []targets.Option{
		{Name: "memory", Default: "1769", Doc: "Memory size in MB, 128 to 10240. It is billed, and the CPU share follows from it: 1769 is one CPU. Without limits.memory it is also the memory limit of each environment."},
		{Name: "concurrency", Default: "1000", Doc: "Maximum number of concurrent requests, each in a separate environment; further ones are answered 429."},
		{Name: "burst", Default: "1000", Doc: "Maximum number of environments started in 10 s, refilled continuously; further requests are answered 429."},
		{Name: "timeout", Default: "30s", Doc: "Maximum time of a request in the function, up to 15m (AWS's default is 3s)."},
		{Name: "idle_timeout", Default: "5m", Doc: "Time after which an idle environment is reclaimed."},
		{Name: "sandbox", Default: service.Auto, Values: service.Sandboxes(), Doc: "What each environment runs in: a container (runc or crun) or a plain process; auto takes a container where it is available."},
		{Name: "freeze", Default: "true", Values: []string{"true", "false"}, Doc: "Freeze environments while they wait for work, as AWS does."},
	}
}

// settings are the options' values.
type settings struct {
	memory             targets.Bytes
	concurrency, burst int
	timeout, idle      time.Duration
	sandbox            string
	freeze             bool
}

// read reads the options.
func read(set map[string]string) (settings, error) {
	values, err := targets.Resolve(options(), set)
	if err != nil {
		return settings{}, err
	}
	s := settings{sandbox: values["sandbox"], freeze: values["freeze"] == "true"}
	memory, err := number(values, "memory", int(service.LeastMemory/targets.MiB), int(service.MostMemory/targets.MiB))
	if err != nil {
		return settings{}, err
	}
	s.memory = targets.Bytes(memory) * targets.MiB
	const many = 1_000_000
	if s.concurrency, err = number(values, "concurrency", 1, many); err != nil {
		return settings{}, err
	}
	if s.burst, err = number(values, "burst", 1, many); err != nil {
		return settings{}, err
	}
	if s.timeout, err = duration(values, "timeout", service.MostTimeout); err != nil {
		return settings{}, err
	}
	s.idle, err = duration(values, "idle_timeout", 24*time.Hour)
	return s, err
}

// number reads a whole number from least to most.
func number(values map[string]string, name string, least, most int) (int, error) {
	n, err := strconv.Atoi(values[name])
	if err != nil || n < least || n > most {
		return 0, &targets.OptionError{Option: name, Err: fmt.Errorf("%q: want a whole number from %d to %d", values[name], least, most)}
	}
	return n, nil
}

// duration reads a time up to the most.
func duration(values map[string]string, name string, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(values[name])
	if err != nil || d < time.Millisecond || d > most {
		return 0, &targets.OptionError{Option: name, Err: fmt.Errorf("%q: want a time with its unit from 1ms to %s, such as 30s", values[name], most)}
	}
	return d, nil
}
