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
	"net"
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
	// LoadFrom says that the load is made elsewhere than in this process, which asks for the
	// first answer all the same; nil: it is not.
	LoadFrom *LoadFrom
	Instance
}

// LoadFrom is where the load on a deployment is made.
type LoadFrom struct {
	// Where names the place as the record has it, such as "a pod in the cluster".
	Where string
	// Endpoint is where the server answers as seen from there: its URL, and Addresses.
	Endpoint Endpoint
	// Start starts a load generator there, servebench's own, and returns as soon as it can be
	// connected to. ctx bounds it, and on an error nothing of it is left behind.
	Start func(ctx context.Context) (Generator, error)
}

// Generator is a load generator that runs elsewhere. Its methods are safe for concurrent use.
type Generator interface {
	// Dial connects to the port of its loopback that it serves on.
	Dial(ctx context.Context) (net.Conn, error)
	// Facts say where it runs, and what it was given.
	Facts() []record.Fact
	// Done is closed when it ended, wanted or not, and Err says why it ended by itself, as of
	// an Instance.
	Done() <-chan struct{}
	Err() error
	// Close ends it and leaves nothing behind, as of an Instance.
	Close(ctx context.Context) error
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

// Evicted is the Err of an Instance whose server did not end by itself: the platform ended it,
// as a node does that runs out of disk space.
type Evicted struct {
	Err error // what the platform said
	// Removed says that somebody removed the server: it is no doing of the platform's, and
	// what was measured meanwhile says nothing about either.
	Removed bool
}

func (e *Evicted) Error() string { return e.Err.Error() }
func (e *Evicted) Unwrap() error { return e.Err }

// OutOfMemory is the Err of an Instance whose server ended after the kernel killed one of its
// processes for reaching the memory limit.
type OutOfMemory struct {
	Err error // how it ended
}

func (e *OutOfMemory) Error() string { return e.Err.Error() }
func (e *OutOfMemory) Unwrap() error { return e.Err }

// Ended is how a server ended: an OutOfMemory where that is so.
func Ended(how error, outOfMemory bool) error {
	if outOfMemory {
		return &OutOfMemory{how}
	}
	return how
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

// End is the Done and Err of an Instance, to be embedded.
type End struct {
	done chan struct{}

	mu     sync.Mutex
	wanted bool
	cause  error
}

// NewEnd returns the End of a server that runs.
func NewEnd() *End { return &End{done: make(chan struct{})} }

// Done implements Instance.
func (e *End) Done() <-chan struct{} { return e.done }

// Err implements Instance.
func (e *End) Err() error {
	select {
	case <-e.done:
	default:
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.wanted {
		return nil
	}
	return e.cause
}

// Want says that the server is ended now by whoever started it, so that its end is no fault.
// It changes nothing of a server that ended before.
func (e *End) Want() {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-e.done:
	default:
		e.wanted = true
	}
}

// Ended says that the server ended, wanted or not, and why. It is called once.
func (e *End) Ended(cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cause = cause
	close(e.done)
}

// Cause is why the server ended, wanted or not. It waits for the end.
func (e *End) Cause() error {
	<-e.done
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cause
}

// Account is the Usage of a deployment whose counters can only be read as they are
// now: it keeps what they were at the end of each interval, where the next may begin.
type Account struct {
	// Read reads the counters, which have risen since the deployment started.
	Read func(ctx context.Context) (record.Usage, error)

	mu       sync.Mutex
	readings map[time.Time]record.Usage
	held     int64 // the most memory since the last reading, by FollowMemory
}

// FollowMemory has the usage of an interval say the most memory that was held in it, in place
// of what is held at its end, for a target whose replicas come and go. It reads until done is
// closed, in at most a hundredth of the time: to add up a large memory takes the kernel long.
func (a *Account) FollowMemory(done <-chan struct{}, read func() (record.Usage, error)) {
	for {
		began := time.Now()
		if now, err := read(); err == nil {
			a.mu.Lock()
			a.held = max(a.held, now.Resident)
			a.mu.Unlock()
		}
		select {
		case <-done:
			return
		case <-time.After(max(memoryPause, 99*time.Since(began))):
		}
	}
}

// memoryPause is the least time between two readings of the memory.
const memoryPause = 500 * time.Millisecond

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
	now.Resident, a.held = max(now.Resident, a.held), 0
	a.readings[to] = now
	return now.Since(before), nil
}
