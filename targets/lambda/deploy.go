package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/lambda/service"
	"servebench/targets/local"
)

// target runs functions on services of its own.
type target struct {
	program string                 // the service's
	find    func() (string, error) // the adapter's
	settings
	dir string
}

// Deploy starts a service for the function and sends the readiness request to
// its URL, which starts the first environment.
func (t target) Deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	what, err := function(w)
	if err != nil {
		return nil, err
	}
	adapter, err := t.adapting(w)
	if err != nil {
		return nil, err
	}
	t.settings = t.scaled(w.Scaling)
	called := time.Now()
	i, err := t.start(w, append(what, adapter...))
	if err != nil {
		return nil, err
	}
	d, err := t.first(ctx, w, i, called)
	if err != nil {
		return nil, errors.Join(err, i.Close(ctx))
	}
	return d, nil
}

// scaled are the settings with what the scenario says of replicas: environments are those of
// Lambda, which starts and ends them as requests come and go.
func (s settings) scaled(asked record.Scaling) settings {
	if asked.Max > 0 {
		s.concurrency = min(s.concurrency, asked.Max)
	}
	if asked.Stabilization > 0 {
		s.idle = asked.Stabilization
	}
	return s
}

// Close does nothing.
func (target) Close(context.Context) error { return nil }

// function is what the service shall run, as its flags.
func function(w targets.Workload) ([]string, error) {
	switch {
	case w.Image != "":
		return []string{"--image", w.Image}, nil
	case w.Build != "":
		return []string{"--build", w.Build}, nil
	}
	path, err := w.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"--function", path}
	for _, file := range w.Files {
		args = append(args, "--files", file)
	}
	if w.Dir != "" {
		args = append(args, "--workdir", w.Dir)
	}
	return args, nil
}

// adapted reports whether the server runs under the adapter.
func (s settings) adapted(w targets.Workload) bool {
	return s.adapter == adapterOn || s.adapter == adapterAuto && !w.Bootstrap
}

// adapting is how the adapter shall run the server, as flags of the service; none where it
// does not.
func (t target) adapting(w targets.Workload) ([]string, error) {
	if !t.adapted(w) {
		return nil, nil
	}
	path, err := t.find()
	if err != nil {
		return nil, err
	}
	args := []string{"--adapter", path, "--invoke-mode", t.mode, "--no-runtime-api=" + strconv.FormatBool(t.adapter == adapterOn)}
	if w.Port != 0 {
		args = append(args, "--port", strconv.Itoa(w.Port))
	}
	if strings.HasPrefix(w.Ready, "/") && !targets.IsCall(w.Ready) {
		args = append(args, "--ready", w.Ready)
	}
	return args, nil
}

// start starts the service.
func (t target) start(w targets.Workload, what []string) (*instance, error) {
	dir, err := os.MkdirTemp(t.dir, folderPrefix+local.Self().String()+"-")
	if err != nil {
		return nil, fmt.Errorf("prepare the function: %w", err)
	}
	i := &instance{dir: dir}
	i.Read = i.used
	if err := i.launch(t.command(w, what, dir), w); err != nil {
		return nil, errors.Join(err, i.discard())
	}
	i.follower.Go(func() { i.FollowMemory(i.Done(), i.measure) })
	return i, nil
}

// The names in a deployment's folder.
func variablesFile(dir string) string { return filepath.Join(dir, "variables.json") }
func addressesFile(dir string) string { return filepath.Join(dir, "addresses.json") }

// functionNames are those that AWS accepts.
var functionNames = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// functionName is the model's name, by which the protocol lambda invokes the function.
func functionName(model string) string {
	if functionNames.MatchString(model) {
		return model
	}
	return "function"
}

// command is the service's. Should servebench be killed, it gets SIGTERM rather
// than SIGKILL, so that it takes the environments along, which may be frozen.
func (t target) command(w targets.Workload, what []string, dir string) local.Command {
	args := append(append([]string{t.program}, what...),
		"--name", functionName(w.Model), "--env-file", variablesFile(dir), "--dir", dir,
		"--memory", strconv.Itoa(int(t.memory/targets.MiB)), "--memory-limit", strconv.Itoa(int(t.held(w.Limits)))+"B",
		"--concurrency", strconv.Itoa(t.concurrency), "--burst", strconv.Itoa(t.burst),
		"--timeout", t.timeout.String(), "--start-timeout", w.StartTimeout.String(), "--idle-timeout", t.idle.String(),
		"--sandbox", t.sandbox, "--network", t.network, "--tmp", t.tmp.String(), "--threads", strconv.Itoa(w.Limits.Processors()), "--freeze="+strconv.FormatBool(t.freeze), "--reports=false",
		"--listen", targets.Address(targets.Loopback, 0), "--operator", targets.Address(targets.Loopback, 0), "--addresses", addressesFile(dir))
	if w.ImageDigest != "" {
		args = append(args, "--image-digest", w.ImageDigest)
	}
	if len(w.CPUSet) > 0 {
		args = append(args, "--cpus", targets.FormatCPUs(w.CPUSet))
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=/"}
	if cache, err := targets.CacheDir(""); err == nil {
		env = append(env, "SERVEBENCH_CACHE="+cache) // images are kept there
	}
	return local.Command{
		Path: t.program, Args: args, Env: env,
		CPUs: w.CPUSet, Tee: w.Output, Orphaned: syscall.SIGTERM,
	}
}

// held is the most memory of an environment: the deployment's limit, else the
// memory size.
func (t target) held(l targets.Limits) targets.Bytes {
	if l.Memory > 0 {
		return l.Memory
	}
	return t.memory
}

// launch starts the service in a cgroup of its own, below which it makes those
// of the environments. Without, the service says so.
func (i *instance) launch(c local.Command, w targets.Workload) error {
	if err := i.prepare(w); err != nil {
		return fmt.Errorf("prepare the function: %w", err)
	}
	group, err := local.NewCgroup()
	if err == nil {
		i.group = group
		if i.own, err = group.Child("service"); err != nil {
			return err
		}
		c.Cgroup = i.own
		c.Args = append(c.Args, "--cgroup", group.Path())
	}
	c.Args = append(c.Args, "--")
	if w.Image == "" && w.Build == "" {
		w.Command = w.Command[1:] // the executable is named already
	}
	c.Args = append(c.Args, w.Command...)
	i.Process, err = local.Start(c)
	return err
}

// prepare writes the function's variables. Nobody but this user reads them.
func (i *instance) prepare(w targets.Workload) error {
	var file struct{ Variables map[string]string }
	file.Variables = map[string]string{}
	for _, pair := range w.Env {
		key, value, _ := strings.Cut(pair, "=")
		file.Variables[key] = value
	}
	text, err := json.Marshal(file)
	if err != nil {
		return err
	}
	return os.WriteFile(variablesFile(i.dir), text, 0o600)
}

// listening waits until the service listens and says where.
func (i *instance) listening(ctx context.Context) (service.Addresses, error) {
	var at service.Addresses
	for {
		text, err := os.ReadFile(addressesFile(i.dir))
		if err == nil {
			return at, json.Unmarshal(text, &at)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return at, fmt.Errorf("find the Lambda service: %w", err)
		}
		select {
		case <-time.After(time.Millisecond):
		case <-i.Done():
			return at, fmt.Errorf("start the Lambda service: it %w", i.Ended())
		case <-ctx.Done():
			return at, fmt.Errorf("%w while waiting for the Lambda service%s", context.Cause(ctx), i.Output.Quote())
		}
	}
}
