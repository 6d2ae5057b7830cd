package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/attack"
	"servebench/scenarios/attack/remote"
	"servebench/scenarios/attack/transport"
	"servebench/scenarios/host"
	"servebench/scenarios/preflight"
	"servebench/targets"
	"servebench/targets/protocol"
)

// playPhases plays the load on a deployment. Its error says that the server died.
func (s *session) playPhases(ctx context.Context, t trial, deployment *targets.Deployment) error {
	elsewhere, ready := s.openGenerator(ctx, t, deployment)
	defer s.closeGenerator(ctx, t, elsewhere)
	if !ready {
		return nil
	}
	for _, i := range phaseOrder(s.scenario, t.Round) {
		phase := s.scenario.Load[i]
		if s.stopped(ctx) {
			s.recordInterruption("before phase %s of %s", phase.Name, s.where(t))
			return nil
		}
		if recorded, err := s.playPhase(ctx, t, i, deployment, elsewhere); err != nil {
			s.fault(t, phase.Name, fmt.Errorf("phase %s: %w", phase.Name, err), recorded)
			if _, lost := errors.AsType[*remote.LostError](err); !lost { // the next trial has another generator
				s.broken = true
			}
			return nil
		}
		s.clock.played += s.plannedDuration(i)
		s.save()
		if s.planOver() {
			return nil
		}
		last := s.record.Cells[len(s.record.Cells)-1]
		if ended(deployment, last) {
			died := fmt.Errorf("%s in phase %s%s: %w", howEnded(deployment), phase.Name, s.unlessRestarted(phase.Name), s.withOutputFile(deployment.Err()))
			if s.record.Capacity != nil { // a rate that kills the server is a result
				s.note("%s: %v", t, died)
				return died
			}
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

// howEnded says whether the server died, or who ended it.
func howEnded(deployment *targets.Deployment) string {
	evicted, is := errors.AsType[*targets.Evicted](deployment.Err())
	switch {
	case is && evicted.Removed:
		return "the server was removed"
	case is:
		return "the platform ended the server"
	}
	return "the server died"
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
func (s *session) playPhase(ctx context.Context, t trial, i int, deployment *targets.Deployment, elsewhere *generator) (recorded bool, err error) {
	cfg := s.attackConfig(s.variant(t.Target), t.Round, i)
	cfg.Endpoint, cfg.Progress = deployment.Endpoint, s.watchPhase(t, s.scenario.Load[i].Name)
	files, err := s.openCellFiles(t, i, &cfg)
	if err != nil {
		return false, err
	}
	cfg.ServerEnded = deployment.Done()
	faults, planned := s.planFaults(ctx, t, s.scenario.Load[i].Name, deployment)
	if faults != nil { // what the end of a server costs its users is counted to the end of the load
		cfg.ServerEnded = nil
		cfg.Started = func(zero time.Time) { faults.begin(zero, planned) }
		for _, f := range planned {
			cfg.Faults = append(cfg.Faults, f.At)
		}
		slices.Sort(cfg.Faults)
	}
	watched := s.startMonitor(t, i, &cfg, elsewhere, deployment)
	machine, awake := host.Watch(), s.awake
	began, whole := time.Now(), context.WithoutCancel(ctx)
	_, _ = deployment.Usage(whole, time.Time{}, began) // that fails, or the next does
	cell, err := s.makeLoad(ctx, t, i, cfg, elsewhere)
	for _, failed := range faults.finish() {
		s.fault(t, s.scenario.Load[i].Name, failed, false)
	}
	used, unknown := deployment.Usage(whole, began, time.Now())
	cell.Monitor = watched()
	if err = errors.Join(err, files.close()); err != nil {
		cell.Failed = err.Error()
	}
	phase := s.scenario.Load[i]
	cell.Target, cell.Round, cell.Attempt = t.Target, t.Round, t.Attempt
	cell.Phase, cell.Measured = phase.Name, phase.Measure
	if cell.Log = files.Name(); elsewhere == nil {
		cell.Machine = machine(s.awake - awake)
	}
	cell.Usage, cell.Usage.Known = used, unknown == nil
	s.record.Cells = append(s.record.Cells, cell)
	if s.stopped(ctx) {
		s.recordInterruption("in phase %s of %s", phase.Name, s.where(t))
	}
	return true, err
}

// send drives the load.
func (s *session) send(ctx context.Context, cfg attack.Config) (record.Cell, error) {
	return s.quietly(func() (record.Cell, error) { return attack.Run(ctx, cfg) })
}

// quietly has load made as undisturbed as this machine allows, which a server on it may notice
// wherever the load comes from.
func (s *session) quietly(play func() (record.Cell, error)) (cell record.Cell, err error) {
	for _, q := range s.quiet {
		restore, refused := q()
		if refused != nil {
			return record.Cell{}, refused
		}
		defer func() { err = errors.Join(err, restore()) }()
	}
	return play()
}

// attackConfig is the load of a phase on a variant, without where it goes, what is told of it
// and the files that it is recorded into.
func (s *session) attackConfig(v *variant, round, i int) attack.Config {
	cfg := attack.Config{
		HTTP:        s.transportOptions(),
		Retries:     s.retries(),
		Credentials: v.credentials,
		Corpus:      v.requests.Phases[i],
		Attackers:   s.scenario.Attackers,
		Abort:       s.scenario.AbortOn,
		Span:        s.plannedDuration(i),
		OrderSeed:   subseed(s.scenario.Seed, seedOrder, round, drawnAs(s.scenario, i)),
		Timeout:     s.scenario.Timeout,
		Deadline:    s.record.Scenario.SLO.Deadline(),
		FirstByte:   s.record.Scenario.SLO.FirstByte != record.Quantiles{},
		MaxInFlight: s.mostInFlight(i),
		CPUs:        len(s.split.Generator),
		Stop:        s.Stop,
	}
	if faults := s.scenario.Load[i].Inject; faults != nil {
		cfg.Header = http.Header{protocol.InjectHeader: {strings.Join(faults, ", ")}}
	}
	if d := s.scenario.Data.Drift; d != nil {
		cfg.Drifted = func(due time.Duration) float64 { return d.Spec().Shape.Share(int64(s.plannedStart(i) + due)) }
	}
	s.setArrivals(&cfg, round, i)
	return cfg
}

// plannedStart is when the i-th phase begins, counted as data.drift.at is.
func (s *session) plannedStart(i int) (start time.Duration) {
	for k := range i {
		start += s.plannedDuration(k)
	}
	return start
}

// openCellFiles opens the files that the i-th phase of a trial is recorded into.
func (s *session) openCellFiles(t trial, i int, cfg *attack.Config) (cellFiles, error) {
	phase := s.scenario.Load[i].Name
	log, err := s.writer.Log(t.Trial, phase)
	if err != nil {
		return cellFiles{}, err
	}
	cfg.Log = log
	files := cellFiles{LogWriter: log}
	if s.Raw {
		raw, err := s.writer.Raw(t.Trial, phase)
		if err != nil {
			return cellFiles{}, errors.Join(err, log.Close())
		}
		cfg.Raw, cfg.Redact, files.raw = raw, s.record.Redact, raw
	}
	return files, nil
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
func (s *session) setArrivals(cfg *attack.Config, round, i int) {
	phase, drawn := s.scenario.Load[i], drawnAs(s.scenario, i)
	if phase.Concurrency > 0 {
		cfg.Concurrency = phase.Concurrency
		cfg.Think = s.thinkTimes(phase.Think, round, drawn)
		return
	}
	cfg.Scheduled, cfg.Steps = s.processes[i].Shape().Arrivals, s.record.Phase(phase.Name).Steps
	cfg.Arrivals = s.processes[i].Arrivals(source(s.scenario.Seed, seedSchedule, round, drawn))
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

// mostInFlight is the cap on requests in flight of the i-th phase: in a closed loop no
// worker has more than one.
func (s *session) mostInFlight(i int) int {
	if process := s.processes[i]; process != nil {
		return preflight.MaxInFlight(process.Shape().Peak, s.scenario.Timeout, s.openFiles)
	}
	return s.scenario.Load[i].Concurrency
}
