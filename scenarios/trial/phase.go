package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack"
	"servebench/scenarios/host"
	"servebench/targets"
)

// phases plays the load on a deployment. Its error says that the server died.
func (s *session) phases(ctx context.Context, v trial, deployment *targets.Deployment) error {
	for _, i := range order(s.scenario, v.round) {
		phase := s.scenario.Load[i]
		if s.stopped(ctx) {
			s.interrupted("before phase %s of %s", phase.Name, s.where(v))
			return nil
		}
		if err := s.phase(ctx, v, i, deployment); err != nil {
			s.fault(v, phase.Name, fmt.Errorf("phase %s: %w", phase.Name, err))
			s.broken = true
			return nil
		}
		s.clock.played += s.length(i)
		s.save()
		if s.over() {
			return nil
		}
		select {
		case <-deployment.Done():
			died := fmt.Errorf("the server died in phase %s: %w", phase.Name, s.inFull(deployment.Err()))
			s.fault(v, phase.Name, died)
			return died
		default:
		}
		if s.aborted(v) {
			return nil
		}
	}
	return nil
}

// aborted reports whether a condition of the scenario's ended the last phase, and
// says so: the phases after it are left out in this trial.
func (s *session) aborted(v trial) bool {
	last := s.record.Cells[len(s.record.Cells)-1]
	if last.Aborted == "" {
		return false
	}
	s.note("%s: phase %s ended early, and what was to come after it is left out: %s", v, last.Phase, last.Aborted)
	return true
}

// phase plays one phase and adds its cell to the record, also when not all of it
// could be recorded: its error says so.
func (s *session) phase(ctx context.Context, v trial, i int, deployment *targets.Deployment) error {
	cfg, log, err := s.attack(v, i, deployment.Endpoint)
	if err != nil {
		return err
	}
	cfg.ServerEnded = deployment.Done()
	machine := host.Watch()
	began, whole := time.Now(), context.WithoutCancel(ctx)
	_, _ = deployment.Usage(whole, time.Time{}, began) // that fails, or the next does
	cell, err := s.send(ctx, cfg)
	used, unknown := deployment.Usage(whole, began, time.Now())
	if err = errors.Join(err, log.close()); err != nil {
		cell.Failed = err.Error()
	}
	phase := s.scenario.Load[i]
	cell.Target, cell.Round, cell.Attempt = v.target, v.round, v.attempt
	cell.Phase, cell.Measured = phase.Name, phase.Measure
	cell.Log, cell.Machine = log.Name(), machine()
	if unknown == nil {
		cell.Usage = recorded(used)
	}
	s.record.Cells = append(s.record.Cells, cell)
	if s.stopped(ctx) {
		s.interrupted("in phase %s of %s", phase.Name, s.where(v))
	}
	return err
}

// recorded is a target's usage as the record has it.
func recorded(used targets.Usage) record.Usage {
	u := record.Usage{CPU: used.CPU, Resident: int64(used.Resident), Known: true}
	for _, m := range used.Meters {
		u.Meters = append(u.Meters, record.Meter(m))
	}
	return u
}

// cellFiles are the files that a cell is recorded into.
type cellFiles struct {
	*record.LogWriter
	raw io.Closer // nil without the raw stream
}

func (f cellFiles) close() error {
	err := f.LogWriter.Close()
	if f.raw != nil {
		err = errors.Join(err, f.raw.Close())
	}
	return err
}

// attack configures the load of a cell and opens its files.
func (s *session) attack(v trial, i int, endpoint targets.Endpoint) (attack.Config, cellFiles, error) {
	phase := s.scenario.Load[i]
	cfg := attack.Config{
		Endpoint:    endpoint,
		HTTP:        s.carriage(),
		Corpus:      s.variant(v.target).requests.phases[i],
		Attackers:   s.scenario.Attackers,
		Abort:       abort(s.scenario.AbortOn),
		Span:        s.length(i),
		OrderSeed:   subseed(s.scenario.Seed, seedOrder, v.round, drawnAs(s.scenario, i)),
		Timeout:     s.scenario.Timeout,
		Deadline:    s.record.Scenario.SLO.Deadline(),
		FirstByte:   s.record.Scenario.SLO.FirstByte != record.Quantiles{},
		MaxInFlight: s.inFlight(i),
		CPUs:        len(s.split.Generator),
		Stop:        s.Stop,
		Progress:    s.progress(v, phase.Name),
	}
	s.loop(&cfg, v, i)
	log, err := s.writer.Log(v.id(), phase.Name)
	if err != nil {
		return attack.Config{}, cellFiles{}, err
	}
	cfg.Log = log
	files := cellFiles{LogWriter: log}
	if s.Raw {
		raw, err := s.writer.Raw(v.id(), phase.Name)
		if err != nil {
			return attack.Config{}, cellFiles{}, errors.Join(err, log.Close())
		}
		cfg.Raw, cfg.Redact, files.raw = raw, s.record.Redact, raw
	}
	return cfg, files, nil
}
