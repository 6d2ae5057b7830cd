// Package targets describes the targets that can run a model server: a process
// on this machine, a container, a virtual machine, a function service, and a URL
// where one runs already. Each target lives in a child package of its own and
// exports `func Kind(…) targets.Kind`; siblings never import each other. The flow: a
// scenario opens a Target, deploys the Workload on it, and drives the Deployment's
// Endpoint.
package targets

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"
	"time"

	"servebench/reports/record"
)

// Target is where a server can run. What it keeps for further deployments it keeps
// from the first Deploy until Close.
type Target interface {
	// Deploy starts w and returns once it answered its readiness request with
	// 2xx. ctx bounds the whole of it; when it is cancelled, and on every
	// other error, nothing of the attempt is left behind. An error quotes the
	// end of the server's output. Safe to call again after Close.
	Deploy(ctx context.Context, w Workload) (*Deployment, error)
	// Close removes what was kept between deployments, such as an image that an engine
	// has loaded. All deployments are closed by then; nothing is deployed afterwards.
	// ctx bounds it. Kind.Leftovers finds what a servebench kept that was killed before.
	Close(ctx context.Context) error
}

// Deployment is a server running on a target.
type Deployment struct {
	Endpoint Endpoint
	// Began is what Stages are counted from: the moment at which all that the
	// start needs was in place. The executable is on the machine before a
	// process starts, so a container's image is, too: building, pulling and
	// loading it come before Began, and a Fact says how long they took.
	// The first answer of a model comes at the last stage's At and the time that
	// the first request took: what Deploy checks after Ready is no part of it.
	Began time.Time
	// Preparation is what Began leaves out: how long it took to put the image, the
	// initial file system or the service in place. 0: nothing had to be.
	Preparation time.Duration
	// Stages say how long each part of the start took, ascending; the last is
	// Ready. None: the target is a server that ran already.
	Stages []record.Stage
	// Unasked says that nobody asked whether the server is ready: it may not even run.
	Unasked bool
	Facts   []record.Fact // what was applied, and what could not be: engine, network, CPU set, memory limit…
	Instance
}

// Instance is the running side of a Deployment. Its methods are safe for
// concurrent use.
type Instance interface {
	// Usage is what the whole target used between two moments, its virtualisation
	// included. from is the end of an interval that was asked for before, or zero:
	// the deployment's start; to is now or earlier. It may wait for a target
	// that reports late, as long as ctx lets it.
	Usage(ctx context.Context, from, to time.Time) (record.Usage, error)
	// Done is closed when the server ended, wanted or not.
	Done() <-chan struct{}
	// Err says why the server ended, quoting the end of its output; nil while
	// it runs and when Close ended it.
	Err() error
	// Close stops the server (SIGTERM, then SIGKILL when ctx ends or a grace
	// period is over) and leaves nothing behind. Further calls return the
	// first one's error.
	Close(ctx context.Context) error
}

// Endpoint is where a deployment answers.
type Endpoint struct {
	URL string // base, without a trailing slash: "http://127.0.0.1:41873"
	// Socket is the path of the Unix socket that the server listens on, in the
	// place of URL's host and port; "": TCP.
	Socket string
	// TLS says how connections to an https server are secured: whose certificates are
	// trusted, what client certificate is shown, which name is asked for; nil: as the
	// system does it. It is not changed.
	TLS *tls.Config
	// Transport carries requests where plain HTTP does not reach the server;
	// nil: plain HTTP.
	Transport http.RoundTripper
	// Addresses returns where the replicas are at the moment, as HOST:PORT, for clients that
	// spread their load over them in the place of URL's host and port; nil: there is one
	// address, that of URL. It is safe for concurrent use and does not wait.
	Addresses func() []string
}

// The stages of a cold start, in order.
const (
	Started   = "started"   // the server's process exists, wherever it runs
	Listening = "listening" // the port accepts connections
	Ready     = "ready"     // the readiness request was answered with 2xx
)

// Account is the Usage of a deployment whose counters can only be read as they are
// now: it keeps what they were at the end of each interval, where the next may begin.
type Account struct {
	// Read reads the counters, which have risen since the deployment started.
	Read func(ctx context.Context) (record.Usage, error)

	mu       sync.Mutex
	readings map[time.Time]record.Usage
}

// Usage implements Instance.
func (a *Account) Usage(ctx context.Context, from, to time.Time) (record.Usage, error) {
	now, err := a.Read(ctx)
	if err != nil {
		return record.Usage{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	before, known := a.readings[from]
	if !known && !from.IsZero() {
		return record.Usage{}, fmt.Errorf("the usage at %s was not read", from.Format(time.RFC3339Nano))
	}
	if a.readings == nil {
		a.readings = map[time.Time]record.Usage{}
	}
	a.readings[to] = now
	return now.Since(before), nil
}
