package container

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"servebench/targets"

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
		path, unavailable := findRuntime()
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
		Fix: install("docker.io", "docker"),
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

// findRuntime returns the path of runc or, without it, crun.
func findRuntime() (string, *targets.Unavailable) {
	for _, name := range []string{"runc", "crun"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if os.Geteuid() != 0 {
			return "", &targets.Unavailable{Why: "running " + path + " without an engine needs root", Fix: "sudo servebench run"}
		}
		return path, nil
	}
	return "", &targets.Unavailable{Why: "neither runc nor crun is in PATH", Fix: install("runc", "runc")}
}

// install returns the command that installs a package on this system, by its
// name on Debian and elsewhere; "" for a system that is not known.
func install(debian, other string) string {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	return installOn(string(text), debian, other)
}

// installOn reads the text of /etc/os-release, see os-release(5): ID names the
// system, ID_LIKE those that it descends from.
func installOn(release, debian, other string) string {
	var family []string
	for line := range strings.Lines(release) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "ID" || key == "ID_LIKE" {
			family = append(family, strings.Fields(strings.Trim(value, `"'`))...)
		}
	}
	for _, system := range family {
		switch system {
		case "debian", "ubuntu":
			return "apt-get install -y " + debian
		case "fedora", "rhel", "centos":
			return "dnf install -y " + other
		case "alpine":
			return "apk add " + other
		case "arch":
			return "pacman -S --noconfirm " + other
		}
	}
	return ""
}
