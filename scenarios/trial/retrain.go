package trial

import (
	"context"
	"os/exec"
	"path/filepath"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/attack"
	"servebench/scenarios/corpus"
	"servebench/scenarios/decode"
	"servebench/scenarios/monitor"
	"servebench/scenarios/retrain"
	"servebench/targets"
	"servebench/targets/protocol"
)

// swaps are those of the model of a trial, from phase to phase.
type swaps struct {
	of      record.Trial
	serving *corpus.Serving
	version int // of the model that was handed over last; 1 is what the server began with
	// reference is what the last model was trained on; nil: there was none.
	reference *monitor.Reference
}

// swapsOf are those of a trial, at the beginning of a phase.
func (s *session) swapsOf(t trial, model string) *swaps {
	if s.swaps == nil || s.swaps.of != t.Trial {
		s.swaps = &swaps{of: t.Trial, serving: corpus.NewServing(model), version: 1}
	} else {
		s.swaps.serving = s.swaps.serving.Next()
	}
	return s.swaps
}

// findTrainer finds the user's command that trains a variant's model.
func findTrainer(sc *scenarios.Scenario) error {
	r := sc.Retrain
	if r.Never() || r.Command == nil {
		return nil
	}
	if _, err := exec.LookPath(r.Command[0]); err != nil {
		return decode.Faults{sc.Source.Fault("retrain.command", err.Error(), "a program that can be run here")}
	}
	return nil
}

// startTrainer has the model trained again in a phase of a trial as the variant's scenario says,
// and the monitor ask for it. trained is told what came of it. nil: it is only watched.
func (s *session) startTrainer(t trial, deployment *targets.Deployment, load *attack.Config, watch *monitor.Config, trained func(monitor.Trained)) *retrain.Trainer {
	v := s.variant(t.Target)
	plan := v.scenario.Retrain
	if plan.Never() {
		return nil
	}
	state := s.swapsOf(t, v.scenario.Workload.Model)
	load.Serving = state.serving
	cpus := v.workload.CPUSet
	if len(cpus) == 0 {
		cpus = s.split.Target
	}
	cfg := retrain.Config{
		Schema: load.Corpus.Schema(), Dir: v.scenario.Dir, URL: deployment.Endpoint.URL, CPUs: cpus,
		Command: func(data, model string) ([]string, error) { return s.trainer(v, data, model) },
		Serving: state.serving, Redact: s.record.Redact,
		Trained: func(done monitor.Trained) {
			if done.Swapped > 0 {
				state.reference = &done.Reference
			}
			trained(done)
		},
	}
	fact := "by the command of the scenario"
	if plan.Command == nil {
		fact = "by refserver train"
		cfg.Open = func(path string) (protocol.Model, error) {
			m, err := s.Reference.Open(v.scenario.Workload.Model, path)
			return m.Model, err
		}
		cfg.Swap = func(ctx context.Context, path string) error {
			state.version++
			return retrain.Repository{Endpoint: deployment.Endpoint, Model: v.scenario.Workload.Model}.Load(ctx, path, state.version)
		}
	}
	fact += ", on CPUs " + targets.FormatCPUs(cpus)
	switch {
	case len(v.workload.CPUSet) == 0:
		fact += " of this machine, which the server does not have"
	default:
		fact += ", which the server has as well; not within its limits, and not in its usage"
	}
	if plan.Command != nil {
		fact += "; answers of a model that it made are not checked, since that is not known here"
	}
	addFact(s.targetEntry(t.Target), record.Fact{Name: record.FactRetraining, Value: fact})
	trainer := retrain.New(cfg)
	watch.Retrain, watch.Train = *plan.Record(), trainer.Train
	started := load.Started
	load.Started = trainer.Start
	if started != nil { // faults beside a command of the user's
		load.Started = func(zero time.Time) { trainer.Start(zero); started(zero) }
	}
	return trainer
}

// trainer is the command line that trains a variant's model.
func (s *session) trainer(v *variant, data, model string) ([]string, error) {
	own := v.scenario.Retrain.Command
	if own == nil {
		return s.Reference.Train(v.scenario, data, model)
	}
	path, err := exec.LookPath(own[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	return append([]string{path}, own[1:]...), err
}

// noteFailed tells which trainings failed. Nothing else suffers from it.
func (s *session) noteFailed(t trial, phase string, all []record.Retraining) {
	for _, r := range all {
		if r.Failed != "" {
			s.note("%s: phase %s: the model was not trained again (%s), and the one that was there is served on: %s", t, phase, r.Reason, r.Failed)
		}
	}
}
