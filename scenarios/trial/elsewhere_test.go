package trial

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/attack/remote"
	"servebench/scenarios/decode"
	"servebench/targets"
)

// process is a load generator that serves on a port of this machine, as another program would.
type process struct {
	address string
	end     context.CancelCauseFunc
	ctx     context.Context
	over    sync.WaitGroup
	err     error              // of Serve
	alter   func(*record.Cell) // changes what is played; nil: nothing does

	mu    sync.Mutex
	conns []net.Conn
}

// startProcess has a runner make the load of scenarios that are sent to it.
func startProcess(runner *Runner) (*process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &process{address: listener.Addr().String()}
	p.ctx, p.end = context.WithCancelCause(context.Background())
	prepare := func(ctx context.Context, dir string, text []byte, variables map[string]string) (remote.Player, error) {
		cat := runner.Catalogue
		cat.Environment = func(name string) (string, bool) { value, there := variables[name]; return value, there }
		sc, err := scenarios.Parse(filepath.Join(dir, "scenario.yaml"), text, cat)
		if err != nil {
			return nil, err
		}
		load, err := (&Runner{Catalogue: cat, Reference: runner.Reference}).OpenLoad(ctx, sc)
		return altered{load, p.alter}, err
	}
	p.over.Go(func() { p.err = remote.Serve(p.ctx, listener, prepare) })
	return p, nil
}

// altered is a player that tells of other cells than it played.
type altered struct {
	remote.Player
	alter func(*record.Cell)
}

func (a altered) Play(ctx context.Context, p remote.Phase, h remote.Hooks) (record.Cell, error) {
	cell, err := a.Player.Play(ctx, p, h)
	if a.alter != nil {
		a.alter(&cell)
	}
	return cell, err
}

func (p *process) Dial(ctx context.Context) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.address)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, conn)
	return conn, err
}

// cut breaks all connections.
func (p *process) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		if conn != nil {
			conn.Close()
		}
	}
}

func (p *process) Facts() []record.Fact {
	return []record.Fact{{Name: "load generator", Value: "a test, on the server's CPU", Unequal: true}}
}
func (p *process) Done() <-chan struct{} { return p.ctx.Done() }
func (p *process) Err() error            { return context.Cause(p.ctx) }
func (p *process) Close(context.Context) error {
	p.end(nil)
	p.over.Wait()
	return p.err
}

// elsewhere has the load on a target made by processes, of which it is told.
func (p *fakeTarget) fromElsewhere(runner *Runner, tell func(*process)) {
	p.elsewhere = func(server targets.Endpoint) *targets.LoadFrom {
		return &targets.LoadFrom{Where: "another process", Endpoint: server, Start: func(context.Context) (targets.Generator, error) {
			g, err := startProcess(runner)
			if err == nil && tell != nil {
				tell(g)
			}
			return g, err
		}}
	}
}

// TestLoadFromElsewhereIsTheSame plays a scenario on two targets, on one of them from another
// process: both get the same requests in the same order, and every answer is checked.
func TestLoadFromElsewhereIsTheSame(t *testing.T) {
	here, there := &fakeTarget{}, &fakeTarget{}
	runner, s := newRunner(t, here, there, decode.Setting{Key: "rounds", Value: "1"})
	there.fromElsewhere(runner, nil)
	runner.Raw = true
	var notes []string
	runner.Observe = func(e Event) {
		if e.Note != "" {
			notes = append(notes, e.Note)
		}
	}
	run, err := runner.Run(t.Context(), s)
	if want := []string{"b: load generator: a test, on the server's CPU"}; !slices.Equal(notes, want) {
		t.Errorf("said %q before the load, want %q", notes, want)
	}
	if err != nil {
		t.Fatal(err)
	}
	sent := func(p *fakeTarget) []string { return slices.Sorted(slices.Values(p.bodies)) } // concurrent ones overtake each other
	if one, other := sent(here), sent(there); len(one) < 20 || !slices.Equal(one, other) {
		t.Errorf("%d and %d requests, want the same ones", len(one), len(other))
	}
	back, err := record.Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	cells := map[string]record.Cell{}
	for _, c := range back.Cells {
		cells[c.Target+" "+c.Phase] = c
		if c.Ledger.OK != c.Ledger.Scheduled || c.Answers.Agreed != c.Ledger.OK || c.Failed != "" {
			t.Errorf("%s: %+v %+v %s, want every answer checked", c.Target, c.Ledger, c.Answers, c.Failed)
		}
		intervals, err := back.Intervals(&c)
		if err != nil || len(intervals) < 3 {
			t.Errorf("%s: %d intervals, %v", c.Target, len(intervals), err)
		}
		if c.Started.Before(run.Created) || c.Started.After(run.Finished) || c.Instrument.CPUs == 0 {
			t.Errorf("%s: started %s, %+v", c.Target, c.Started, c.Instrument)
		}
	}
	if a, b := cells["a steady"], cells["b steady"]; a.Ledger != b.Ledger || len(a.Slices) != len(b.Slices) {
		t.Errorf("%+v and %+v, want the same load", a.Ledger, b.Ledger)
	}
	if from := []string{back.Targets[0].LoadFrom, back.Targets[1].LoadFrom}; from[0] != "" || from[1] != "another process" {
		t.Errorf("load from %q", from)
	}
	if clock := back.Targets[1].Facts.Named("load generator clock").Value; !strings.Contains(clock, "ahead") {
		t.Errorf("clock %q", clock)
	}
	raw, err := filepath.Glob(filepath.Join(run.Dir, "*", "*.vegeta"))
	if err != nil || len(raw) != 4 {
		t.Errorf("raw streams %v, %v", raw, err)
	}
	for _, name := range raw {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s is empty, or %v", name, err)
		}
	}
}

// TestLoadFromElsewhereThroughBrokenConnections cuts every connection again and again.
func TestLoadFromElsewhereThroughBrokenConnections(t *testing.T) {
	there := &fakeTarget{}
	runner, s := newRunner(t, &fakeTarget{}, there, decode.Setting{Key: "targets", Value: "[b]"}, decode.Setting{Key: "rounds", Value: "1"}, decode.Setting{Key: "load.steady.duration", Value: "2s"})
	done := make(chan struct{})
	var cutting sync.WaitGroup
	there.fromElsewhere(runner, func(p *process) {
		cutting.Go(func() {
			time.Sleep(500 * time.Millisecond) // prepared by then, as a rule
			for {
				select {
				case <-done:
					return
				case <-time.After(150 * time.Millisecond):
					p.cut()
				}
			}
		})
	})
	run, err := runner.Run(t.Context(), s)
	close(done)
	cutting.Wait()
	if err != nil {
		t.Fatal(err)
	}
	c := run.Cells[len(run.Cells)-1]
	if c.Ledger.OK != c.Ledger.Scheduled || c.Ledger.OK < 300 || c.Failed != "" {
		t.Errorf("%+v %s", c.Ledger, c.Failed)
	}
}

// TestLoadGeneratorIsLost ends a process in mid-load: its cell says so, the rest of the trial
// is left out, and the next round has another process.
func TestLoadGeneratorIsLost(t *testing.T) {
	there := &fakeTarget{}
	runner, s := newRunner(t, &fakeTarget{}, there, decode.Setting{Key: "targets", Value: "[b]"}, decode.Setting{Key: "load.warm-up.duration", Value: "3s"})
	started := 0
	there.fromElsewhere(runner, func(p *process) {
		if started++; started == 1 {
			time.AfterFunc(1500*time.Millisecond, func() { p.end(errors.New("the pod was evicted")) })
		}
	})
	run, err := runner.Run(t.Context(), s)
	if err == nil || !strings.Contains(err.Error(), "the load generator was lost: the pod was evicted") {
		t.Fatalf("%v, want that it was lost and why", err)
	}
	if len(run.Cells) != 3 || run.Cells[0].Failed == "" || run.Cells[0].Phase != "warm-up" || run.Cells[0].Started.IsZero() {
		t.Fatalf("%d cells, want the failed one and those of the second round", len(run.Cells))
	}
	for _, c := range run.Cells[1:] {
		if c.Failed != "" || c.Round != 2 || c.Ledger.OK != c.Ledger.Scheduled {
			t.Errorf("%+v", c)
		}
	}
	if started != 2 {
		t.Errorf("%d processes", started)
	}
}

// TestLoadFromElsewhereOfAnotherPlan refuses a load with the same requests at other times.
func TestLoadFromElsewhereOfAnotherPlan(t *testing.T) {
	there := &fakeTarget{}
	runner, s := newRunner(t, &fakeTarget{}, there, decode.Setting{Key: "targets", Value: "[b]"})
	there.fromElsewhere(runner, func(p *process) { p.alter = func(c *record.Cell) { c.Ledger.Scheduled-- } })
	run, err := runner.Run(t.Context(), s)
	if err == nil || !strings.Contains(err.Error(), "that the scenario plans") {
		t.Fatalf("%v, want that another load was scheduled", err)
	}
	if len(run.Cells) != 1 || run.Cells[0].Failed == "" {
		t.Errorf("%d cells, want a failed one", len(run.Cells))
	}
}

// TestStopEndsLoadFromElsewhere keeps what was measured until the user stopped the run.
func TestStopEndsLoadFromElsewhere(t *testing.T) {
	there := &fakeTarget{}
	runner, s := newRunner(t, &fakeTarget{}, there, decode.Setting{Key: "targets", Value: "[b]"}, decode.Setting{Key: "load.warm-up.duration", Value: "30s"})
	stop := make(chan struct{})
	runner.Stop = stop
	var once sync.Once
	runner.Observe = func(e Event) {
		if e.Load.Done > 10 {
			once.Do(func() { close(stop) })
		}
	}
	there.fromElsewhere(runner, nil)
	run, err := runner.Run(t.Context(), s)
	if err != nil || !strings.Contains(run.Interrupted, "in phase warm-up of b in round 1") {
		t.Fatalf("%v, %q", err, run.Interrupted)
	}
	if c := run.Cells[0]; !c.Stopped || c.Ledger.OK < 10 || c.Ledger.Sent != c.Ledger.OK {
		t.Errorf("stopped %t, %+v", c.Stopped, c.Ledger)
	}
}

// TestLoadFromElsewhereHasFilesAndSecrets sends a file of data and credentials along: the
// server accepts them, and no record has them.
func TestLoadFromElsewhereHasFilesAndSecrets(t *testing.T) {
	dir := t.TempDir()
	rows := "salary,commission,age,elevel,car,zipcode,hvalue,hyears,loan\n" + strings.Repeat("97774,0,25,3,0,6,316637,25,295167\n", 20)
	if err := os.WriteFile(filepath.Join(dir, "loans.csv"), []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	there := &fakeTarget{authorization: "Bearer open-${sesame}-of-b"}
	runner, s := newRunner(t, &fakeTarget{}, there, short(decode.Setting{Key: "targets", Value: "[b]"}, decode.Setting{Key: "rounds", Value: "1"},
		decode.Setting{Key: "data", Value: "{file: " + filepath.Join(dir, "loans.csv") + "}"},
		decode.Setting{Key: "http.auth.bearer", Value: "open-$${sesame}-of-b"})...)
	there.fromElsewhere(runner, nil)
	runner.Raw = true
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if c := run.Cells[1]; c.Ledger.OK == 0 || c.Ledger.OK != c.Ledger.Scheduled || c.Answers.Agreed != c.Ledger.OK {
		t.Errorf("%+v %+v", c.Ledger, c.Answers)
	}
	hides(t, run.Dir, "sesame")
}

// TestRawFromElsewhereHidesWhatTheServerTells has a server answer with a secret of its own,
// which who makes the load does not know.
func TestRawFromElsewhereHidesWhatTheServerTells(t *testing.T) {
	model, err := handler(creditModel(t))
	if err != nil {
		t.Fatal(err)
	}
	there := &fakeTarget{answers: func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("X-Told", "the key is open-sesame")
		model.ServeHTTP(rw, r)
	}}
	runner, s := newRunner(t, &fakeTarget{}, there, short(decode.Setting{Key: "targets", Value: "[b]"}, decode.Setting{Key: "rounds", Value: "1"},
		decode.Setting{Key: "workload.env", Value: "[API_KEY=open-sesame]"})...)
	there.fromElsewhere(runner, nil)
	runner.Raw = true
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := filepath.Glob(filepath.Join(run.Dir, "*", "*.vegeta"))
	if err != nil || len(raw) != 2 {
		t.Fatalf("%v, %v", raw, err)
	}
	told := 0
	for _, file := range raw {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		told += strings.Count(string(text), "the key is ${secret:")
	}
	if want := run.Cells[0].Ledger.OK + run.Cells[1].Ledger.OK; int64(told) != want || want == 0 {
		t.Errorf("%d answers in the raw streams, want %d", told, want)
	}
	hides(t, run.Dir, "sesame")
}

// hides reports files of a run that hold a secret.
func hides(t *testing.T, dir, secret string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), secret) {
			t.Errorf("%s holds the secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
