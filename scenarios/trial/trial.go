package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// closeTimeout bounds the removal of a deployment.
const closeTimeout = 30 * time.Second

// endPause is how long a process may take to end after its connections did.
const endPause = 200 * time.Millisecond

// runTrial deploys a fresh server on a target, plays every phase on it unless its
// start is all that is wanted, and removes it.
func (s *session) runTrial(ctx context.Context, v trial) {
	e := v.event()
	e.Left = s.clock.left(0)
	s.observe(e)
	s.output = s.writer.Output(v.id())
	s.kept = s.secrets.Writer(s.output)
	defer s.closeOutput(v)
	deployment, err := s.deploy(ctx, v)
	if err != nil {
		s.deployFailed(ctx, v, err)
		return
	}
	defer s.remove(ctx, v, deployment)
	start, right := s.start(ctx, v, deployment)
	if right && v.alone == 0 {
		if died := s.phases(ctx, v, deployment); died != nil {
			start.Failed = died.Error()
		}
	}
	entry := s.targetEntry(v.target)
	entry.Deployments = append(entry.Deployments, start)
}

// expected is what a first answer has to be.
func (s *session) expected() string {
	if s.scenario.Template != nil {
		return "what template.expect says"
	}
	return "one of protocol " + s.scenario.Protocol
}

// start records how a deployment came up, to its first answer. Load on a server whose
// first answer is not right, whatever is wrong with it, would measure nothing.
func (s *session) start(ctx context.Context, v trial, deployment *targets.Deployment) (start record.Deployment, right bool) {
	start = v.deployment()
	start.Preparation = deployment.Preparation
	for _, stage := range deployment.Stages {
		start.Stages = append(start.Stages, record.Stage(stage))
	}
	addFacts(s.targetEntry(v.target), s.redacted(slices.Concat(s.variant(v.target).facts, deployment.Facts)), v.round)
	asked := time.Now()
	ctx, cancel := s.untilStopped(ctx)
	defer cancel()
	switch what, err := s.firstAnswer(ctx, s.variant(v.target).requests.first, deployment.Endpoint); {
	case err == nil:
		if n := len(start.Stages); n > 0 { // else the server ran already
			start.Stages = append(start.Stages, record.Stage{Name: record.FirstAnswer, At: start.Stages[n-1].At + time.Since(asked)})
		}
		return start, true
	case s.stopped(ctx):
		return start, true // the phases see it, too
	default:
		start.FirstAnswerError = err.Error()
		start.Failed = ended(deployment)
		s.fault(v, "", s.inFull(fmt.Errorf("the server is up, but %s: %w", what, err)))
		return start, false
	}
}

// ended says why a server is not there any more; "" when it is. It waits a little: a
// connection ends before the process does.
func ended(deployment *targets.Deployment) string {
	select {
	case <-deployment.Done():
		return fmt.Sprintf("the server died at its first request: %v", deployment.Err())
	case <-time.After(endPause):
		return ""
	}
}

func (s *session) remove(ctx context.Context, v trial, deployment *targets.Deployment) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := deployment.Close(ctx); err != nil {
		s.fault(v, "", fmt.Errorf("remove the server: %w", err))
	}
}

func (s *session) targetEntry(name string) *record.Target {
	i := slices.IndexFunc(s.record.Targets, func(t record.Target) bool { return t.Name == name })
	return &s.record.Targets[i]
}

// errStopped is the cause of a deployment that was given up for the user.
var errStopped = errors.New("stopped by the user")

// deploy starts the server, for as long as the scenario allows and nobody
// stops the run.
func (s *session) deploy(ctx context.Context, v trial) (*targets.Deployment, error) {
	a := s.variant(v.target)
	limit := a.scenario.Workload.StartTimeout
	ctx, cancel := context.WithTimeoutCause(ctx, limit,
		fmt.Errorf("not ready within workload.start_timeout = %v (a server has to listen on {port} or the environment's PORT, and answer GET %s with 2xx)",
			limit, a.workload.Ready))
	defer cancel()
	ctx, stop := s.untilStopped(ctx)
	defer stop()
	w := a.workload
	w.Output = s.kept
	deployment, err := a.target.Deploy(ctx, w)
	if err != nil {
		return nil, s.inFull(errors.Join(err, s.kept.Flush()))
	}
	return deployment, nil
}

// inFull adds to an error of the server, which quotes the end of its output, where the
// rest of that is.
func (s *session) inFull(err error) error {
	if err == nil || s.output.Name() == "" {
		return err
	}
	return fmt.Errorf("%w\n\tthe server's output is in %s in the run's folder", err, s.output.Name())
}

// closeOutput ends the keeping of what the server of a trial writes. What could not be
// kept is told, and spoils no figure.
func (s *session) closeOutput(v trial) {
	if err := errors.Join(s.kept.Flush(), s.output.Close()); err != nil {
		s.note("%s: %v", v, err)
	}
}

// untilStopped returns a context that also ends when the user stops the run.
func (s *session) untilStopped(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-s.Stop:
			stop(errStopped)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { stop(nil) }
}

func (s *session) deployFailed(ctx context.Context, v trial, err error) {
	if s.stopped(ctx) {
		s.interrupted("while %s was deployed", s.where(v))
		return
	}
	entry := s.targetEntry(v.target)
	failed := v.deployment()
	failed.Failed = err.Error()
	entry.Deployments = append(entry.Deployments, failed)
	s.fault(v, "", &NotAvailableError{fmt.Errorf("deploy: %w", err)})
}
