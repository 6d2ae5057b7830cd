package trial

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
	"servebench/scenarios/attack/transport"
	"servebench/scenarios/host"
	"servebench/targets"
)

// playPhases plays the load on a deployment. Its error says that the server died.
func (s *session) playPhases(ctx context.Context, t trial, deployment *targets.Deployment) error {
	for _, i := range phaseOrder(s.scenario, t.Round) {
		phase := s.scenario.Load[i]
		if s.stopped(ctx) {
			s.recordInterruption("before phase %s of %s", phase.Name, s.where(t))
			return nil
		}
		if recorded, err := s.playPhase(ctx, t, i, deployment); err != nil {
			s.fault(t, phase.Name, fmt.Errorf("phase %s: %w", phase.Name, err), recorded)
			s.broken = true
			return nil
		}
		s.clock.played += s.plannedDuration(i)
		s.save()
		if s.planOver() {
			return nil
		}
		last := s.record.Cells[len(s.record.Cells)-1]
		if ended(deployment, last) {
			died := fmt.Errorf("the server died in phase %s%s: %w", phase.Name, s.unlessRestarted(phase.Name), s.withOutputFile(deployment.Err()))
			s.fault(t, phase.Name, died, true)
			return died
		}
		if last.Aborted != "" {
			s.note("%s: phase %s ended early, and what was to come after it is left out: %s", t, last.Phase, last.Aborted)
			return nil
		}
	}
	return nil
}

// deathPause is how long a server may take to be known to have ended after its connections
// did: in a guest that is emulated, on a busy machine.
const deathPause = 2 * time.Second

// ended reports whether the server ended. After a phase in which connections broke it is
// given the time to.
func ended(deployment *targets.Deployment, cell record.Cell) bool {
	var pause time.Duration
	for _, e := range cell.Errors {
		if e.Class == record.ErrorClosed || e.Class == record.ErrorRefused {
			pause = deathPause
		}
	}
	select {
	case <-deployment.Done():
		return true
	case <-time.After(pause):
	}
	select {
	case <-deployment.Done():
		return true
	default:
		return false
	}
}

// playPhase plays one phase and adds its cell to the record, also when not all of it
// could be recorded: its error says so, and recorded that the cell does, too.
func (s *session) playPhase(ctx context.Context, t trial, i int, deployment *targets.Deployment) (recorded bool, err error) {
	cfg, files, err := s.attackConfig(t, i, deployment.Endpoint)
	if err != nil {
		return false, err
	}
	cfg.ServerEnded = deployment.Done()
	faults, planned := s.planFaults(ctx, t, s.scenario.Load[i].Name, deployment)
	if faults != nil { // what the end of a server costs its users is counted to the end of the load
		cfg.ServerEnded = nil
		cfg.Started = func(zero time.Time) { faults.begin(zero, planned) }
	}
	machine := host.Watch()
	began, whole := time.Now(), context.WithoutCancel(ctx)
	_, _ = deployment.Usage(whole, time.Time{}, began) // that fails, or the next does
	cell, err := s.send(ctx, cfg)
	for _, failed := range faults.finish() {
		s.fault(t, s.scenario.Load[i].Name, failed, false)
	}
	used, unknown := deployment.Usage(whole, began, time.Now())
	if err = errors.Join(err, files.close()); err != nil {
		cell.Failed = err.Error()
	}
	phase := s.scenario.Load[i]
	cell.Target, cell.Round, cell.Attempt = t.Target, t.Round, t.Attempt
	cell.Phase, cell.Measured = phase.Name, phase.Measure
	cell.Log, cell.Machine = files.Name(), machine()
	cell.Usage, cell.Usage.Known = used, unknown == nil
	s.record.Cells = append(s.record.Cells, cell)
	if s.stopped(ctx) {
		s.recordInterruption("in phase %s of %s", phase.Name, s.where(t))
	}
	return true, err
}

// send drives the load, as undisturbed as this machine allows.
func (s *session) send(ctx context.Context, cfg attack.Config) (cell record.Cell, err error) {
	for _, q := range s.quiet {
		restore, refused := q()
		if refused != nil {
			return record.Cell{}, refused
		}
		defer func() { err = errors.Join(err, restore()) }()
	}
	return attack.Run(ctx, cfg)
}

func (s *session) attackConfig(t trial, i int, endpoint targets.Endpoint) (attack.Config, cellFiles, error) {
	phase, v := s.scenario.Load[i], s.variant(t.Target)
	cfg := attack.Config{
		Endpoint:    endpoint,
		HTTP:        s.transportOptions(),
		Retries:     s.retries(),
		Credentials: v.credentials,
		Corpus:      v.requests.phases[i],
		Attackers:   s.scenario.Attackers,
		Abort:       s.scenario.AbortOn,
		Span:        s.plannedDuration(i),
		OrderSeed:   subseed(s.scenario.Seed, seedOrder, t.Round, drawnAs(s.scenario, i)),
		Timeout:     s.scenario.Timeout,
		Deadline:    s.record.Scenario.SLO.Deadline(),
		FirstByte:   s.record.Scenario.SLO.FirstByte != record.Quantiles{},
		MaxInFlight: s.mostInFlight(i),
		CPUs:        len(s.split.Generator),
		Stop:        s.Stop,
		Progress:    s.watchPhase(t, phase.Name),
	}
	s.setArrivals(&cfg, t, i)
	log, err := s.writer.Log(t.Trial, phase.Name)
	if err != nil {
		return attack.Config{}, cellFiles{}, err
	}
	cfg.Log = log
	files := cellFiles{LogWriter: log}
	if s.Raw {
		raw, err := s.writer.Raw(t.Trial, phase.Name)
		if err != nil {
			return attack.Config{}, cellFiles{}, errors.Join(err, log.Close())
		}
		cfg.Raw, cfg.Redact, files.raw = raw, s.record.Redact, raw
	}
	return cfg, files, nil
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

// setArrivals says when the requests of a phase are due: by an arrival process in an open
// loop, by the workers in a closed one.
func (s *session) setArrivals(cfg *attack.Config, t trial, i int) {
	phase, drawn := s.scenario.Load[i], drawnAs(s.scenario, i)
	if phase.Concurrency > 0 {
		cfg.Concurrency = phase.Concurrency
		cfg.Think = s.thinkTimes(phase.Think, t.Round, drawn)
		return
	}
	cfg.Scheduled, cfg.Steps = s.processes[i].Shape().Arrivals, s.record.Scenario.Phases[i].Steps
	cfg.Arrivals = s.processes[i].Arrivals(source(s.scenario.Seed, seedSchedule, t.Round, drawn))
}

// thinkTimes returns the think times of a phase's workers, nil where they do not think.
func (s *session) thinkTimes(think *scenarios.Think, round, drawn int) func() time.Duration {
	if think == nil {
		return nil
	}
	if think.Distribution == scenarios.ConstantThink {
		return func() time.Duration { return think.Mean }
	}
	rng := source(s.scenario.Seed, seedThink, round, drawn)
	return func() time.Duration { return time.Duration(rng.ExpFloat64() * float64(think.Mean)) }
}

func (s *session) retries() attack.Retries {
	r := s.scenario.HTTP.Retries
	if r == nil {
		return attack.Retries{}
	}
	classes, statuses := r.Failures()
	return attack.Retries{Attempts: r.Attempts, Classes: classes, Statuses: statuses, Backoff: r.Backoff}
}

func (s *session) transportOptions() transport.Options {
	h := s.scenario.HTTP
	o := transport.Options{
		Standard:           h.Client == scenarios.StandardClient,
		ConnectTimeout:     h.ConnectTimeout,
		FirstByteTimeout:   h.FirstByteTimeout,
		ConnectionLifetime: h.ConnectionLifetime,
		NoKeepAlive:        !h.KeepAlive,
		RetryNonIdempotent: h.RetryNonIdempotent,
	}
	if h.Version == scenarios.HTTP2 {
		o.Version = transport.HTTP2
	}
	return o
}

const (
	fewestInFlight = 64
	mostInFlight   = 8192
	// otherFiles is how many of its open files the generator leaves to all but
	// the connections.
	otherFiles = 32
)

// mostInFlight is the cap on requests in flight of the i-th phase: in a closed loop no
// worker has more than one.
func (s *session) mostInFlight(i int) int {
	if process := s.processes[i]; process != nil {
		return maxInFlight(process.Shape().Peak, s.scenario.Timeout, s.openFiles)
	}
	return s.scenario.Load[i].Concurrency
}

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
