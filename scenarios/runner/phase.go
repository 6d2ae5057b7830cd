package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/attack"
	"servebench/scenarios/host"
	"servebench/scenarios/schedule"
	"servebench/targets"
)

// phases plays the load on a deployment. Its error says that the server died.
func (s *session) phases(ctx context.Context, v visit, deployment *targets.Deployment) error {
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
		s.clock.played += phase.Duration
		s.save()
		if s.over() {
			return nil
		}
		select {
		case <-deployment.Done():
			died := fmt.Errorf("the server died in phase %s: %w", phase.Name, deployment.Err())
			s.fault(v, phase.Name, died)
			return died
		default:
		}
	}
	return nil
}

// phase plays one phase and adds its cell to the record, also when not all of it
// could be recorded: its error says so.
func (s *session) phase(ctx context.Context, v visit, i int, deployment *targets.Deployment) error {
	cfg, log, err := s.attack(v, i, deployment.Endpoint)
	if err != nil {
		return err
	}
	machine := host.Watch()
	before, errBefore := deployment.Usage()
	cell, err := s.send(ctx, cfg)
	after, errAfter := deployment.Usage()
	if err = errors.Join(err, log.close()); err != nil {
		cell.Failed = err.Error()
	}
	phase := s.scenario.Load[i]
	cell.Target, cell.Round, cell.Attempt = v.target, v.round, v.attempt
	cell.Phase, cell.Measured = phase.Name, phase.Measure
	cell.Log, cell.Machine = log.Name(), machine()
	if errBefore == nil && errAfter == nil {
		cell.Usage = used(before, after)
	}
	s.record.Cells = append(s.record.Cells, cell)
	if s.stopped(ctx) {
		s.interrupted("in phase %s of %s", phase.Name, s.where(v))
	}
	return err
}

// used is what a target spent between two moments.
func used(before, after targets.Usage) record.Usage {
	u := record.Usage{CPU: after.CPU - before.CPU, Resident: int64(after.Resident), Known: true}
	for _, m := range after.Meters {
		for _, was := range before.Meters {
			if was.Name == m.Name {
				m.Value -= was.Value
			}
		}
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
func (s *session) attack(v visit, i int, endpoint targets.Endpoint) (attack.Config, cellFiles, error) {
	phase, drawn := s.scenario.Load[i], drawnAs(s.scenario, i)
	kind, ok := scenarios.Named(schedule.Kinds(), phase.Law, func(k schedule.Kind) string { return k.Name })
	if !ok {
		return attack.Config{}, cellFiles{}, fmt.Errorf("unknown law %q", phase.Law)
	}
	law, err := kind.New(schedule.Config{Rate: float64(phase.Rate), Duration: phase.Duration})
	if err != nil {
		return attack.Config{}, cellFiles{}, err
	}
	log, err := s.writer.Log(v.id(), phase.Name)
	if err != nil {
		return attack.Config{}, cellFiles{}, err
	}
	cfg := attack.Config{
		Endpoint:    endpoint,
		HTTP:        s.carriage(),
		Corpus:      s.corpora[phase.Model],
		Arrivals:    law.Arrivals(source(s.scenario.Seed, seedSchedule, v.round, drawn)),
		Span:        phase.Duration,
		OrderSeed:   subseed(s.scenario.Seed, seedOrder, v.round, drawn),
		Timeout:     s.scenario.Timeout,
		Deadline:    s.record.Scenario.SLO.Deadline(),
		MaxInFlight: maxInFlight(float64(phase.Rate), s.scenario.Timeout, s.openFiles),
		CPUs:        len(s.split.Generator),
		Log:         log,
		Stop:        s.Stop,
		Progress:    s.progress(v, phase.Name),
	}
	files := cellFiles{LogWriter: log}
	if s.Raw {
		raw, err := s.writer.Raw(v.id(), phase.Name)
		if err != nil {
			return attack.Config{}, cellFiles{}, errors.Join(err, log.Close())
		}
		cfg.Raw, files.raw = raw, raw
	}
	return cfg, files, nil
}

const (
	fewestInFlight = 64
	mostInFlight   = 8192
	// otherFiles is how many of its open files the generator leaves to all but
	// the connections.
	otherFiles = 32
)

// maxInFlight is the cap on requests in flight: as many as can pile up before
// the first of them times out, within what the limit of open files allows.
func maxInFlight(rate float64, timeout time.Duration, openFiles uint64) int {
	most := mostInFlight
	if openFiles < mostInFlight+otherFiles {
		most = max(1, int(openFiles)-otherFiles)
	}
	pile := max(math.Ceil(1.25*rate*timeout.Seconds()), fewestInFlight)
	return int(min(pile, float64(most)))
}
