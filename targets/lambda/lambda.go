// Package lambda runs the server as the function of a local Lambda service: the
// server is a Lambda bootstrap, which asks the Runtime API for its work instead
// of listening, or any HTTP server under the adapter, which does that for it; every
// request goes to the function's URL. A scenario opens it through Kind.
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

// Programs find what the target runs beside the server.
type Programs struct {
	Service func() (string, error) // cmd/locallambda
	Adapter func() (string, error) // cmd/lambdaadapter
}

// Kind describes the target.
func Kind(programs Programs) targets.Kind {
	return targets.Kind{
		Name:    "lambda",
		Doc:     "The server as a function of a local Lambda service, with an environment for each concurrent request.",
		HTTP1:   true,
		Scales:  true,
		SizedBy: optionMemory,
		Options: options(),
		Check: func(_ context.Context, set map[string]string) error {
			return check(programs, set)
		},
		Bundles: func(set map[string]string) bool {
			_, unavailable := oci.FindRuntime()
			return set["sandbox"] != service.Processes && unavailable == nil
		},
		Describe: describe,
		Open: func(cfg targets.Config) (targets.Target, error) {
			s, err := read(cfg.Options)
			if err != nil {
				return nil, fmt.Errorf("lambda: %w", err)
			}
			if err := check(programs, cfg.Options); err != nil {
				return nil, fmt.Errorf("lambda: %w", err)
			}
			path, err := programs.Service()
			return target{program: path, find: programs.Adapter, settings: s, dir: cfg.Dir}, err
		},
		Leftovers: leftovers,
		Faults:    []string{targets.ProcessKill, targets.ProcessStop},
	}
}

// check reports whether the programs are there, and the runtime where the options insist on
// containers.
func check(programs Programs, set map[string]string) error {
	s, err := read(set)
	if err != nil {
		return nil // open says what is wrong with the options
	}
	_, err = programs.Service()
	if err == nil && s.adapter != adapterOff {
		_, err = programs.Adapter()
	}
	if err != nil {
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
		{Name: optionMemory, Default: "1769", Doc: "Memory size in MB, 128 to 10240. It is billed, and the CPU share follows from it: 1769 is one CPU. Without limits.memory it is also the memory limit of each environment."},
		{Name: "concurrency", Default: "1000", Doc: "Maximum number of concurrent requests, each in a separate environment; further ones are answered 429."},
		{Name: "burst", Default: "1000", Doc: "Maximum number of environments started in 10 s, refilled continuously; further requests are answered 429."},
		{Name: "timeout", Default: "30s", Doc: "Maximum time of a request in the function, up to 15m (AWS's default is 3s)."},
		{Name: "idle_timeout", Default: "5m", Doc: "Time after which an idle environment is reclaimed."},
		{Name: "sandbox", Default: service.Auto, Values: service.Sandboxes(), Doc: "What each environment runs in: a container (runc or crun) or a plain process; auto takes a container where it is available."},
		{Name: "adapter", Default: adapterAuto, Values: []string{adapterAuto, adapterOn, adapterOff}, Doc: "The program that makes a function of an HTTP server, as AWS's Lambda Web Adapter does. auto uses it for every server but the reference server, which is a Lambda bootstrap itself; on uses it for that as well; off is for a server that asks the Runtime API for work."},
		{Name: "invoke_mode", Default: service.InvokeModes()[0], Values: service.InvokeModes(), Doc: "How the adapter hands answers on: as a whole, or as the server writes them."},
		{Name: "network", Default: service.NetworkAuto, Values: service.Networks(), Doc: "Network of each environment: own has loopback alone, so that servers with a fixed port do not collide; host is this machine's, for a server that has to reach something; auto is own under the adapter where that is possible."},
		{Name: "tmp", Default: "512MiB", Doc: "Size of /tmp in a container, 1MiB to 10GiB; the rest of its files are read-only. What is in /tmp counts against the memory limit."},
		{Name: "freeze", Default: "true", Values: []string{"true", "false"}, Doc: "Freeze environments while they wait for work, as AWS does."},
	}
}

// optionMemory is the option that sizes the environments.
const optionMemory = "memory"

// settings are the options' values.
type settings struct {
	memory             targets.Bytes
	concurrency, burst int
	timeout, idle      time.Duration
	sandbox            string
	adapter, mode      string
	network            string
	tmp                targets.Bytes
	freeze             bool
}

// The values of the option adapter.
const (
	adapterAuto = "auto"
	adapterOn   = "on"
	adapterOff  = "off"
)

// read reads the options.
func read(set map[string]string) (settings, error) {
	values, err := targets.Resolve(options(), set)
	if err != nil {
		return settings{}, err
	}
	s := settings{
		sandbox: values["sandbox"], adapter: values["adapter"], mode: values["invoke_mode"], network: values["network"], freeze: values["freeze"] == "true",
	}
	if s.tmp, err = targets.ParseBytes(values["tmp"]); err != nil || s.tmp < targets.MiB || s.tmp > service.MostTmp {
		return settings{}, &targets.OptionError{Option: "tmp", Err: fmt.Errorf("%q: want a size from 1MiB to %s", values["tmp"], service.MostTmp)}
	}
	memory, err := number(values, optionMemory, int(service.LeastMemory/targets.MiB), int(service.MostMemory/targets.MiB))
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
