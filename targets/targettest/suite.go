// Package targettest is the conformance suite of the deployment targets: what
// targets.Target and targets.Deployment promise, as tests. Each target's own
// test calls Run, so that a new target is held to the same contract in a few
// lines.
package targettest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"servebench/targets"
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
	// Guest says that the server runs in a machine of its own: it counts that
	// machine's CPUs, and from here its processes cannot be seen, but only
	// what carries the machine, by its folder. That has to be on the CPU set
	// with all its threads, and to kill it ends the deployment.
	Guest bool
	// Replaces says that the place, as a function service does, tells the
	// server itself what to work on and puts a new one in the place of one
	// that ended. The server has AWS_LAMBDA_RUNTIME_API instead of HOST and
	// PORT. Its end is the failure, with a 5xx, of the request that it worked
	// on; the next is answered by another, and Done stays open until Close,
	// which leaves a server no time to end.
	Replaces bool
	// Parallel is how many tests of the contract run at once at most; 0: as many
	// as go test runs. A start that is expensive needs it, for every single
	// deployment has to be ready within a minute.
	Parallel int
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
	if isVictim() {
		deployAsVictim(t, s)
		return
	}
	before := s.leftovers(t, os.Getpid())
	server := Build(t)
	t.Run("contract", func(t *testing.T) {
		turns := make(chan struct{}, max(s.Parallel, 0))
		for _, c := range cases() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				if s.Parallel > 0 {
					turns <- struct{}{}
					t.Cleanup(func() { <-turns }) // the first registered is the last called
				}
				c.test(newPlace(t, s, server))
			})
		}
	})
	t.Run("a full disk is reported", func(t *testing.T) { diskFull(newPlace(t, s, server)) })
	t.Run("what a killed run left is swept", func(t *testing.T) { sweeps(newPlace(t, s, server)) })
	for name := range s.leftovers(t, os.Getpid()) {
		if !before[name] {
			t.Errorf("left behind after all: %s", name)
		}
	}
}

// testCase is one promise of the contract.
type testCase struct {
	name string
	test func(*place)
}

func cases() []testCase {
	return []testCase{
		{"a deployment answers and its stages are complete", answers},
		{"the server gets its address and environment", surroundings},
		{"the CPU set is applied", cpuSet},
		{"the memory limit is enforced or said not to be", memoryLimit},
		{"several deployments run at the same time", several},
		{"usage grows with the work", usage},
		{"close takes the server's children along", children},
		{"a server that ends on its own is reported", endsLater},
		{"a server killed from outside is reported", killed},
		{"a server deaf to SIGTERM is killed when the context ends", deafUntilDeadline},
		{"a server deaf to SIGTERM is killed after the grace period", deafUntilGrace},
		{"a server that dies at once is reported", diesAtOnce},
		{"a server that never gets ready is reported", neverReady},
		{"a server that never listens is reported", neverListens},
		{"a deployment cancelled at any time leaves nothing", cancelled},
		{"a context that ended already starts nothing", endedBefore},
		{"a port that is taken in between is replaced, or cannot be taken", portTaken},
		{"an executable that is not there is named", noExecutable},
		{"an unknown option is refused", unknownOption},
	}
}

// place is the target of one test, with a folder and a mark of its own, by
// which what is left of it is found.
type place struct {
	*testing.T
	Suite
	server, dir, mark string
	// words are those that the command line of a process has to hold to belong
	// here, where its environment does not have the mark.
	words  []string
	target targets.Target
}

func newPlace(t *testing.T, s Suite, server string) *place {
	t.Helper()
	p := &place{T: t, Suite: s, server: server}
	dir := t.TempDir()
	p.mark = "TEST_MARK=" + filepath.Base(filepath.Dir(dir)) + strconv.Itoa(os.Getpid())
	p.move(dir)
	t.Cleanup(p.clean)
	return p
}

// move opens the target with another folder.
func (p *place) move(dir string) {
	p.Helper()
	target, err := p.Kind.Open(targets.Config{Options: p.Options, Dir: dir})
	if err != nil {
		p.Fatalf("open %s: %v", p.Kind.Name, err)
	}
	p.dir, p.words, p.target = dir, []string{dir + "/"}, target
}

// workload runs the test server with further environment.
func (p *place) workload(env ...string) targets.Workload {
	return targets.Workload{Command: []string{p.server}, Env: append(env, p.mark), Ready: "/ready"}
}

// deploy deploys the workload, which has to succeed.
func (p *place) deploy(w targets.Workload) *targets.Deployment {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), patience)
	defer cancel()
	d, err := p.target.Deploy(ctx, w)
	if err != nil {
		p.Fatalf("Deploy: %v", err)
	}
	p.Cleanup(func() { p.close(d) }) // before clean looks; ends nothing twice
	if err := checkStages(d.Stages); err != nil {
		p.Fatalf("Deploy: %v", err)
	}
	return d
}

// close closes the deployment, which has to succeed, twice.
func (p *place) close(d *targets.Deployment) {
	p.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for range 2 {
		if err := d.Close(ctx); err != nil {
			p.Errorf("Close: %v", err)
		}
	}
	select {
	case <-d.Done():
	case <-ctx.Done():
		p.Error("Done is not closed after Close")
	}
}

// refuse deploys the workload, which has to fail with an error that quotes all
// the words, and returns it.
func (p *place) refuse(ctx context.Context, w targets.Workload, words ...string) error {
	p.Helper()
	d, err := p.target.Deploy(ctx, w)
	if err == nil {
		p.close(d)
		p.Fatalf("Deploy succeeded, want an error that says %q", words)
	}
	p.quotes(err, words...)
	p.clean()
	return err
}

// quotes checks that an error says all the words.
func (p *place) quotes(err error, words ...string) {
	p.Helper()
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			p.Errorf("error %v\ndoes not say %q", err, word)
		}
	}
}

// ended waits until the deployment ended by itself and returns why.
func (p *place) ended(d *targets.Deployment) error {
	p.Helper()
	select {
	case <-d.Done():
	case <-time.After(patience):
		p.Fatal("Done is not closed though the server ended")
	}
	return d.Err()
}

// ask sends one request to the deployment and decodes a JSON answer into out,
// unless that is nil.
func (p *place) ask(d *targets.Deployment, method, path string, out any) error {
	req, err := http.NewRequestWithContext(p.Context(), method, d.Endpoint.URL+path, nil)
	if err != nil {
		return err
	}
	transport := d.Endpoint.Transport
	if transport == nil {
		own := &http.Transport{DisableKeepAlives: true}
		defer own.CloseIdleConnections()
		transport = own
	}
	resp, err := (&http.Client{Transport: transport, Timeout: patience}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s answered %s", method, path, resp.Status)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// must is ask for what has to succeed.
func (p *place) must(d *targets.Deployment, method, path string, out any) {
	p.Helper()
	if err := p.ask(d, method, path, out); err != nil {
		p.Fatalf("%s %s: %v", method, path, err)
	}
}

// fact returns the deployment's fact of that name.
func (p *place) fact(d *targets.Deployment, name string) targets.Fact {
	p.Helper()
	for _, f := range d.Facts {
		if f.Name == name {
			return f
		}
	}
	p.Fatalf("no fact %q among %v", name, d.Facts)
	return targets.Fact{}
}
