// Package targets describes the targets that can run a model server: a process
// on this machine, a container, a virtual machine, a function service, and a URL
// where one runs already. Each target lives in a child package of its own and
// exports `func Kind(…) targets.Kind`; siblings never import each other. The flow: a scenario opens a Target, deploys the
// Workload on it, and drives the Deployment's Endpoint.
package targets

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Kind is a target's entry in the list that the CLI, the scenario validation
// and the help texts are made from.
type Kind struct {
	Name string
	Doc  string // one sentence
	// Options are what a scenario may set under the target's name, and
	// --set NAME.OPTION=VALUE.
	Options []Option
	// Check reports whether the target can run here with these options, by
	// Option.Name; a missing one takes its default, and nil is allowed. Its
	// error says why not and which command would make it so: an *Unavailable.
	// A value that is not allowed is not Check's to report, but Open's. Nil:
	// the target can run anywhere.
	Check func(ctx context.Context, options map[string]string) error
	// Describe says what a deployment would use here, such as which engine, in
	// the words of the deployment's Facts: for options with which Check found
	// nothing missing. It deploys nothing. Nil: there is nothing to choose from.
	Describe func(ctx context.Context, options map[string]string) ([]Fact, error)
	// Open returns the target. It fails on an option's bad value. What Check
	// found may be gone by then: an *Unavailable among Open's errors counts
	// like one from Check.
	Open func(Config) (Target, error)
	// Leftovers finds what a servebench left on the target that was killed
	// before it could Close its deployments, such as containers, images,
	// folders and cgroups, and what still runs of it, in the order to remove
	// it in. What belongs to a living servebench, or may, is not among it. It
	// goes on after a fault, and where the target cannot run there is nothing
	// to find. ctx bounds the whole of it. Nil: the target leaves nothing.
	Leftovers func(ctx context.Context) ([]Leftover, error)
	// Images says that the target runs a Workload's Image; the others need its
	// Command.
	Images bool
	// Running says that the target uses a server that runs already, which
	// it neither starts nor ends: it needs no Workload but its Ready path.
	Running bool
}

// Available says why the target cannot run here with its defaults; nil when it can.
func (k Kind) Available(ctx context.Context) error {
	if k.Check == nil {
		return nil
	}
	return k.Check(ctx, nil)
}

// Option is one setting of a target.
type Option struct {
	Name    string
	Doc     string // meaning, and the values allowed
	Default string
	Values  []string // when not empty: the only values allowed
	// Path says that it is the path of a file on this machine. What the target gets
	// is absolute; in a scenario it may be relative to the scenario's folder.
	Path bool
}

// Unavailable says why a target cannot run here and what would change that.
type Unavailable struct {
	Why string // "no Docker socket at /var/run/docker.sock and no runc in PATH"
	Fix string // the exact command: "apt-get install -y runc"; "" when there is none
}

func (u *Unavailable) Error() string {
	if u.Fix == "" {
		return u.Why
	}
	return fmt.Sprintf("%s; to make it available: %s", u.Why, u.Fix)
}

// Config configures a target.
type Config struct {
	// Options holds a value by Option.Name; a missing one takes its default.
	Options map[string]string
	// Dir is an existing folder in which the target may keep what it needs
	// while it is deployed. Close removes whatever Deploy put there. Leftovers
	// looks in os.TempDir() alone.
	Dir string
}

// Target is where a server can run. Between deployments it holds nothing
// that would have to be closed.
type Target interface {
	// Deploy starts w and returns once it answered its readiness request with
	// 2xx. ctx bounds the whole of it; when it is cancelled, and on every
	// other error, nothing of the attempt is left behind. An error quotes the
	// end of the server's output. Safe to call again after Close.
	Deploy(ctx context.Context, w Workload) (*Deployment, error)
}

// Workload is the server to run, the same for every target.
type Workload struct {
	// Command is the server's argument vector; Command[0] is an executable on
	// this machine. "{host}" and "{port}" in it and in Env are replaced by the
	// address to listen on, which the environment also has as HOST and PORT.
	Command []string
	// Dir is the working folder of a server that runs on this machine's own file
	// system; others have the root folder, or that of their image. "": this process's.
	Dir string
	// Image is a container image, by reference or by the absolute path of a
	// tarball (docker save), for the targets that run images. When empty, those
	// targets build one from Command, which then has to be one static binary.
	Image string
	Env   []string // further KEY=VALUE pairs
	Ready string   // path that answers 2xx when the server is ready
	// AnyAnswer says that of a server that runs already any answer on Ready with a
	// status below 500 shows that it is ready.
	AnyAnswer bool
	// HTTP2 says that the server speaks HTTP/2, and without TLS nothing else.
	HTTP2  bool
	Limits Limits
	// CPUSet are the numbers of this machine's CPUs for what runs on this machine,
	// its virtualisation included; empty: not pinned. Targets elsewhere have no use
	// for them.
	CPUSet []int
	// Output gets what the server writes to its standard output and error, as it
	// comes and to the last byte, until Deploy failed or Close returned; nil: nobody.
	// It is safe for concurrent use, and an error of it is nothing to the server.
	Output io.Writer
}

// Limits are the resources a deployment may use. The CPUs are for its
// virtualisation as well.
type Limits struct {
	CPUs float64 // 0: no limit
	// Memory bounds the server's processes, the same on every target; 0: no
	// limit. What virtualisation needs beyond that is measured by Usage.
	Memory       Bytes
	Accelerators int // GPUs and the like
	GOMAXPROCS   int // handed to the server as GOMAXPROCS; 0: CPUs, rounded up
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
	Stages []Stage
	Facts  []Fact // what was applied, and what could not be: engine, network, CPU set, memory limit…
	Instance
}

// Instance is the running side of a Deployment. Its methods are safe for
// concurrent use.
type Instance interface {
	// Usage is what the whole target used between two moments, its virtualisation
	// included. from is the end of an interval that was asked for before, or zero:
	// the deployment's start; to is now or earlier. It may wait for a target
	// that reports late, as long as ctx lets it.
	Usage(ctx context.Context, from, to time.Time) (Usage, error)
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
	// Roots are the certificates that an https server's is checked with; nil: the
	// system's.
	Roots *x509.CertPool
	// Transport carries requests where plain HTTP does not reach the server;
	// nil: plain HTTP.
	Transport http.RoundTripper
}

// The stages of a cold start, in order.
const (
	Started   = "started"   // the server's process exists, wherever it runs
	Listening = "listening" // the port accepts connections
	Ready     = "ready"     // the readiness request was answered with 2xx
)

// Stage is one point of a start, counted from Deployment.Began.
type Stage struct {
	Name string
	At   time.Duration
}

// Fact is something worth knowing about a deployment.
type Fact struct {
	Name  string
	Value string
	// Unequal says that this makes the target differ from what was asked for,
	// so that a comparison must mention it ("memory limit: not enforced, …").
	Unequal bool
}

// Usage is what a deployment consumed in an interval.
type Usage struct {
	CPU      time.Duration // user + system
	Resident Bytes         // at its end
	// Meters are what else the target counts, such as what it would bill, in the
	// same order at every call.
	Meters []Meter
}

// Meter is a count of the target itself.
type Meter struct {
	Name  string // "billed duration"
	Unit  string // "ms"; "" for a plain count
	Value float64
}

// Add adds the CPU time and memory that another part of the target used.
func (u Usage) Add(other Usage) Usage {
	u.CPU += other.CPU
	u.Resident += other.Resident
	return u
}
