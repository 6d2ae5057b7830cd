// Package container runs the server in a container: through the Docker Engine
// where its socket answers, else through runc or crun directly. A scenario
// opens it through Kind.
//
// Network: by default the container shares the host's network. With a network
// of its own, a request over loopback passes Docker's userland proxy, and that
// would be measured rather than the container. Who serves that way sets
// network to bridge: then the proxy is pinned to the target's CPUs and its CPU
// time is the target's. runc has the host's network only.
//
// Image: it is made in Go of the workload's command, without a
// Dockerfile or a daemon, or is the workload's own. It is put in place before
// the start is timed, since a process has its executable at hand as well: runc finds an
// overlay of the files that package image keeps, the Docker Engine loads it unless it
// has it already, and keeps it until the target is closed. Kind.Sweep removes what a
// servebench left that was killed.
//
// Hardening: no new privileges everywhere. A server of which the image was
// built here runs as nobody without capabilities on a read-only root folder
// with a /tmp in memory. A user's image keeps its user, a writable root folder
// and the capabilities that Docker gives by default, since many need them to
// start. No rlimits are set: raising one fails inside of many sandboxes.
//
// Usage is that of the container's cgroup and of what carries this container
// alone: containerd's shim, Docker's proxy, the runc process. What the engine's
// daemons spend cannot be told apart by container and is not in it.
package container

import (
	"context"
	"fmt"
	"strings"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/image/daemon"
	"servebench/targets/local"
	"servebench/targets/oci"
)

// The values of the options.
const (
	auto   = "auto"
	docker = "docker"
	runc   = "runc"
	host   = "host"
	bridge = "bridge"
)

// Kind describes the target.
func Kind() targets.Kind {
	return targets.Kind{
		Name:      "container",
		Doc:       "The server in a container, by the Docker Engine or by runc.",
		Options:   options(),
		Check:     check,
		Bundles:   func(map[string]string) bool { return true },
		Describe:  describe,
		Open:      open,
		Leftovers: leftovers,
		Faults:    local.Faults(),
	}
}

func options() []targets.Option {
	return []targets.Option{
		{
			Name: "engine", Default: auto, Values: []string{auto, docker, runc},
			Doc: "What runs the container: the Docker Engine, or runc (crun) directly; auto takes Docker if its socket answers.",
		},
		{
			Name: "network", Default: host, Values: []string{host, bridge},
			Doc: "The container's network: the host's, or a bridge with the port published on 127.0.0.1 (Docker only), which also measures Docker's proxy.",
		},
	}
}

// check reports whether there is an engine as the options ask for.
func check(ctx context.Context, set map[string]string) error {
	asked, err := readChoice(set)
	if err != nil {
		return nil // open says what is wrong with the options
	}
	_, err = choose(ctx, asked.engine)
	return err
}

// describe says which engine a container would be run by.
func describe(ctx context.Context, set map[string]string) ([]record.Fact, error) {
	asked, err := readChoice(set)
	if err != nil {
		return nil, fmt.Errorf("container: %w", err)
	}
	chosen, err := choose(ctx, asked.engine)
	if err != nil {
		return nil, fmt.Errorf("container: %w", err)
	}
	if !chosen.docker {
		runtime, err := oci.Ask(ctx, chosen.runtime)
		if err != nil {
			return nil, fmt.Errorf("container: %w", err)
		}
		return []record.Fact{runtimeFact(runtime)}, nil
	}
	cli, unavailable := daemon.Dial(ctx)
	if unavailable != nil {
		return nil, unavailable
	}
	defer cli.Close()
	facts, err := target{engine: chosen, network: asked.network}.dockerFacts(ctx, cli)
	if err != nil {
		return nil, fmt.Errorf("container: %w", err)
	}
	return facts[:1], nil // the engine
}

// open returns the target on the engine that the options ask for.
func open(cfg targets.Config) (targets.Target, error) {
	asked, err := readChoice(cfg.Options)
	if err != nil {
		return nil, fmt.Errorf("container: %w", err)
	}
	engine, err := choose(context.Background(), asked.engine)
	if err != nil {
		return nil, fmt.Errorf("container: %w", err)
	}
	return target{engine: engine, network: asked.network, dir: cfg.Dir, shelf: newShelf()}, nil
}

// choice is what the options ask for.
type choice struct{ engine, network string }

// readChoice reads the options. A bridge needs the Docker Engine, so it leaves
// no choice of engines.
func readChoice(set map[string]string) (choice, error) {
	values, err := targets.Resolve(options(), set)
	if err != nil {
		return choice{}, err
	}
	asked := choice{engine: values["engine"], network: values["network"]}
	if asked.network == bridge {
		if asked.engine == runc {
			return choice{}, &targets.OptionError{Option: "network", Err: fmt.Errorf("%s needs the Docker Engine, and the option engine is %s: want engine %s or %s, or network %s", bridge, runc, docker, auto, host)}
		}
		asked.engine = docker
	}
	return asked, nil
}

// target runs containers on one engine.
type target struct {
	engine  engine
	network string
	dir     string
	shelf   *shelf // of the Docker Engine
}

// Deploy puts the image in place, starts a container of it and waits until the
// server in it is ready.
func (t target) Deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("deploy in a container: %w", context.Cause(ctx))
	}
	deploy := t.onRunc
	if t.engine.docker {
		deploy = t.onDocker
	}
	d, err := deploy(ctx, w)
	if err != nil {
		return nil, fmt.Errorf("deploy in a container: %w", err)
	}
	return d, nil
}

// Close takes the images that were loaded out of the Docker Engine.
func (t target) Close(ctx context.Context) error { return t.shelf.clear(ctx) }

// imageFacts say which image it is, how it came to be in place, and how a container of it
// is closed in.
func imageFacts(img *image.Image, how string, isolation ...string) []record.Fact {
	isolation = append([]string{"no new privileges"}, isolation...)
	if img.Static {
		isolation = append(isolation, "read-only root folder", "no capabilities", "user nobody")
	} else {
		isolation = append(isolation, "Docker's default capabilities", "the image's user")
	}
	return append(img.Facts(), record.Fact{Name: "image preparation", Value: how}, record.Fact{Name: "isolation", Value: strings.Join(isolation, ", ")})
}

// engine is what runs containers here: one of the two is set.
type engine struct {
	docker  bool
	runtime string // path of runc or crun
}

// choose returns the engine asked for, or why it cannot be had.
func choose(ctx context.Context, asked string) (engine, error) {
	var noDocker, noRuntime *targets.Unavailable
	if asked != runc {
		cli, unavailable := daemon.Dial(ctx)
		if unavailable == nil {
			return engine{docker: true}, cli.Close()
		}
		noDocker = unavailable
	}
	if asked != docker {
		path, unavailable := oci.FindRuntime()
		if unavailable == nil {
			return engine{runtime: path}, nil
		}
		noRuntime = unavailable
	}
	switch {
	case noRuntime == nil:
		return engine{}, noDocker
	case noDocker == nil:
		return engine{}, noRuntime
	}
	return engine{}, &targets.Unavailable{Why: noDocker.Why + ", and " + noRuntime.Why, Fix: noRuntime.Fix}
}
