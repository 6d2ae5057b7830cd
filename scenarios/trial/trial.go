package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// closeTimeout bounds the removal of a deployment.
const closeTimeout = 30 * time.Second

// runTrial deploys a fresh server on a target, plays every phase on it unless its
// start is all that is wanted, removes it, and saves the record. It returns false
// when the rest of the plan is left out.
func (s *session) runTrial(ctx context.Context, t trial) bool {
	began := time.Now()
	s.playTrial(ctx, t)
	s.clock.endTrial(time.Since(began))
	s.save()
	return !s.planOver()
}

func (s *session) playTrial(ctx context.Context, t trial) {
	e := t.event()
	e.Left, e.Likely = s.clock.left(0)
	s.observe(e)
	s.output = s.writer.Output(t.Trial)
	s.kept = s.secrets.Writer(s.output)
	defer s.closeOutput(t)
	s.events = new(eventLog)
	deployment, err := s.deploy(ctx, t)
	if err != nil {
		s.recordFailedDeployment(ctx, t, err)
		return
	}
	defer s.removeServer(ctx, t, deployment)
	start, right := s.recordStart(ctx, t, deployment)
	if right && t.alone == 0 {
		if died := s.playPhases(ctx, t, deployment); died != nil {
			start.Failed = died.Error()
			if evicted, is := errors.AsType[*targets.Evicted](died); is {
				start.Evicted, start.Removed = !evicted.Removed, evicted.Removed
			}
			_, start.OutOfMemory = errors.AsType[*targets.OutOfMemory](died)
		}
	}
	start.Events = s.events.all()
	entry := s.targetEntry(t.Target)
	entry.Deployments = append(entry.Deployments, start)
}

// eventLog collects what happens to the replicas of a deployment.
type eventLog struct {
	mu     sync.Mutex
	events []record.Event
}

func (l *eventLog) add(e record.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

// all returns the events so far, ascending.
func (l *eventLog) all() []record.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := slices.Clone(l.events)
	slices.SortStableFunc(events, func(a, b record.Event) int { return a.At.Compare(b.At) })
	return events
}

// readiness is what a server has to answer to be ready.
func readiness(w targets.Workload) string {
	switch {
	case targets.IsCall(w.Ready):
		return "the gRPC call " + w.Ready
	case w.AnyAnswer:
		return "GET " + w.Ready + " with a status below 500"
	}
	return "GET " + w.Ready + " with 2xx"
}

// lateError says that a server was not ready in time.
type lateError struct{ error }

// deploy starts the server, for as long as the scenario allows and nobody
// stops the run.
func (s *session) deploy(ctx context.Context, t trial) (*targets.Deployment, error) {
	v := s.variant(t.Target)
	limit := v.scenario.Workload.StartTimeout
	ctx, cancel := targets.WithStartLimit(ctx, limit,
		&lateError{fmt.Errorf("not ready within workload.start_timeout = %v (a server has to listen on {port} or the environment's PORT, and answer %s)",
			limit, readiness(v.workload))})
	defer cancel()
	ctx, stop := s.untilStopped(ctx)
	defer stop()
	w := v.workload
	w.Credentials, w.Output, w.Events = v.credentials, s.kept, s.events.add
	deployment, err := v.target.Deploy(ctx, w)
	if err != nil {
		return nil, s.withOutputFile(errors.Join(err, s.kept.Flush()))
	}
	return deployment, nil
}

func (s *session) recordFailedDeployment(ctx context.Context, t trial, err error) {
	if s.stopped(ctx) {
		s.recordInterruption("while %s was deployed", s.where(t))
		return
	}
	entry := s.targetEntry(t.Target)
	if _, late := errors.AsType[*lateError](err); late && len(entry.Deployments) == 0 {
		s.neverReady = append(s.neverReady, t.Target)
	}
	failed := t.deployment()
	failed.Failed, failed.Events = err.Error(), s.events.all()
	entry.Deployments = append(entry.Deployments, failed)
	s.fault(t, "", &NotAvailableError{fmt.Errorf("deploy: %w", err)}, true)
}

func (s *session) removeServer(ctx context.Context, t trial, deployment *targets.Deployment) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := deployment.Close(ctx); err != nil {
		s.fault(t, "", fmt.Errorf("remove the server: %w", err), false)
	}
}

// closeTargets removes what the targets kept from trial to trial, however the run ended.
// All was measured by then: what stays is recorded and told, and is no failure of the run.
func (s *session) closeTargets(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	for _, target := range s.targets {
		if err := target.Close(ctx); err != nil {
			s.record.Faults = append(s.record.Faults, record.Fault{Text: err.Error(), Left: true})
			s.note("left behind; servebench clean removes it: %v", err)
		}
	}
}

// withOutputFile adds to an error of the server, which quotes the end of its output,
// where the rest of that is.
func (s *session) withOutputFile(err error) error {
	if err == nil || s.output.Name() == "" {
		return err
	}
	return fmt.Errorf("%w; the server's output is in %s in the run's folder", err, s.output.Name())
}

// closeOutput ends the keeping of what the server of a trial writes. What could not be
// kept is told, and spoils no figure.
func (s *session) closeOutput(t trial) {
	if err := errors.Join(s.kept.Flush(), s.output.Close()); err != nil {
		s.note("%s: %v", t, err)
	}
}
