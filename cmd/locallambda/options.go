package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"servebench/cmd/cli"
	"servebench/reports/record/userfile"
	"servebench/targets"
	"servebench/targets/lambda/service"
)

// options are the flags.
type options struct {
	function, name  string
	env             []string
	envFile         string
	memory          int
	memoryLimit     string
	concurrency     int
	burst           int
	timeout, idle   time.Duration
	sandbox         string
	freeze, reports bool
	cpus            string
	listen          string
	operator        string
	addresses       string
	dir, cgroup     string
}

func (o *options) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&o.function, "function", "", "`path` of the bootstrap, an executable")
	f.StringVar(&o.listen, "listen", "127.0.0.1:9000", "`address` for callers; port 0 takes a free one, which the log names")
	f.StringVar(&o.name, "name", "function", "the function's `name`")
	f.StringArrayVar(&o.env, "env", nil, "a variable of the function, `KEY=VALUE`; repeatable")
	f.StringVar(&o.envFile, "env-file", "", "`path` of a JSON file with more of them, {\"Variables\": {\"KEY\": \"value\"}}")
	f.IntVar(&o.memory, "memory", 1769, "memory size in `MB`, 128 to 10240, which is billed; 1769 is one CPU")
	f.StringVar(&o.memoryLimit, "memory-limit", "0", "most memory of an environment, a `size` such as 512MiB (default the memory size)")
	f.IntVar(&o.concurrency, "concurrency", 1000, "most `requests` at a time; more are answered 429")
	f.IntVar(&o.burst, "burst", 1000, "most `environments` started in 10 s, refilled continuously; beyond it is 429")
	f.DurationVar(&o.timeout, "timeout", 30*time.Second, "most `time` of an invocation, up to 15m")
	f.DurationVar(&o.idle, "idle-timeout", 5*time.Minute, "`time` after which an idle environment is reclaimed")
	f.StringVar(&o.sandbox, "sandbox", service.Auto, "what environments run in: "+strings.Join(service.Sandboxes(), ", ")+"; auto takes runc where it can be had")
	f.BoolVar(&o.freeze, "freeze", true, "freeze environments while they wait for work")
	f.StringVar(&o.cpus, "cpus", "", "CPU `numbers` that the function and this service are pinned to, such as 0-2,5 (default all)")
	f.BoolVar(&o.reports, "reports", true, "write the START, END and REPORT lines of every invocation to the log")
	f.StringVar(&o.operator, "operator", "", "`address` that answers with the environments and meters as JSON (default none)")
	f.StringVar(&o.addresses, "addresses", "", "`path` of a JSON file that is written once the service listens, with its addresses")
	f.StringVar(&o.dir, "dir", "", "existing `folder` for what is needed meanwhile (default the system's)")
	f.StringVar(&o.cgroup, "cgroup", "", "existing cgroup, by its `path` from the top, below which those of the environments are made (default a new one)")
}

// config completes a configuration from the flags. Its error names every
// mistake.
func (o *options) config() (service.Config, []int, error) {
	c := service.Config{
		Name: o.name, Memory: targets.Bytes(o.memory) * targets.MiB, Concurrency: o.concurrency, Burst: o.burst,
		Timeout: o.timeout, IdleTimeout: o.idle, Freeze: o.freeze, Reports: o.reports,
	}
	var faults []error
	check := func(flag string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	var err error
	c.Limit, err = targets.ParseBytes(o.memoryLimit)
	check("memory-limit", err)
	var cpus []int
	if o.cpus != "" {
		cpus, err = targets.ParseCPUs(o.cpus)
		check("cpus", err)
	}
	check("function", o.executable())
	check("sandbox", oneOf(o.sandbox, service.Sandboxes()))
	check("listen", address(o.listen))
	if o.operator != "" {
		check("operator", address(o.operator))
	}
	for _, pair := range o.env {
		check("env", variable(pair))
	}
	if err := c.Limits(); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return c, nil, cli.UsageError{Err: errors.Join(faults...)}
	}
	return c, cpus, nil
}

// executable says what is wrong with the function.
func (o *options) executable() error {
	if o.function == "" {
		return errors.New("want the path of the bootstrap")
	}
	info, err := os.Stat(o.function)
	if err == nil && (info.IsDir() || info.Mode()&0o111 == 0) {
		return fmt.Errorf("%s is not an executable file", o.function)
	}
	return err
}

func oneOf(value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%q is none of %s", value, strings.Join(allowed, ", "))
}

// address says what is wrong with an address to listen on.
func address(text string) error {
	if _, _, err := net.SplitHostPort(text); err != nil {
		return fmt.Errorf("%q: want an address and a port, such as 127.0.0.1:9000", text)
	}
	return nil
}

func variable(pair string) error {
	if key, _, ok := strings.Cut(pair, "="); !ok || key == "" {
		return fmt.Errorf("%q: want KEY=VALUE", pair)
	}
	return nil
}

// maxVariables bounds the file of variables, in bytes: a process takes no more.
const maxVariables = 4 << 20

// variables returns the function's environment: those of the file, in the order
// of their names, and over them the flags'. Without either it has a PATH alone.
func (o *options) variables(ctx context.Context) ([]string, error) {
	base := []string{"PATH=" + targets.SearchPath}
	if o.envFile == "" {
		return targets.MergeEnvironment(base, o.env), nil
	}
	text, err := userfile.ReadTextOnce(ctx, o.envFile, maxVariables)
	if err != nil {
		return nil, fmt.Errorf("read the function's variables: %w", err)
	}
	var file struct{ Variables map[string]string }
	if err := userfile.JSON(text, &file); err != nil {
		return nil, fmt.Errorf("read the function's variables: %s: %w; want {\"Variables\": {\"KEY\": \"value\"}}", o.envFile, err)
	}
	var pairs []string
	for key, value := range file.Variables {
		pairs = append(pairs, key+"="+value)
	}
	slices.Sort(pairs)
	return targets.MergeEnvironment(targets.MergeEnvironment(base, pairs), o.env), nil
}
