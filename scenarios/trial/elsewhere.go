package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/attack"
	"servebench/scenarios/attack/remote"
	"servebench/scenarios/decode"
	"servebench/scenarios/host"
	"servebench/targets"
	"servebench/targets/protocol"
)

// generator is a load generator that runs elsewhere, for one trial.
type generator struct {
	targets.Generator
	client   *remote.Client
	endpoint targets.Endpoint // of the server, as seen from there
}

// openGenerator starts the load generator of a trial whose load is made elsewhere, and has it
// prepare the scenario; nil where the load is made here. It is not ready where that came to
// nothing or was stopped, which is recorded.
func (s *session) openGenerator(ctx context.Context, t trial, deployment *targets.Deployment) (g *generator, ready bool) {
	from := deployment.LoadFrom
	if from == nil {
		return nil, true
	}
	s.targetEntry(t.Target).LoadFrom = from.Where
	starting, cancel := s.untilStopped(ctx)
	defer cancel()
	g, err := s.startGenerator(starting, t, from)
	switch {
	case err == nil:
		s.warnUnequal(t, g)
		return g, true
	case s.stopped(ctx):
		s.recordInterruption("while the load generator for %s was started", s.where(t))
	default:
		s.fault(t, "", fmt.Errorf("start the load generator in %s: %w", from.Where, err), false)
	}
	return g, false
}

// warnUnequal tells before the first load what disturbs a load generator elsewhere, such as that
// it shares CPUs with the server: the run may come to nothing.
func (s *session) warnUnequal(t trial, g *generator) {
	if t.Round > 1 || t.Attempt > 0 {
		return
	}
	for _, f := range g.Facts() {
		if f.Unequal {
			s.note("%s: %s: %s", t.Target, f.Name, f.Value)
		}
	}
}

func (s *session) startGenerator(ctx context.Context, t trial, from *targets.LoadFrom) (*generator, error) {
	v := s.variant(t.Target)
	scenario, err := s.portable(v)
	if err != nil {
		return nil, err
	}
	process, err := from.Start(ctx)
	if err != nil {
		return nil, err
	}
	g := &generator{Generator: process, endpoint: from.Endpoint}
	if g.client, err = remote.Open(ctx, process); err != nil {
		return g, err
	}
	is, err := g.client.Prepare(ctx, scenario)
	if err != nil {
		return g, err
	}
	if want := v.requests.Hash; is.Payloads != want {
		return g, fmt.Errorf("it would send other requests (%.12s…) than those of this run (%.12s…)", is.Payloads, want)
	}
	clock := g.client.Clock()
	entry := s.targetEntry(t.Target)
	addMissing(entry, s.redactFacts(append(append(g.Facts(), is.Facts...), record.Fact{
		Name:  "load generator clock",
		Value: fmt.Sprintf("%s ahead of the one here, give or take %s; times of the load are by the one here", rounded(clock.Ahead), rounded(clock.Bound)),
	})), t.Round)
	return g, nil
}

func rounded(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

// addMissing records facts that are found after those of the deployment.
func addMissing(entry *record.Target, found []record.Fact, round int) {
	for _, f := range found {
		if entry.Facts.Named(f.Name).Value == "" {
			entry.Facts = append(entry.Facts, f)
			continue
		}
		addFacts(entry, []record.Fact{f}, round)
	}
}

// closeGenerator ends a load generator elsewhere; nil: there is none.
func (s *session) closeGenerator(ctx context.Context, t trial, g *generator) {
	if g == nil {
		return
	}
	if g.client != nil {
		g.client.Close()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := g.Close(ctx); err != nil {
		s.fault(t, "", fmt.Errorf("remove the load generator: %w", err), false)
	}
}

// makeLoad drives the load from where it is made.
func (s *session) makeLoad(ctx context.Context, t trial, i int, cfg attack.Config, elsewhere *generator) (record.Cell, error) {
	if elsewhere == nil {
		return s.send(ctx, cfg)
	}
	began := time.Now()
	h := remote.Hooks{
		Stop: cfg.Stop, ServerEnded: cfg.ServerEnded, Addresses: elsewhere.endpoint.Addresses,
		Progress: cfg.Progress, Raw: cfg.Raw,
		Started: func(zero time.Time) {
			if began = zero; cfg.Started != nil {
				cfg.Started(zero)
			}
		},
	}
	var redacted io.WriteCloser
	if cfg.Raw != nil && cfg.Redact != nil { // the process knows the secrets of the load alone
		redacted = attack.RedactRaw(cfg.Raw, cfg.Redact)
		h.Raw = redacted
	}
	p := remote.Phase{Round: t.Round, Index: i, URL: elsewhere.endpoint.URL, Faults: cfg.Faults}
	cell, err := s.quietly(func() (record.Cell, error) {
		return elsewhere.client.Play(ctx, p, h, cfg.Log.(*record.LogWriter))
	})
	if redacted != nil {
		if closed := redacted.Close(); err == nil {
			err = closed
		}
	}
	if planned := cfg.Scheduled; err == nil && cfg.Concurrency == 0 && cell.Ledger.Scheduled != planned {
		err = fmt.Errorf("the load generator scheduled %d requests and not the %d that the scenario plans: its servebench may be of another version", cell.Ledger.Scheduled, planned)
	}
	if cell.Started.IsZero() { // nothing came back
		cell.Started, cell.Span, cell.Ledger.Scheduled = began, cfg.Span, cfg.Scheduled
	}
	return cell, err
}

// portable is a scenario as a process elsewhere can play the load of it, with its secrets and
// the files that it names.
func (s *session) portable(v *variant) (remote.Scenario, error) {
	sc := v.scenario
	if a := sc.HTTP.Auth; a != nil && a.AWS != nil {
		return remote.Scenario{}, sc.Source.Fault("http.auth.aws", "the keys that requests are signed with are found on this machine, and the load is made elsewhere", "load from here, or another kind of http.auth")
	}
	p, files := *sc, map[string]string{}
	p.Written = maps.Clone(sc.Written)
	move := func(key string, path *string) {
		if *path == "" {
			return
		}
		name := filepath.Join(strconv.Itoa(len(files)), filepath.Base(*path))
		files[name], *path = *path, name
		delete(p.Written, key)
	}
	move("data.file", &p.Data.File)
	move("workload.model_file", &p.Workload.ModelFile)
	if sc.Template != nil {
		t := *sc.Template
		p.Template = &t
		move("template.body_file", &t.BodyFile)
	}
	p.Load = slices.Clone(sc.Load)
	for i := range p.Load {
		if r := p.Load[i].Recording; r != nil {
			trace := *r
			p.Load[i].Recording = &trace
			move(decode.Element("load", i)+".trace.file", &trace.File)
		}
	}
	p.Targets, p.Options = []string{v.kind.Name}, map[string]map[string]string{v.kind.Name: sc.Options[v.kind.Name]}
	// What is about the server is not for its clients; that of the user is one that runs.
	p.Faults, p.Scaling, p.Monitor, p.Retrain, p.Regression, p.ColdStarts = nil, nil, nil, nil, nil, 0
	p.Workload.Image, p.Workload.Build, p.Workload.Files, p.Workload.Port, p.Workload.Env = "", "", nil, 0, nil
	if p.Workload.Server == "" {
		p.Workload.Command = []string{"server"}
		delete(p.Written, "workload.command[0]") // whose variables it does without
	}
	text, variables, err := p.Clear(s.Catalogue.Environment)
	return remote.Scenario{Text: text, Variables: variables, Files: files}, err
}

// Load is the load of a scenario that another servebench plays, made by this process.
type Load struct {
	session *session
	variant *variant
}

// OpenLoad prepares the load of a scenario, whose targets are not looked at.
func (r *Runner) OpenLoad(ctx context.Context, sc *scenarios.Scenario) (*Load, error) {
	s := &session{Runner: r, scenario: sc, rounds: sc.Rounds, secrets: sc.Secrets.With(nil)}
	v := &variant{name: sc.Targets[0], of: sc.Targets[0], scenario: sc, file: sc}
	s.variants = []*variant{v}
	proto, known := scenarios.Named(s.Catalogue.Protocols, sc.Protocol, func(k protocol.Kind) string { return k.Name })
	if !known {
		return nil, fmt.Errorf("unknown protocol %q", sc.Protocol)
	}
	cpus, errCPUs := host.CPUs()
	var errFiles error
	s.split.Generator = cpus
	s.openFiles, errFiles = host.OpenFiles()
	err := errors.Join(errCPUs, errFiles)
	for _, do := range []func() error{
		s.newRecord,
		func() error { return s.openCredentials(ctx) },
		func() error { return s.prepareRequests(proto) },
	} {
		if err == nil {
			err = do()
		}
	}
	if err != nil {
		return nil, s.secrets.Error(err)
	}
	if !s.secrets.Empty() {
		s.record.Redact = s.secrets.Redact
	}
	return &Load{s, v}, nil
}

// Prepared implements remote.Player.
func (l *Load) Prepared() remote.Prepared {
	name, err := os.Hostname()
	facts := []record.Fact{{Name: "load generator CPUs", Value: targets.FormatCPUs(l.session.split.Generator)}}
	if err == nil {
		facts = append(facts, record.Fact{Name: "load generator host", Value: name})
	}
	return remote.Prepared{Payloads: l.variant.requests.Hash, Facts: facts}
}

// Play implements remote.Player.
func (l *Load) Play(ctx context.Context, p remote.Phase, h remote.Hooks) (record.Cell, error) {
	s := l.session
	if p.Index < 0 || p.Index >= len(s.scenario.Load) {
		return record.Cell{}, fmt.Errorf("the scenario has no phase %d", p.Index)
	}
	cfg := s.attackConfig(l.variant, p.Round, p.Index)
	cfg.CPUs = runtime.GOMAXPROCS(0) // which a limit of the CPU time bounds as well
	cfg.Endpoint = targets.Endpoint{URL: p.URL, Addresses: h.Addresses}
	cfg.Faults = p.Faults
	cfg.Stop, cfg.ServerEnded, cfg.Started, cfg.Progress = h.Stop, h.ServerEnded, h.Started, h.Progress
	cfg.Log, cfg.Raw, cfg.Redact = h.Log, h.Raw, s.record.Redact
	machine, awake := host.Watch(), s.awake
	cell, err := s.send(ctx, cfg)
	cell.Machine = machine(s.awake - awake)
	return cell, err
}
