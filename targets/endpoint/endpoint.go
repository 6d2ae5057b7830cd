// Package endpoint drives a server that runs already, on this machine or on
// another: of all that a target does, only the load and the report are left.
// Nothing is started, limited, measured or ended, so there is no cold start and
// no usage, and the facts say so. A scenario opens it through Kind.
package endpoint

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"servebench/targets"
)

// The values of the option ready.
const (
	ask  = "ask"
	none = "none"
)

// Kind describes the target. It can run anywhere.
func Kind() targets.Kind {
	return targets.Kind{
		Name:    "endpoint",
		Doc:     "A server that runs already, anywhere, at endpoint.url; it is neither started nor limited nor ended.",
		Options: options(),
		Open:    open,
		Running: true,
	}
}

func options() []targets.Option {
	return []targets.Option{
		{Name: "url", Doc: "where the server answers, without the paths of the protocol: http://127.0.0.1:8080, or https://host/base"},
		{Name: "socket", Path: true, Doc: "path of the Unix socket that the server listens on, relative to the scenario file, in the place of the host and port of url, which is http://localhost then unless it is set"},
		{Name: "ready", Doc: "whether the server is asked for workload.ready before the load; none is for a server that has no such path", Default: ask, Values: []string{ask, none}},
		{Name: "wait", Doc: "how long a server that is not ready yet is asked again, within workload.start_timeout", Default: "2s"},
		{Name: "ca", Path: true, Doc: "file with the certificates (PEM), relative to the scenario file, that an https server's is checked with, instead of the system's"},
	}
}

// target is a server that runs already.
type target struct {
	url    string
	socket string // path of a Unix socket; "": TCP
	ask    bool
	wait   time.Duration
	ca     string         // file that roots were read from; "": the system's
	roots  *x509.CertPool // nil: the system's
}

// endpoint is where the server answers.
func (t target) endpoint() targets.Endpoint {
	return targets.Endpoint{URL: t.url, Socket: t.socket, Roots: t.roots}
}

// open fails on a bad value of an option.
func open(cfg targets.Config) (targets.Target, error) {
	values, err := targets.Resolve(options(), cfg.Options)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	t := target{ask: values["ready"] == ask, ca: values["ca"]}
	if t.socket, err = socketPath(values["socket"]); err != nil {
		return nil, wrong("socket", err)
	}
	if t.socket != "" && values["url"] == "" {
		values["url"] = behindSocket
	}
	if t.url, err = baseURL(values["url"]); err != nil {
		return nil, wrong("url", err)
	}
	if t.wait, err = time.ParseDuration(values["wait"]); err != nil || t.wait <= 0 {
		return nil, wrong("wait", fmt.Errorf("%q: want a time above 0, such as 2s", values["wait"]))
	}
	if t.roots, err = readRoots(t.ca, t.url); err != nil {
		return nil, wrong("ca", err)
	}
	return t, nil
}

func wrong(option string, err error) error {
	return fmt.Errorf("endpoint: %w", &targets.OptionError{Option: option, Err: err})
}

// Deploy asks the server whether it is ready, for t.wait at most, and starts
// nothing: of the workload it needs the readiness path alone.
func (t target) Deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	began := time.Now()
	facts := []targets.Fact{
		{Name: "url", Value: t.url},
		{Name: "limits", Value: "not applied: the server runs already, with what it was given", Unequal: true},
	}
	if t.socket != "" {
		facts = append(facts, targets.Fact{Name: "Unix socket", Value: t.socket})
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if !t.ask {
		facts = append(facts, targets.Fact{Name: "readiness", Value: "not asked, as endpoint.ready says"})
	}
	tls, err := t.ready(ctx, w)
	if err != nil {
		return nil, err
	}
	return &targets.Deployment{
		Endpoint: t.endpoint(),
		Began:    began,
		Facts:    append(facts, t.security(tls)...),
		Instance: &instance{done: make(chan struct{})},
	}, nil
}
