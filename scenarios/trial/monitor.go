package trial

import (
	"fmt"
	"slices"

	"servebench/generators"
	"servebench/generators/drift/profiles"
	"servebench/generators/predictions"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/attack"
	"servebench/scenarios/decode"
	"servebench/scenarios/monitor"
	"servebench/targets"
)

// prepareMonitor holds the fields that a log of predictions leaves out to those that it has, so that
// a slip writes nothing down that should not be, and reads the reference.
func (s *session) prepareMonitor(sc *scenarios.Scenario, schema generators.Schema) error {
	if sc.Monitor == nil {
		return nil
	}
	var names []string
	for _, f := range schema.Features {
		names = append(names, f.Name)
	}
	names = append(names, record.FieldPrediction, record.FieldOutcome)
	var faults decode.Faults
	for i, name := range sc.Monitor.Sensitive {
		if !slices.Contains(names, name) {
			faults = append(faults, sc.Source.Fault(decode.Element("monitor.sensitive", i), fmt.Sprintf("the log has no field %q%s", name, decode.Suggest(name, names)), decode.OneOf(names)))
		}
	}
	if len(faults) > 0 {
		return faults
	}
	if sc.Monitor.Reference == record.FirstPhase || s.profile != nil {
		return nil
	}
	profile, want, err := profiles.Open(sc.Monitor.Reference, schema, nil)
	if err != nil {
		return decode.Faults{sc.Source.FileFault("monitor.reference", sc.Monitor.Reference, err, want)}
	}
	s.profile = profile
	return nil
}

// firstPhase is the reference that the first phase of a trial is.
type firstPhase struct {
	of record.Trial
	monitor.Reference
}

// referenceFor is what the i-th phase of a trial is compared with.
func (s *session) referenceFor(t trial, i int) monitor.Reference {
	switch {
	case s.swaps != nil && s.swaps.of == t.Trial && s.swaps.reference != nil:
		return *s.swaps.reference
	case s.scenario.Monitor.Reference != record.FirstPhase:
		return monitor.Reference{Profile: s.profile}
	case i == 0:
		return monitor.Reference{Why: "it is the reference itself"}
	case s.first.of != t.Trial:
		return monitor.Reference{Why: "the first phase of the trial, which is the reference, was not played before it"}
	}
	return s.first.Reference
}

// startMonitor watches the answers of the i-th phase of a trial, if the scenario says so. What it
// returns ends that, and returns what was seen; nil: nobody asked for it.
func (s *session) startMonitor(t trial, i int, cfg *attack.Config, elsewhere *generator, deployment *targets.Deployment) (stop func() *record.Monitor) {
	settings := s.scenario.Monitor
	switch {
	case settings == nil:
		return func() *record.Monitor { return nil }
	case elsewhere != nil:
		return func() *record.Monitor {
			return &record.Monitor{Unwatched: "the load is made elsewhere, and its answers are not known here"}
		}
	}
	phase, learn := s.scenario.Load[i].Name, i == 0 && settings.Reference == record.FirstPhase
	var m *monitor.Monitor
	watch := monitor.Config{
		Monitoring: *settings, Span: cfg.Span, Schema: cfg.Corpus.Schema(), Reference: s.referenceFor(t, i), Learn: learn, Redact: s.record.Redact, Remove: s.writer.RemovePredictions,
		Create: func(part int) (predictions.File, error) {
			file, name, err := s.writer.Predictions(t.Trial, phase, part)
			return predictions.File{WriteCloser: file, Name: name}, err
		},
	}
	trainer := s.startTrainer(t, deployment, cfg, &watch, func(done monitor.Trained) { m.Trained(done) })
	m = monitor.Start(watch)
	cfg.Answered = m.Answered
	return func() *record.Monitor {
		if trainer != nil {
			trainer.Stop()
		}
		seen := m.Close()
		s.noteFailed(t, phase, seen.Retrainings)
		if learn {
			s.first = firstPhase{t.Trial, m.Reference()}
		}
		if seen.LogFailed != "" {
			s.note("%s: phase %s: the log of predictions is incomplete: %s", t, phase, seen.LogFailed)
		}
		return seen
	}
}
