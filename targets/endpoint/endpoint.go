// Package endpoint drives a server that runs already, on this machine or on
// another: of all that a target does, only the load and the report are left.
// Nothing is started, limited, measured or ended, so there is no cold start and
// no usage, and the facts say so. A scenario opens it through Kind.
package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"servebench/reports/record"
	"servebench/targets"

	"golang.org/x/net/idna"
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
		Doc:     "A server that is already running, anywhere, at endpoint.url; servebench does not start, limit or stop it.",
		Options: options(),
		Open:    open,
		Running: true,
	}
}

func options() []targets.Option {
	return append([]targets.Option{
		{Name: "url", Doc: "URL of the server, without the paths of the protocol: http://127.0.0.1:8080, or https://host/base"},
		{Name: "socket", Path: true, Doc: "path of the Unix socket that the server listens on, relative to the scenario file, instead of the host and port of url, whose default is http://localhost then"},
		{Name: "ready", Doc: "whether to request workload.ready before the load; none is for a server without such a path", Default: ask, Values: []string{ask, none}},
		{Name: "wait", Doc: "how long to retry while the server is not ready, within workload.start_timeout", Default: "2s"},
	}, tlsOptions()...)
}

// target is a server that runs already.
type target struct {
	url      string
	socket   string // path of a Unix socket; "": TCP
	ask      bool
	wait     time.Duration
	security security
}

// endpoint is where the server answers.
func (t target) endpoint() targets.Endpoint {
	return targets.Endpoint{URL: t.url, Socket: t.socket, TLS: t.security.config}
}

// open fails on a bad value of an option.
func open(cfg targets.Config) (targets.Target, error) {
	values, err := targets.Resolve(options(), cfg.Options)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	t := target{ask: values["ready"] == ask}
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
	if t.security, err = newSecurity(values, t.url); err != nil {
		return nil, err
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
	facts := []record.Fact{
		{Name: "url", Value: t.url},
		{Name: "limits", Value: "not applied: the server was already running, with what it was given", Unequal: true},
	}
	if t.socket != "" {
		facts = append(facts, record.Fact{Name: "Unix socket", Value: t.socket})
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if !t.ask {
		facts = append(facts, record.Fact{Name: "readiness", Value: "not asked, as endpoint.ready says"})
	}
	agreed, err := t.ready(ctx, w)
	if err != nil {
		return nil, err
	}
	return &targets.Deployment{
		Endpoint: t.endpoint(),
		Began:    began,
		Unasked:  !t.ask,
		Facts:    append(facts, t.security.fact(agreed)...),
		Instance: &instance{done: make(chan struct{})},
	}, nil
}

// Close does nothing.
func (target) Close(context.Context) error { return nil }

// instance stands for a server that is not ours.
type instance struct {
	once sync.Once
	done chan struct{}
}

// Usage fails: nothing is known of the server's process, or even its machine.
func (*instance) Usage(context.Context, time.Time, time.Time) (record.Usage, error) {
	return record.Usage{}, errors.New("the usage of a server that was already running is not known")
}

// Done is closed by Close alone: whether the server ended is for its answers to
// show.
func (i *instance) Done() <-chan struct{} { return i.done }

// Err is always nil.
func (*instance) Err() error { return nil }

// Close leaves the server as it is.
func (i *instance) Close(context.Context) error {
	i.once.Do(func() { close(i.done) })
	return nil
}

// example is what a right value of the option url looks like.
const example = "--set endpoint.url=http://127.0.0.1:8080"

// behindSocket is the URL of a server on a Unix socket whose user names none.
const behindSocket = "http://localhost"

// baseURL returns the URL that the protocol's paths are appended to, without a
// trailing slash.
func baseURL(raw string) (string, error) {
	if raw == "" {
		return "", fmt.Errorf("not set: want the server's address, such as %s", example)
	}
	u, err := url.Parse(raw)
	if err == nil {
		err = check(u)
	}
	if err == nil {
		err = encodeHost(u)
	}
	if err == nil && strings.Contains(raw, "#") {
		err = errors.New("a fragment in it")
	}
	if fault, ok := errors.AsType[*url.Error](err); ok {
		err = fault.Err // without the value, which is named below
	}
	if err != nil {
		return "", fmt.Errorf("%q: %w: want http:// or https://, a host and at most a port and a path, such as %s", raw, err, example)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// encodeHost gives a host whose name has other letters than those of ASCII the name that DNS
// and the header field Host have for it: xn--bcher-kva.example.
func encodeHost(u *url.URL) error {
	name := u.Hostname()
	if !strings.ContainsFunc(name, func(c rune) bool { return c > unicode.MaxASCII }) {
		return nil
	}
	encoded, err := idna.Lookup.ToASCII(name)
	if err != nil {
		return fmt.Errorf("the host %q is no name of a domain", name)
	}
	u.Host = strings.Replace(u.Host, name, encoded, 1)
	return nil
}

// longestSocket is the longest path that a Unix socket may have on every system,
// in bytes.
const longestSocket = 103

// socketPath returns the absolute path of a Unix socket, "" when there is none.
func socketPath(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if len(absolute) > longestSocket {
		return "", fmt.Errorf("%q: %d bytes long: want at most %d, as systems allow", absolute, len(absolute), longestSocket)
	}
	return absolute, nil
}

// check says what of a URL is missing or does not belong there.
func check(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("neither http:// nor https://")
	case u.Hostname() == "":
		return errors.New("no host")
	case u.User != nil:
		return errors.New("a user in it, which would not be sent (http.auth.basic is for that)")
	case u.RawQuery != "" || u.ForceQuery:
		return errors.New("a query in it")
	}
	if text := u.Port(); text != "" {
		if port, err := strconv.ParseUint(text, 10, 16); err != nil || port == 0 {
			return fmt.Errorf("port %s is not one from 1 to 65535", text)
		}
	}
	return nil
}
