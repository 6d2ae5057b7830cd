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

	"servebench/reports/record"
	"servebench/targets"
)

// subject is the target of one test, with a folder and a mark of its own, by
// which what is left of it is found.
type subject struct {
	*testing.T
	Suite
	server, dir, mark string
	// words are those that the command line of a process has to hold to belong
	// here, where its environment does not have the mark.
	words  []string
	target targets.Target
}

func newSubject(t *testing.T, s Suite, server string) *subject {
	t.Helper()
	p := &subject{T: t, Suite: s, server: server}
	dir := t.TempDir()
	p.mark = "TEST_MARK=" + filepath.Base(filepath.Dir(dir)) + strconv.Itoa(os.Getpid())
	t.Cleanup(p.clean) // after the target is closed
	if s.shared != nil {
		p.dir, p.words, p.target = dir, []string{dir + "/"}, s.shared
		return p
	}
	p.move(dir)
	return p
}

// open opens the target, which is closed at the end of the test.
func open(t *testing.T, s Suite, dir string) targets.Target {
	t.Helper()
	target, err := s.Kind.Open(targets.Config{Options: s.Options, Dir: dir})
	if err != nil {
		t.Fatalf("open %s: %v", s.Kind.Name, err)
	}
	t.Cleanup(func() {
		if err := target.Close(ending(t, patience)); err != nil {
			t.Errorf("close the target: %v", err)
		}
	})
	return target
}

// move opens the target with another folder.
func (p *subject) move(dir string) {
	p.Helper()
	p.dir, p.words, p.target = dir, []string{dir + "/"}, open(p.T, p.Suite, dir)
}

// workload runs the test server with further environment.
func (p *subject) workload(env ...string) targets.Workload {
	return targets.Workload{Command: []string{p.server}, Image: p.image, Env: append(env, p.mark), Ready: "/ready"}
}

// listens reports whether the server gets an address to listen on.
func (p *subject) listens() bool { return !p.Replaces || p.Listens }

// deploy deploys the workload, which has to succeed.
func (p *subject) deploy(w targets.Workload) *targets.Deployment {
	p.Helper()
	return p.deployWithin(patience, w)
}

func (p *subject) deployWithin(most time.Duration, w targets.Workload) *targets.Deployment {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), most)
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
func (p *subject) close(d *targets.Deployment) {
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
func (p *subject) refuse(ctx context.Context, w targets.Workload, words ...string) error {
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
func (p *subject) quotes(err error, words ...string) {
	p.Helper()
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			p.Errorf("error %v\ndoes not say %q", err, word)
		}
	}
}

// ended waits until the deployment ended by itself and returns why.
func (p *subject) ended(d *targets.Deployment) error {
	p.Helper()
	select {
	case <-d.Done():
	case <-time.After(patience):
		p.Fatal("Done is not closed though the server ended")
	}
	return d.Err()
}

// fact returns the deployment's fact of that name.
func (p *subject) fact(d *targets.Deployment, name string) record.Fact {
	p.Helper()
	for _, f := range d.Facts {
		if f.Name == name {
			return f
		}
	}
	p.Fatalf("no fact %q among %v", name, d.Facts)
	return record.Fact{}
}

// ask sends one request to the deployment and decodes a JSON answer into out,
// unless that is nil.
func (p *subject) ask(d *targets.Deployment, method, path string, out any) error {
	return p.askWithin(patience, d, method, path, out)
}

func (p *subject) askWithin(most time.Duration, d *targets.Deployment, method, path string, out any) error {
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
	resp, err := (&http.Client{Transport: transport, Timeout: most}).Do(req)
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
func (p *subject) must(d *targets.Deployment, method, path string, out any) {
	p.Helper()
	if err := p.ask(d, method, path, out); err != nil {
		p.Fatalf("%s %s: %v", method, path, err)
	}
}
