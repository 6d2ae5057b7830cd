package container

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"servebench/targets"
	"servebench/targets/oci"

	"github.com/moby/moby/client"
)

// engineWait bounds the question whether an engine answers.
const engineWait = 5 * time.Second

// engine is what runs containers here: one of the two is set.
type engine struct {
	docker  bool
	runtime string // path of runc or crun
}

// choose returns the engine asked for, or why it cannot be had.
func choose(ctx context.Context, asked string) (engine, error) {
	var noDocker, noRuntime *targets.Unavailable
	if asked != runc {
		cli, unavailable := dialDocker(ctx)
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

// dialDocker returns a client of the engine that DOCKER_HOST names, or the
// usual socket, once it answered. The caller closes it.
func dialDocker(ctx context.Context) (*client.Client, *targets.Unavailable) {
	ctx, cancel := context.WithTimeout(ctx, engineWait)
	defer cancel()
	address := os.Getenv(client.EnvOverrideHost)
	if address == "" {
		address = client.DefaultDockerHost
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "unix" {
		return nil, &targets.Unavailable{
			Why: fmt.Sprintf("DOCKER_HOST is %s, and only an engine on this machine can be measured", address),
			Fix: "DOCKER_HOST=" + client.DefaultDockerHost,
		}
	}
	cli, err := client.New(client.WithHost(address))
	if err == nil {
		_, err = cli.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	}
	if err == nil {
		return cli, nil
	}
	if cli != nil {
		cli.Close()
	}
	return nil, &targets.Unavailable{
		Why: fmt.Sprintf("no Docker Engine answers at %s (%s)", address, reason(err)),
		Fix: targets.Install("docker.io", "docker"),
	}
}

// reason shortens the client's error to what the socket said.
func reason(err error) string {
	for _, known := range []error{os.ErrNotExist, os.ErrPermission, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	text := err.Error()
	return text[strings.LastIndex(text, "\n")+1:]
}
