package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"servebench/generators"
	"servebench/reports/record"
	"servebench/scenarios/corpus"
	"servebench/scenarios/host"
	"servebench/targets"
	"servebench/targets/protocol"
)

// prepare does everything that can fail before the first server is started:
// nothing of it leaves a trace.
func (s *session) prepare(ctx context.Context) error {
	s.newRecord()
	if err := s.openTargets(ctx); err != nil {
		return err
	}
	proto, ok := kindNamed(s.Catalogue.Protocols, s.scenario.Protocol, func(k protocol.Kind) string { return k.Name })
	if !ok {
		return fmt.Errorf("unknown protocol %q", s.scenario.Protocol)
	}
	predict, err := s.newWorkload(proto)
	if err != nil {
		return err
	}
	return s.newCorpus(proto, predict)
}

func (s *session) newRecord() {
	sc := s.scenario
	s.record = &record.Run{
		Schema:      record.Schema,
		Created:     time.Now(),
		Version:     s.Version,
		Command:     s.Command,
		Environment: host.Facts(),
		Scenario: record.Scenario{
			Name:        sc.Name,
			Description: sc.Description,
			Seed:        sc.Seed,
			Rounds:      sc.Rounds,
			SLO: record.SLO{
				P50: sc.SLO.P50, P90: sc.SLO.P90, P99: sc.SLO.P99, P999: sc.SLO.P999,
				Errors: sc.SLO.Errors, Agreement: sc.SLO.Agreement, Accuracy: sc.SLO.Accuracy,
			},
			Batch: sc.Data.Batch,
		},
	}
	for _, p := range sc.Load {
		s.record.Scenario.Phases = append(s.record.Scenario.Phases, record.Phase{
			Name: p.Name, Law: p.Law, Rate: float64(p.Rate), Duration: p.Duration, Measured: p.Measure, Open: true,
		})
	}
}

// openTargets opens the targets that can run here and records why the others
// cannot.
func (s *session) openTargets(ctx context.Context) error {
	s.places = map[string]targets.Target{}
	var missing []error
	for _, name := range s.scenario.Targets {
		kind, ok := kindNamed(s.Catalogue.Targets, name, func(k targets.Kind) string { return k.Name })
		if !ok {
			return fmt.Errorf("unknown target %q", name)
		}
		entry := record.Target{Name: name}
		place, err := s.open(ctx, kind)
		var unavailable *targets.Unavailable
		switch {
		case errors.As(err, &unavailable):
			entry.Unavailable = err.Error()
			missing = append(missing, fmt.Errorf("target %s is not available: %w", name, err))
		case err != nil:
			return fmt.Errorf("open target %s: %w", name, err)
		default:
			s.places[name] = place
		}
		s.record.Targets = append(s.record.Targets, entry)
	}
	if len(s.places) == 0 {
		return &NotAvailableError{errors.Join(missing...)}
	}
	for _, err := range missing {
		s.note("%v", err)
	}
	return nil
}

// open opens a target if it can run here. An *Unavailable says that it cannot.
func (s *session) open(ctx context.Context, kind targets.Kind) (targets.Target, error) {
	if kind.Check != nil {
		if err := kind.Check(ctx, s.scenario.Options[kind.Name]); err != nil {
			return nil, err
		}
	}
	s.sweep(ctx, kind)
	return kind.Open(targets.Config{Options: s.scenario.Options[kind.Name], Dir: os.TempDir()})
}

// sweep removes what a killed servebench left on the target, which would disturb
// this run. What cannot be removed is told and no reason not to run.
func (s *session) sweep(ctx context.Context, kind targets.Kind) {
	removed, err := kind.Sweep(ctx)
	for _, thing := range removed {
		s.note("removed what a killed servebench left: %s", thing)
	}
	if err != nil {
		s.note("remove what a killed servebench left on %s: %v", kind.Name, err)
	}
}

// newWorkload works out the server to run and, where its model is known, the
// oracle for its answers.
func (s *session) newWorkload(proto protocol.Kind) (predict func([]float32) float32, err error) {
	w := s.scenario.Workload
	s.workload = targets.Workload{Command: w.Command, Image: w.Image, Env: w.Env, Ready: w.Ready}
	if s.workload.Ready == "" {
		s.workload.Ready = proto.Ready
	}
	cpus, err := host.CPUs()
	if err != nil {
		return nil, err
	}
	if s.openFiles, err = host.OpenFiles(); err != nil {
		return nil, err
	}
	s.record.Environment = append(s.record.Environment, record.Fact{Name: "open files limit", Value: fmt.Sprint(s.openFiles)})
	s.split = host.Share(cpus, s.scenario.Limits.CPUs)
	if wanted := s.scenario.Limits.CPUs; len(s.split.Target) < wanted {
		s.record.Environment = append(s.record.Environment, record.Fact{
			Name: "limits.cpus", Value: fmt.Sprintf("%d, where the scenario asks for %d: this machine has %d, and the generator needs one", len(s.split.Target), wanted, len(cpus)), Unequal: true,
		})
	}
	s.workload.Limits = targets.Limits{
		CPUs:       s.split.Target,
		Memory:     s.scenario.Limits.Memory,
		GOMAXPROCS: len(s.split.Target),
	}
	if w.Server != ReferenceServer { // the user's own: nobody here knows its model
		return nil, s.checkCommand()
	}
	model, ok := kindNamed(s.Reference.Models, w.Model, func(m Model) string { return m.Name })
	if !ok {
		return nil, fmt.Errorf("workload.model: the reference server has no model %q", w.Model)
	}
	if model.Generator != s.scenario.Data.Generator {
		return nil, fmt.Errorf("data.generator: model %q takes the examples of generator %q, not of %q",
			w.Model, model.Generator, s.scenario.Data.Generator)
	}
	s.workload.Command, err = s.Reference.Command(w.Model)
	return model.Predict, err
}

// checkCommand finds out before the run whether the user's own server is there.
func (s *session) checkCommand() error {
	if len(s.workload.Command) == 0 {
		return nil
	}
	if _, err := s.workload.Executable(); err != nil {
		return Faults{{Field: "workload.command", Problem: err.Error(), Want: "a program that can be run here"}}
	}
	return nil
}

// newCorpus materialises the requests and hashes them into the record.
func (s *session) newCorpus(proto protocol.Kind, predict func([]float32) float32) error {
	data := s.scenario.Data
	kind, ok := kindNamed(s.Catalogue.Generators, data.Generator, func(k generators.Kind) string { return k.Name })
	if !ok {
		return fmt.Errorf("unknown generator %q", data.Generator)
	}
	generator, err := kind.Open(generators.Config{Params: data.Params})
	if err != nil {
		return fmt.Errorf("open generator %s: %w", data.Generator, err)
	}
	client, err := proto.Open(protocol.Config{Model: s.scenario.Workload.Model, Schema: generator.Schema()})
	if err != nil {
		return fmt.Errorf("open protocol %s: %w", proto.Name, err)
	}
	s.requests, err = corpus.Build(corpus.Config{
		Generator: generator,
		Protocol:  client,
		Size:      data.Corpus,
		Batch:     data.Batch,
		Seed:      subseed(s.scenario.Seed, seedData),
		Predict:   predict,
	})
	if err != nil {
		return fmt.Errorf("build corpus: %w", err)
	}
	text, err := s.scenario.YAML()
	if err != nil {
		return fmt.Errorf("resolve scenario: %w", err)
	}
	s.record.Scenario.Text = string(text)
	s.record.Scenario.Payloads = s.requests.Hash()
	s.record.Scenario.Corpus = s.requests.Len()
	return nil
}

// kindNamed finds an entry of a list by its name.
func kindNamed[K any](kinds []K, name string, nameOf func(K) string) (K, bool) {
	i := slices.IndexFunc(kinds, func(k K) bool { return nameOf(k) == name })
	if i < 0 {
		var none K
		return none, false
	}
	return kinds[i], true
}
