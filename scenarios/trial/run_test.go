package trial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/scenarios/requests"
	"servebench/targets"
	"servebench/targets/protocol"
	v2 "servebench/targets/protocol/v2"
	"servebench/targets/reference"
	"servebench/targets/reference/models"

	"github.com/google/go-cmp/cmp"
)

// fakeTarget is a target that serves the reference server's handler from within the
// test: real HTTP over loopback, without the cost of a process.
type fakeTarget struct {
	check  error
	deploy error
	open   error    // an option's bad value
	left   []string // what a killed servebench left here
	keeps  error    // why what was kept between trials stays
	// failing is the deployment, from 1, that fails; 0: none.
	failing int
	// never makes it one whose servers are not ready in time.
	never bool
	// running makes it a target whose server runs already.
	running bool
	// remote makes it one whose servers run on other machines.
	remote bool
	// secure makes it serve over TLS, with a certificate of its own.
	secure bool
	// authorization, when not "", is what each request has to have in that field.
	authorization string
	// elsewhere, when not nil, says where the load on a server is made.
	elsewhere func(server targets.Endpoint) *targets.LoadFrom
	// removed are the deployments, from 1, whose servers somebody removes after so many requests.
	removed map[int]int
	// answers, when not nil, takes the place of the model.
	answers http.HandlerFunc

	mu        sync.Mutex
	deployed  int      // deployments tried
	requested int      // before the latest deployment
	bodies    []string // of the requests to the models, as they came
	paths     []string // and their paths
	workload  []targets.Workload
	alive     int // deployments not closed yet
	closed    int
	latest    *instance
}

func (p *fakeTarget) kind(name string) targets.Kind {
	return targets.Kind{
		Name:  name,
		Doc:   "a server within the test",
		Check: func(context.Context, map[string]string) error { return p.check },
		Leftovers: func(context.Context) ([]targets.Leftover, error) {
			var found []targets.Leftover
			for _, what := range p.left {
				found = append(found, targets.Leftover{What: what, Remove: func(context.Context) error { return nil }})
			}
			return found, nil
		},
		Open:    func(targets.Config) (targets.Target, error) { return p, p.open },
		Running: p.running,
		Remote:  func(context.Context, map[string]string) bool { return p.remote },
	}
}

func (p *fakeTarget) Deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	p.deployed++
	if p.never {
		<-ctx.Done()
		return nil, fmt.Errorf("%w while waiting for the port", context.Cause(ctx))
	}
	if p.deploy != nil {
		return nil, p.deploy
	}
	if p.deployed == p.failing {
		return nil, errors.New("out of luck")
	}
	model, err := models.Named("credit")
	if err != nil {
		return nil, err
	}
	inner, err := handler(model)
	if err != nil {
		return nil, err
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		p.mu.Lock()
		p.bodies = append(p.bodies, string(body))
		p.paths = append(p.paths, r.URL.Path)
		if at := p.removed[p.deployed]; at > 0 && len(p.bodies) == p.requested+at {
			p.latest.err = &targets.Evicted{Removed: true, Err: errors.New("the pod was deleted\nand its output")}
			close(p.latest.done)
		}
		p.mu.Unlock()
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if want := p.authorization; want != "" && r.Header.Get("Authorization") != want {
			http.Error(rw, "who is it", http.StatusUnauthorized)
			return
		}
		if p.answers != nil {
			p.answers(rw, r)
			return
		}
		inner.ServeHTTP(rw, r)
	}))
	p.latest = &instance{target: p, server: server, done: make(chan struct{}), err: errors.New("exit status 3")}
	p.requested = len(p.bodies)
	p.latest.Read = p.latest.used
	d := &targets.Deployment{
		Endpoint:    p.start(server),
		Facts:       []record.Fact{{Name: "engine", Value: "in-process"}},
		Instance:    p.latest,
		Preparation: time.Second,
	}
	if p.elsewhere != nil {
		d.LoadFrom = p.elsewhere(d.Endpoint)
	}
	if !p.running {
		d.Stages = []record.Stage{{Name: targets.Started, At: time.Millisecond}, {Name: targets.Ready, At: 2 * time.Millisecond}}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.workload = append(p.workload, w)
	p.alive++
	return d, nil
}

// Close counts itself.
func (p *fakeTarget) Close(context.Context) error {
	p.closed++
	return p.keeps
}

// start starts a server and returns where it answers.
func (p *fakeTarget) start(server *httptest.Server) targets.Endpoint {
	if !p.secure {
		server.Start()
		return targets.Endpoint{URL: server.URL}
	}
	server.StartTLS()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return targets.Endpoint{URL: server.URL, TLS: &tls.Config{RootCAs: roots}}
}

type instance struct {
	targets.Account
	target *fakeTarget
	server *httptest.Server
	done   chan struct{}
	err    error // why it ended
}

// used meters the requests to the target since it was made, and knows nothing of
// a server that runs already.
func (i *instance) used(context.Context) (record.Usage, error) {
	if i.target.running {
		return record.Usage{}, errors.New("not known")
	}
	i.target.mu.Lock()
	defer i.target.mu.Unlock()
	return record.Usage{
		Resident: int64(targets.MiB),
		Meters:   []record.Meter{{Name: "requests", Unit: "n", Value: float64(len(i.target.bodies))}},
	}, nil
}

func (i *instance) Done() <-chan struct{} { return i.done }
func (i *instance) Err() error            { return i.err }

func (i *instance) Close(context.Context) error {
	i.server.Close()
	i.target.mu.Lock()
	defer i.target.mu.Unlock()
	i.target.alive--
	return nil
}

const runText = `
name: test
targets: [a, b]
workload: {server: reference, model: credit}
data: {generator: credit, corpus: 50}
load:
  - {name: warm-up, arrivals: constant, rate: 50, duration: 100ms, measure: false}
  - {name: steady, arrivals: poisson, rate: 200, duration: 300ms}
rounds: 2
seed: 3
`

// newRunner returns a runner over the targets, and the scenario above with
// further settings.
func newRunner(t *testing.T, a, b *fakeTarget, set ...decode.Setting) (*Runner, *scenarios.Scenario) {
	t.Helper()
	c := scenarios.Catalogue{
		Targets:    []targets.Kind{a.kind("a"), b.kind("b")},
		Generators: []generators.Kind{credit.Kind()},
		Protocols:  []protocol.Kind{v2.Kind()},
		Models:     []scenarios.Model{{Name: "credit"}, {Name: reference.NoopName}},
	}
	s, err := scenarios.Parse("test.yaml", []byte(runText), c, set...)
	if err != nil {
		t.Fatal(err)
	}
	model, noop := creditModel(t), reference.Noop()
	return &Runner{
		Catalogue: c,
		Reference: Reference{
			Models: []requests.Model{
				{Model: model.Served(), Generator: "credit"},
				{Model: noop},
			},
			Command: func(*scenarios.Scenario) ([]string, error) { return []string{"refserver"}, nil },
		},
		Dir: t.TempDir(),
	}, s
}

func creditModel(t *testing.T) *models.Model {
	t.Helper()
	model, err := models.Named("credit")
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// A server on another machine has as many CPUs as the scenario says; one on this machine has
// no more than there are, and the record tells how many, also a part of one.
func TestCPUsOfServers(t *testing.T) {
	for _, limit := range []string{"512", "0.25"} {
		a, b := &fakeTarget{remote: true}, &fakeTarget{}
		runner, s := newRunner(t, a, b, decode.Setting{Key: "limits.cpus", Value: limit})
		run, err := runner.Run(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		w := a.workload[0]
		if want, _ := strconv.ParseFloat(limit, 64); w.Limits.CPUs != want || len(w.CPUSet) > 0 || w.Limits.Processors() != int(math.Ceil(want)) || run.Target("a").CPUs != want {
			t.Errorf("elsewhere: %+v on CPUs %v, recorded %v; want %s and none of this machine's", w.Limits, w.CPUSet, run.Target("a").CPUs, limit)
		}
		w = b.workload[0]
		if here := w.Limits.CPUs; here > float64(len(w.CPUSet)) || len(w.CPUSet) > runtime.NumCPU() || run.Target("b").CPUs != here || limit == "0.25" && here != 0.25 {
			t.Errorf("here: %+v on CPUs %v, recorded %v", w.Limits, w.CPUSet, run.Target("b").CPUs)
		}
	}
}

func TestRunRecordsEveryCell(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{}
	runner, s := newRunner(t, a, b)
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if a.alive != 0 || b.alive != 0 || a.closed != 1 || b.closed != 1 {
		t.Errorf("%d and %d deployments are still open, the targets closed %d and %d times", a.alive, b.alive, a.closed, b.closed)
	}
	back, err := record.Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(back.Cells) != 2*2*2 {
		t.Fatalf("%d cells, want targets × rounds × phases = 8", len(back.Cells))
	}
	for _, cell := range back.Cells {
		l := cell.Ledger
		want := int64(60)
		if cell.Phase == "warm-up" {
			want = 5
		}
		if l.Scheduled != want || l.Sent != want || l.OK != want {
			t.Errorf("%s %s round %d: ledger %+v, want %d scheduled, sent and ok", cell.Target, cell.Phase, cell.Round, l, want)
		}
		if cell.Answers.Agreed != want || cell.Answers.Labelled != want {
			t.Errorf("%s %s round %d: answers %+v, want %d agreed", cell.Target, cell.Phase, cell.Round, cell.Answers, want)
		}
		if cell.Measured != (cell.Phase == "steady") {
			t.Errorf("%s: measured = %t", cell.Phase, cell.Measured)
		}
		// The first answer is asked for before the first cell.
		if m := cell.Usage.Meters; len(m) != 1 || m[0] != (record.Meter{Name: "requests", Unit: "n", Value: float64(want)}) {
			t.Errorf("%s %s round %d: meters %+v, want the %d requests of the cell alone", cell.Target, cell.Phase, cell.Round, m, want)
		}
		if intervals, err := back.Intervals(&cell); err != nil || len(intervals) == 0 {
			t.Errorf("%s: %d intervals, error %v", cell.Log, len(intervals), err)
		}
	}
	for _, target := range back.Targets {
		if len(target.Deployments) != 2 {
			t.Errorf("%s: %d deployments, want one a round", target.Name, len(target.Deployments))
		}
		for _, d := range target.Deployments {
			if last := d.Stages[len(d.Stages)-1]; last.Name != record.FirstAnswer || d.Failed != "" {
				t.Errorf("%s: stages %v, failed %q, want them to end with the first answer", target.Name, d.Stages, d.Failed)
			}
		}
	}
	if back.Scenario.Corpus != 50 || len(back.Scenario.Payloads) != 64 {
		t.Errorf("corpus %d, payloads %q, want 50 requests and their SHA-256", back.Scenario.Corpus, back.Scenario.Payloads)
	}
}

// What a target cannot remove at the end of a run is recorded and told, and fails no run
// that measured everything.
func TestRunThatLeavesSomethingBehind(t *testing.T) {
	a, b := &fakeTarget{keeps: errors.New("remove the image x: the engine did not do so within 30s")}, &fakeTarget{}
	runner, s := newRunner(t, a, b, decode.Setting{Key: "rounds", Value: "1"})
	var notes []string
	runner.Observe = func(e Event) { notes = append(notes, e.Note) }
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Error(err)
	}
	if want := []record.Fault{{Text: a.keeps.Error(), Left: true}}; !slices.Equal(run.Faults, want) {
		t.Errorf("faults %+v, want %+v", run.Faults, want)
	}
	if !slices.Contains(notes, "left behind; servebench clean removes it: "+a.keeps.Error()) {
		t.Errorf("notes %q", notes)
	}
}

// TestRunIsReproducible: the same seed gives every target, and a second run,
// the same request bytes and the same due times; another seed gives others.
func TestRunIsReproducible(t *testing.T) {
	bodies := func(set ...decode.Setting) (a, b []string) {
		pa, pb := &fakeTarget{}, &fakeTarget{}
		runner, s := newRunner(t, pa, pb, set...)
		if _, err := runner.Run(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		// Requests that are due within microseconds of each other may overtake
		// one another on the way: what was sent is compared, not in what order
		// it came.
		slices.Sort(pa.bodies)
		slices.Sort(pb.bodies)
		return pa.bodies, pb.bodies
	}
	a1, b1 := bodies()
	a2, _ := bodies()
	other, _ := bodies(decode.Setting{Key: "seed", Value: "4"})
	if !slices.Equal(a1, b1) {
		t.Error("two targets of one run got different requests")
	}
	if !slices.Equal(a1, a2) {
		t.Error("two runs with the same seed sent different requests")
	}
	if slices.Equal(a1, other) {
		t.Error("two seeds sent the same requests")
	}
}

// TestSchedulesOfASeed: the due times and the order of the requests depend on
// the seed, the round and the phase, and on nothing else.
func TestSchedulesOfASeed(t *testing.T) {
	due := func(seed, target string, round, phase int) []time.Duration {
		runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, decode.Setting{Key: "seed", Value: seed})
		run := &session{Runner: runner, scenario: s}
		if err := run.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		cfg := run.attackConfig(run.variant(target), round, phase)
		return append(slices.Collect(cfg.Arrivals), time.Duration(cfg.OrderSeed))
	}
	first := due("1", "a", 1, 1)
	if len(first) != 61 {
		t.Fatalf("%d arrivals, want 60", len(first)-1)
	}
	if !slices.Equal(first, due("1", "a", 1, 1)) {
		t.Error("the same seed gives two schedules")
	}
	if !slices.Equal(first, due("1", "b", 1, 1)) {
		t.Error("two targets have different schedules")
	}
	if slices.Equal(first, due("2", "a", 1, 1)) || slices.Equal(first, due("1", "a", 2, 1)) || slices.Equal(first, due("1", "a", 1, 0)) {
		t.Error("two seeds, rounds or phases have the same schedule")
	}
}

func TestRoundsBalancePositions(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	first := func(seed uint64) []round {
		var all []round
		next := planRounds(names, seed)
		for range 6 {
			all = append(all, next())
		}
		return all
	}
	position := map[string]int{}
	for i, r := range first(1) {
		if r.number != i+1 {
			t.Errorf("round %d has number %d", i+1, r.number)
		}
		for i, name := range r.targets {
			position[name] += i
		}
	}
	for _, name := range names {
		if position[name] != 9 { // three pairs of rounds, each with first + last position = 3
			t.Errorf("%s has positions summing to %d, want 9", name, position[name])
		}
	}
	if diff := cmp.Diff(first(1), first(1), cmp.AllowUnexported(round{})); diff != "" {
		t.Errorf("the same seed gives two plans: %s", diff)
	}
}

func TestRunGoesOnWithoutATarget(t *testing.T) {
	missing := &fakeTarget{check: &targets.Unavailable{Why: "no engine", Fix: "install one"}}
	runner, s := newRunner(t, &fakeTarget{}, missing)
	var notes []string
	runner.Observe = func(e Event) {
		if e.Note != "" {
			notes = append(notes, e.Note)
		}
	}
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if got := run.Targets[1].Unavailable; !strings.Contains(got, "install one") {
		t.Errorf("unavailable = %q, want the fix in it", got)
	}
	if len(run.Cells) != 4 || len(notes) != 1 || !strings.Contains(notes[0], "no engine") {
		t.Errorf("%d cells and notes %q, want the other target's four and one note", len(run.Cells), notes)
	}

	runner, s = newRunner(t, missing, missing)
	var none *NotAvailableError
	if run, err := runner.Run(t.Context(), s); run != nil || !errors.As(err, &none) {
		t.Errorf("with no target at all: run %v, error %v, want a NotAvailableError", run, err)
	}
}

func TestRunKeepsWhatItHas(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{deploy: errors.New("no room")})
	run, err := runner.Run(t.Context(), s)
	var none *NotAvailableError
	if !errors.As(err, &none) || !strings.Contains(err.Error(), "no room") {
		t.Errorf("error %v, want a NotAvailableError that says why", err)
	}
	if run == nil || len(run.Cells) != 4 {
		t.Fatalf("run %v, want the other target's four cells", run)
	}
	if d := run.Targets[1].Deployments; len(d) != 2 || d[0].Failed != "no room" {
		t.Errorf("deployments %+v, want two that failed", d)
	}
}

func TestStopEndsTheRunAndKeepsIt(t *testing.T) {
	stop := make(chan struct{})
	var once sync.Once
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, decode.Setting{Key: "load.steady.duration", Value: "30s"})
	runner.Stop = stop
	runner.Observe = func(e Event) {
		if e.Phase == "steady" && e.Load.Sent > 20 {
			once.Do(func() { close(stop) })
		}
	}
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := record.Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(back.Interrupted, "in phase steady") {
		t.Errorf("interrupted = %q", back.Interrupted)
	}
	last := back.Cells[len(back.Cells)-1].Ledger
	if last.Sent <= 20 || last.Sent >= last.Scheduled || last.OK != last.Sent {
		t.Errorf("ledger %+v, want a part of the schedule, all of it answered", last)
	}
}

// handler is the reference server's own.
func handler(model *models.Model) (http.Handler, error) {
	server, err := reference.New(reference.Config{Models: []protocol.Model{model.Served()}})
	if err != nil {
		return nil, err
	}
	return server.Handler(), nil
}

// TestBrokenRecordEndsTheRun puts a file in the place of the folder of the cells: what
// was recorded stays, the reason is in the record, and no further load is played
// that nothing could keep.
func TestBrokenRecordEndsTheRun(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{})
	var once sync.Once
	runner.Observe = func(e Event) {
		if e.Phase == "warm-up" {
			once.Do(func() {
				cells, err := filepath.Glob(filepath.Join(runner.Dir, "*", "cells"))
				if err != nil || len(cells) != 1 {
					t.Errorf("folders of cells %v, error %v, want one", cells, err)
					return
				}
				err = errors.Join(os.Rename(cells[0], cells[0]+".away"), os.WriteFile(cells[0], nil, 0o644))
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	run, err := runner.Run(t.Context(), s)
	if err == nil || run == nil {
		t.Fatalf("run %v, error %v, want both", run, err)
	}
	back, err := record.Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(back.Cells) != 1 || back.Cells[0].Ledger.OK != 5 {
		t.Errorf("%d cells, want the warm-up that was recorded", len(back.Cells))
	}
	if len(back.Faults) != 1 || back.Faults[0].Phase != "steady" || back.Faults[0].Round != 1 {
		t.Errorf("faults %+v, want one that names the phase and the round", back.Faults)
	}
}

// TestRunSweepsFirst wants what a killed servebench left to be removed, and told,
// before anything is deployed.
func TestRunSweepsFirst(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{left: []string{"container x"}}, &fakeTarget{})
	var events []Event
	runner.Observe = func(e Event) { events = append(events, e) }
	if _, err := runner.Run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(events[0].Note, "container x") {
		t.Errorf("the first event is %+v, want what was removed", events[0])
	}
}
