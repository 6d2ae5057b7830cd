package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
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
	function        string
	image, build    string
	digest          string
	files           []string
	workdir         string
	name            string
	adapter         service.Adapter
	network, tmp    string
	threads         int
	env             []string
	envFile         string
	memory          int
	memoryLimit     string
	concurrency     int
	burst           int
	timeout, idle   time.Duration
	startTimeout    time.Duration
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
	f.StringVar(&o.function, "function", "", "`path` of the function, an executable")
	f.StringVar(&o.image, "image", "", "container image in place of --function: a reference, or the `path` of a tarball or an OCI layout")
	f.StringVar(&o.build, "build", "", "`folder` with a Dockerfile to build the image from, in place of --image")
	f.StringVar(&o.digest, "image-digest", "", "`digest` that the image has to have, and its files in the cache are taken as they are (default: any)")
	f.StringArrayVar(&o.files, "files", nil, "`path` of a file or folder that the function needs, which a container has at the same place; repeatable")
	f.StringVar(&o.workdir, "workdir", "", "working `folder` of --function, which a container has at the same place if --files name it or something in it")
	f.StringVar(&o.adapter.Program, "adapter", "", "`path` of lambdaadapter, under which the function is an HTTP server (default none: the function is a bootstrap)")
	f.IntVar(&o.adapter.Port, "port", 0, "`port` that the server listens on (default that which the image exposes, else what it has as PORT)")
	f.StringVar(&o.adapter.Ready, "ready", "/", "`path` on which the server answers with a status below 500 once it is ready")
	f.StringVar(&o.adapter.Mode, "invoke-mode", service.InvokeModes()[0], "`mode` in which the server's answers are handed on: "+strings.Join(service.InvokeModes(), ", "))
	f.StringVar(&o.adapter.Events, "events", "/events", "`path` of the server that events are posted to which are no HTTP requests")
	f.BoolVar(&o.adapter.Alone, "no-runtime-api", false, "start the server without AWS_LAMBDA_RUNTIME_API, for one that would ask for work itself")
	f.StringVar(&o.network, "network", service.NetworkAuto, "network of an environment: own (loopback alone), host, or auto, which is own under --adapter where that is possible")
	f.StringVar(&o.tmp, "tmp", "512MiB", "most that a container may have in /tmp, a `size` up to 10GiB")
	f.StringVar(&o.listen, "listen", "127.0.0.1:9000", "`address` for callers; port 0 takes a free one, which the log names")
	f.StringVar(&o.name, "name", "function", "the function's `name`")
	f.StringArrayVar(&o.env, "env", nil, "a variable of the function, `KEY=VALUE`; repeatable")
	f.StringVar(&o.envFile, "env-file", "", "`path` of a JSON file with more of them, {\"Variables\": {\"KEY\": \"value\"}}")
	f.IntVar(&o.memory, "memory", 1769, "memory size in `MB`, 128 to 10240, which is billed; 1769 is one CPU")
	f.IntVar(&o.threads, "threads", 0, "`number` that the function has as GOMAXPROCS and its like (default none)")
	f.StringVar(&o.memoryLimit, "memory-limit", "0", "most memory of an environment, a `size` such as 512MiB (default the memory size)")
	f.IntVar(&o.concurrency, "concurrency", 1000, "most `requests` at a time; more are answered 429")
	f.IntVar(&o.burst, "burst", 1000, "most `environments` started in 10 s, refilled continuously; beyond it is 429")
	f.DurationVar(&o.timeout, "timeout", 30*time.Second, "most `time` of an invocation, up to 15m")
	f.DurationVar(&o.startTimeout, "start-timeout", 0, "`time` that an initialisation may take within an invocation, where that is more than --timeout, which bounds it at AWS")
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

// config completes a configuration from the flags, and what to start. Its error names
// every mistake.
func (o *options) config() (service.Config, service.Function, error) {
	var f service.Function
	c := service.Config{
		Name: o.name, Memory: targets.Bytes(o.memory) * targets.MiB, Concurrency: o.concurrency, Burst: o.burst,
		Timeout: o.timeout, StartTimeout: o.startTimeout, IdleTimeout: o.idle, Freeze: o.freeze, Reports: o.reports,
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
	if o.cpus != "" {
		f.CPUSet, err = targets.ParseCPUs(o.cpus)
		check("cpus", err)
	}
	f.Limits.GOMAXPROCS = o.threads
	f.Port, f.ImageDigest = o.adapter.Port, o.digest
	f.Tmp, err = targets.ParseBytes(o.tmp)
	if err == nil && (f.Tmp < targets.MiB || f.Tmp > service.MostTmp) {
		err = fmt.Errorf("%q: want a size from 1MiB to %s", o.tmp, service.MostTmp)
	}
	check("tmp", err)
	for _, file := range o.files {
		path, err := filepath.Abs(file)
		if err == nil {
			_, err = os.Stat(path)
		}
		check("files", err)
		f.Files = append(f.Files, path)
	}
	if o.workdir != "" {
		f.Dir, err = filepath.Abs(o.workdir)
		check("workdir", errors.Join(err, folder(f.Dir)))
	}
	check(o.what(&f))
	if o.adapter.Program != "" {
		c.Adapter, f.Adapter = &o.adapter, &o.adapter
		check("adapter", executable(o.adapter.Program))
	}
	check("port", o.portFault())
	check("ready", pathFault(o.adapter.Ready))
	check("events", pathFault(o.adapter.Events))
	check("invoke-mode", oneOf(o.adapter.Mode, service.InvokeModes()))
	check("network", oneOf(o.network, service.Networks()))
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
		return c, f, cli.UsageError{Err: errors.Join(faults...)}
	}
	return c, f, nil
}

// what sets what to start. It names the flag that is wrong, and why.
func (o *options) what(f *service.Function) (flag string, err error) {
	set := slices.DeleteFunc([]string{o.function, o.image, o.build}, func(value string) bool { return value == "" })
	switch {
	case len(set) == 0:
		return "function", errors.New("want the path of the function, or --image or --build")
	case len(set) > 1:
		return "function", errors.New("want one of --function, --image and --build; a command for an image stands after --")
	case o.function != "":
		path, err := filepath.Abs(o.function)
		f.Command = []string{path}
		return "function", errors.Join(err, executable(o.function))
	case o.build != "":
		f.Build, err = filepath.Abs(o.build)
		return "build", err
	}
	f.Image = o.image
	if _, err := os.Stat(o.image); err == nil { // a file, rather than a reference
		f.Image, err = filepath.Abs(o.image)
		return "image", err
	}
	return "", nil
}

// folder says why a folder cannot be worked in.
func folder(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is not a folder", path)
	}
	return err
}

// executable says why a file cannot be run.
func executable(path string) error {
	info, err := os.Stat(path)
	if err == nil && (info.IsDir() || info.Mode()&0o111 == 0) {
		return fmt.Errorf("%s is not an executable file", path)
	}
	return err
}

func (o *options) portFault() error {
	if o.adapter.Port < 0 || o.adapter.Port > 65535 {
		return fmt.Errorf("%d: want a number from 0 to 65535", o.adapter.Port)
	}
	return nil
}

func pathFault(path string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("%q: want a path that begins with a slash", path)
	}
	return nil
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

// variables returns the function's own: those of the file, in the order of their names,
// and over them the flags'.
func (o *options) variables(ctx context.Context) ([]string, error) {
	if o.envFile == "" {
		return o.env, nil
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
	return targets.MergeEnvironment(pairs, o.env), nil
}
