package trial

import (
	"fmt"
	"slices"

	"servebench/generators"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/attack"
	"servebench/scenarios/decode"
	"servebench/scenarios/monitor"
)

// checkSensitive holds the fields that a log of predictions leaves out to those that it has, so that
// a slip writes nothing down that should not be.
func checkSensitive(sc *scenarios.Scenario, schema generators.Schema) error {
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
	return nil
}

// startMonitor watches the answers of the i-th phase of a trial, if the scenario says so. What it
// returns ends that, and returns what was seen; nil: nobody asked for it.
func (s *session) startMonitor(t trial, i int, cfg *attack.Config, elsewhere *generator) (stop func() *record.Monitor) {
	settings := s.scenario.Monitor
	switch {
	case settings == nil:
		return func() *record.Monitor { return nil }
	case elsewhere != nil:
		return func() *record.Monitor {
			return &record.Monitor{Unwatched: "the load is made elsewhere, and its answers are not known here"}
		}
	}
	phase := s.scenario.Load[i].Name
	m := monitor.Start(monitor.Config{
		Monitoring: *settings, Span: cfg.Span, Schema: cfg.Corpus.Schema(), Redact: s.record.Redact, Remove: s.writer.RemovePredictions,
		Create: func(part int) (monitor.File, error) {
			file, name, err := s.writer.Predictions(t.Trial, phase, part)
			return monitor.File{WriteCloser: file, Name: name}, err
		},
	})
	cfg.Answered = m.Answered
	return func() *record.Monitor {
		seen := m.Close()
		if seen.LogFailed != "" {
			s.note("%s: phase %s: the log of predictions is incomplete: %s", t, phase, seen.LogFailed)
		}
		return seen
	}
}
