// Package targettest is the conformance suite of the deployment targets: what
// targets.Target and targets.Deployment promise, as tests. Each target's own
// test calls Run, so that a new target is held to the same contract in a few
// lines.
package targettest

import (
	"context"
	"os"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/targettest/artifact"
)

// patience bounds every single deployment of the suite; it is no expectation.
const patience = 60 * time.Second

// Suite is a target and what is particular to it.
type Suite struct {
	Kind    targets.Kind
	Options map[string]string
	// OwnPort says that the target leaves the choice of the port to somebody
	// who holds it from then on, so that nobody can take it in between.
	OwnPort bool
	// Carrier names the program that carries a Guest, where that takes the port
	// of this machine, which its command line has as 127.0.0.1:PORT. The target
	// is opened anew to find it in PATH.
	Carrier string
	// Guest says that the server runs in a machine of its own: it counts that
	// machine's CPUs, and from here its processes cannot be seen, but only
	// what carries the machine, by its folder. That has to be on the CPU set
	// with all its threads, and to kill it ends the deployment.
	Guest bool
	// Replaces says that the target, as a function service does, tells the
	// server itself what to work on and puts a new one in the place of one
	// that ended. The server has AWS_LAMBDA_RUNTIME_API instead of HOST and
	// PORT. Its end is the failure, with a 5xx, of the request that it worked
	// on; the next is answered by another, and Done stays open until Close,
	// which leaves a server no time to end.
	Replaces bool
	// Listens says of a target that Replaces that something of it asks for the server's
	// work: the server listens where HOST and PORT say, as on every other target.
	Listens bool
	// Parallel is how many tests of the contract run at once at most; 0: as many
	// as go test runs. A start that is expensive needs it, for every single
	// deployment has to be ready within a minute.
	Parallel int
	// Shares says that the tests of the contract deploy on one target, as the rounds of a
	// run do, since what it keeps between deployments is expensive to make.
	Shares bool
	shared targets.Target // that
	// Stages are those of a start on the target; nil: the three that every target has.
	Stages []string
	// Image says that the test server is deployed in an image, as a user's.
	Image bool
	image string // the file of that
	// Leftovers names what the process of that id made which is still there,
	// beyond processes, mounts, cgroups and files, such as containers and
	// images; nil: nothing to name.
	Leftovers func(ctx context.Context, pid int) ([]string, error)
}

// Run tests the target.
func Run(t *testing.T, s Suite) {
	if err := s.Kind.Check(t.Context(), s.Options); err != nil {
		t.Skipf("%s cannot run here: %v", s.Kind.Name, err)
	}
	ownCache(t)
	if isVictim() {
		deployAsVictim(t, s)
		return
	}
	before := s.leftovers(t, os.Getpid())
	server := Build(t)
	if s.Image {
		s.image, server = artifact.Static(t, server).Image, "/server"
	}
	t.Run("contract", func(t *testing.T) {
		sharing := s
		if s.Shares {
			sharing.shared = open(t, s, t.TempDir())
		}
		turns, cpus := make(chan struct{}, max(s.Parallel, 0)), make(chan struct{}, 1)
		for _, c := range cases() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				if c.cpus {
					cpus <- struct{}{}
					t.Cleanup(func() { <-cpus })
				}
				if s.Parallel > 0 {
					turns <- struct{}{}
					t.Cleanup(func() { <-turns }) // the first registered is the last called
				}
				suite := sharing
				if c.afresh {
					suite = s
				}
				c.test(newSubject(t, suite, server))
			})
		}
	})
	t.Run("a port that is taken in between is replaced, or cannot be taken", func(t *testing.T) { portTaken(newSubject(t, s, server)) })
	t.Run("a full disk is reported", func(t *testing.T) { diskFull(newSubject(t, s, server)) })
	t.Run("what a killed run left is swept", func(t *testing.T) { sweeps(newSubject(t, s, server)) })
	for name := range s.leftovers(t, os.Getpid()) {
		if !before[name] {
			t.Errorf("left behind after all: %s", name)
		}
	}
}

// ownCache keeps images where the test ends with them, unless the caller has a folder for
// what is kept.
func ownCache(tb testing.TB) {
	if os.Getenv("SERVEBENCH_CACHE") == "" {
		tb.Setenv("SERVEBENCH_CACHE", tb.TempDir())
	}
}

// testCase is one promise of the contract.
type testCase struct {
	name string
	test func(*subject)
	cpus bool // it asks for CPUs, of which the target may have no more than one case needs
	// afresh says that the target's first deployment is part of the test.
	afresh bool
}

func cases() []testCase {
	return []testCase{
		{name: "a deployment answers and its stages are complete", test: answers},
		{name: "the server gets its address and environment", test: surroundings},
		{name: "the CPU set is applied", test: cpuSet, cpus: true},
		{name: "a fraction of a CPU is enforced or said not to be", test: cpuQuota, cpus: true},
		{name: "the memory limit is enforced or said not to be", test: memoryLimit},
		{name: "several deployments run at the same time", test: several},
		{name: "usage grows with the work", test: usage},
		{name: "close takes the server's children along", test: children},
		{name: "a server that ends on its own is reported", test: endsLater},
		{name: "a server killed from outside is reported", test: killed},
		{name: "a server deaf to SIGTERM is killed when the context ends", test: deafUntilDeadline},
		{name: "a server deaf to SIGTERM is killed after the grace period", test: deafUntilGrace},
		{name: "a server that dies immediately is reported", test: diesAtOnce},
		{name: "all that a server wrote is handed on", test: wholeOutput},
		{name: "a server that never gets ready is reported", test: neverReady},
		{name: "a server that never listens is reported", test: neverListens},
		{name: "a deployment cancelled at any time leaves nothing", test: cancelled, afresh: true},
		{name: "a context that ended already starts nothing", test: endedBefore, afresh: true},
		{name: "a frozen server does not answer until it is healed", test: lasts(targets.ProcessStop)},
		{name: "a server that is cut off does not answer until that is healed", test: lasts(targets.NetworkPartition)},
		{name: "a server that a fault killed is reported", test: staysDead},
		{name: "a server that a fault killed is started again on request", test: startedAgain},
		{name: "an unknown fault is refused", test: unknownFault},
		{name: "an executable that is not there is named", test: noExecutable},
		{name: "an unknown option is refused", test: unknownOption},
	}
}
