package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/image/daemon"
	"servebench/targets/local"

	"github.com/containerd/errdefs"
	dockercontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"
)

// Label marks every container made here with the local.Maker that made it:
// what a crash left is found with docker ps -a --filter label=servebench.pid.
const Label = "servebench.pid"

// inside is the port that a server behind a bridge listens on whose image says none.
const inside = 8080

// cleanTime bounds each of the calls that remove something.
const cleanTime = 30 * time.Second

// removals is how often a removal is asked for, and removalPause the time between.
const (
	removals     = 3
	removalPause = time.Second
)

// removed asks the engine to remove something until it is gone. An engine that is busy may
// be late with its answer though it does what it was asked, or has something else to remove
// before.
func removed(remove func(context.Context) error) (err error) {
	for try := range removals {
		if try > 0 {
			time.Sleep(removalPause)
		}
		ctx, cancel := context.WithTimeout(context.Background(), cleanTime)
		err = remove(ctx)
		late := ctx.Err() != nil
		cancel()
		switch {
		case err == nil || errdefs.IsNotFound(err):
			return nil
		case late:
			err = fmt.Errorf("the engine did not do so within %s", cleanTime)
		}
	}
	return fmt.Errorf("%w (asked %d times)", err, removals)
}

// onDocker deploys through the Docker Engine, over connections of the
// deployment's own, which end with it.
func (t target) onDocker(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	cli, unavailable := daemon.Dial(ctx)
	if unavailable != nil {
		return nil, explain(ctx, unavailable)
	}
	d, err := t.through(ctx, cli, w)
	if err != nil {
		return nil, errors.Join(err, cli.Close())
	}
	return d, nil
}

// through deploys through the engine that the client is connected to.
func (t target) through(ctx context.Context, cli *client.Client, w targets.Workload) (*targets.Deployment, error) {
	facts, err := t.dockerFacts(ctx, cli)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	opened, err := image.Open(ctx, w)
	if err != nil {
		return nil, explain(ctx, err)
	}
	if _, err := opened.Process(ctx, w, "", 0); err != nil { // before it is loaded
		return nil, explain(ctx, err)
	}
	img, err := t.shelf.find(ctx, cli, opened)
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	port := img.Port(w)
	if t.network == bridge {
		port = 0 // of this machine
	}
	d, err := local.OnPort(ctx, port, func(port int) (*targets.Deployment, error) {
		return targets.Supervise(ctx, w, func(ctx context.Context) (*targets.Deployment, error) {
			return t.startDocker(ctx, cli, w, img, port)
		}, cli.Close)
	})
	if err != nil {
		return nil, err
	}
	d.Facts, d.Preparation = slices.Concat(facts, imageFacts(img.Image, img.how), d.Facts), took
	return d, nil
}

// startDocker makes one attempt on one port of this machine.
func (t target) startDocker(ctx context.Context, cli *client.Client, w targets.Workload, img *dockerImage, port int) (*targets.Deployment, error) {
	address, listen := targets.Loopback, port
	if t.network == bridge {
		address, listen = "0.0.0.0", cmp.Or(img.Port(w), inside)
	}
	process, err := img.Process(ctx, w, address, listen)
	if err != nil {
		return nil, err
	}
	i := &dockerInstance{cli: cli, stop: strconv.Itoa(int(process.StopSignal)), shared: t.network == host, port: port, End: targets.NewEnd(), output: w.Output, followed: make(chan struct{}), status: -1}
	i.Read = i.used
	late, cancel := lingering(ctx)
	defer cancel()
	began := time.Now()
	created, err := i.cli.ContainerCreate(late, t.createOptions(w, img, process, listen, port))
	if err != nil {
		return nil, fmt.Errorf("create a container: %w", explain(ctx, err))
	}
	i.id = created.ID
	started, examined := i.start(ctx, w)
	if !i.shared {
		// A request that comes before the container's network is up costs a
		// second: the kernel asks for the address once in that time.
		<-started
	}
	probe := targets.Probe{URL: "http://" + targets.Address(targets.Loopback, port), Path: w.Ready, HTTP2: w.HTTP2, AnyAnswer: w.AnyAnswer, Credentials: w.Credentials, Began: began, Done: i.Done()}
	waited, err := probe.Wait(ctx)
	<-examined
	if err = i.judge(ctx, err); err != nil {
		return nil, errors.Join(err, i.discard())
	}
	d := &targets.Deployment{
		Endpoint: targets.Endpoint{URL: probe.URL}, Began: began, Instance: i,
		Stages: targets.Stages(began, earlier(i.startedAt, began.Add(waited[0].At)), waited),
		Facts:  i.facts,
	}
	for _, warning := range created.Warnings {
		d.Facts = append(d.Facts, record.Fact{Name: "engine warning", Value: warning, Unequal: true})
	}
	return d, nil
}

// lingering returns a context for what the engine goes on with when the
// request is cut off: it outlives ctx by the time that an answer may take, so
// that what came into being is known and can be removed.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(cleanTime, cancel) })
	return late, func() {
		stop()
		cancel()
	}
}

// earlier returns the first of two moments, the second where the first is not
// known: runtimes stamp the start of a container after the server's first
// instruction, which may listen by then.
func earlier(stamp, listening time.Time) time.Time {
	if stamp.IsZero() || stamp.After(listening) {
		return listening
	}
	return stamp
}

// createOptions describes the container: the process that the image asks for, as every
// target has it, and nothing that the engine would add, such as a check of its health.
// listen is the port that the server listens on, port that of this machine.
func (t target) createOptions(w targets.Workload, img *dockerImage, p image.Process, listen, port int) client.ContainerCreateOptions {
	config := &dockercontainer.Config{
		Image: img.ref, Labels: map[string]string{Label: local.Self().String()},
		Entrypoint: p.Args, Env: withoutHostname(p.Env), WorkingDir: p.Dir, User: fmt.Sprintf("%d:%d", p.UID, p.GID),
		StopSignal: strconv.Itoa(int(p.StopSignal)), Healthcheck: &dockercontainer.HealthConfig{Test: []string{"NONE"}},
	}
	hostConfig := &dockercontainer.HostConfig{
		NetworkMode: host,
		SecurityOpt: []string{"no-new-privileges"},
		// Enough to follow the output, and no file that grows for ever.
		LogConfig: dockercontainer.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "8m", "max-file": "2"}},
		Resources: dockercontainer.Resources{
			CpusetCpus: targets.FormatCPUs(w.CPUSet),
			NanoCPUs:   int64(w.Limits.Quota() * 1e9),
			Memory:     int64(w.Limits.Memory), MemorySwap: int64(w.Limits.Memory), // the same: no swap
		},
	}
	for _, group := range p.Groups {
		hostConfig.GroupAdd = append(hostConfig.GroupAdd, strconv.FormatUint(uint64(group), 10))
	}
	if t.network == bridge {
		published := network.MustParsePort(strconv.Itoa(listen) + "/tcp")
		binding := network.PortBinding{HostIP: netip.MustParseAddr(targets.Loopback), HostPort: strconv.Itoa(port)}
		config.ExposedPorts = network.PortSet{published: {}}
		hostConfig.NetworkMode, hostConfig.PortBindings = bridge, network.PortMap{published: {binding}}
	}
	if img.Static {
		hostConfig.ReadonlyRootfs, hostConfig.CapDrop = true, []string{"ALL"}
		hostConfig.Tmpfs = map[string]string{"/tmp": "mode=1777"}
	}
	name := fmt.Sprintf("servebench-%d-%08x", os.Getpid(), rand.Uint32())
	return client.ContainerCreateOptions{Name: name, Config: config, HostConfig: hostConfig}
}

// withoutHostname keeps the engine from adding HOSTNAME to an environment, which the
// other targets have not: a name without a value takes it away.
func withoutHostname(env []string) []string {
	if slices.ContainsFunc(env, func(pair string) bool { return strings.HasPrefix(pair, "HOSTNAME=") }) {
		return env
	}
	return append(slices.Clone(env), "HOSTNAME")
}

// explain prefers the context's end over what the client says about it.
func explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// dockerFacts says what the engine is. It refuses an engine that runs its
// containers where the host's network cannot be shared.
func (t target) dockerFacts(ctx context.Context, cli *client.Client) ([]record.Fact, error) {
	result, err := cli.Info(ctx, client.InfoOptions{})
	if err != nil {
		return nil, fmt.Errorf("ask the engine what it is: %w", explain(ctx, err))
	}
	info := result.Info
	if t.network == host && elsewhere(info) {
		return nil, errors.New("this engine's host network is not this machine's: set the option network to bridge")
	}
	var security []string
	for _, option := range info.SecurityOptions {
		if name, ok := strings.CutPrefix(option, "name="); ok {
			security = append(security, name)
		}
	}
	return []record.Fact{
		{Name: "engine", Value: fmt.Sprintf("Docker Engine %s (API %s, %s, cgroup v%s)", info.ServerVersion, cli.ClientVersion(), info.DefaultRuntime, cmp.Or(info.CgroupVersion, "1"))},
		{Name: "network", Value: t.network},
		{Name: "storage driver", Value: info.Driver},
		{Name: "engine security", Value: strings.Join(append(security, info.CgroupDriver+" cgroup driver"), ", ")},
	}, nil
}

// elsewhere reports whether the host that the engine knows is not this machine
// as we see it: a rootless engine has a network namespace of its own, Docker
// Desktop a virtual machine.
func elsewhere(info system.Info) bool {
	return slices.Contains(info.SecurityOptions, "name=rootless") || strings.Contains(info.OperatingSystem, "Docker Desktop")
}
