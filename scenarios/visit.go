package scenarios

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

// visit deploys a fresh server on a target, plays every phase on it, and
// removes it.
func (s *session) visit(ctx context.Context, v visit) {
	s.observe(Event{Target: v.target, Round: v.round, Left: s.clock.left(0)})
	entry := s.targetEntry(v.target)
	deployment, err := s.deploy(ctx, v)
	if err != nil {
		s.deployFailed(ctx, v, err)
		return
	}
	start := record.Deployment{Round: v.round}
	for _, stage := range deployment.Stages {
		start.Stages = append(start.Stages, record.Stage(stage))
	}
	if len(entry.Facts) == 0 {
		for _, fact := range deployment.Facts {
			entry.Facts = append(entry.Facts, record.Fact(fact))
		}
	}
	ready, asked := deployment.Stages[len(deployment.Stages)-1].At, time.Now()
	if err := s.firstAnswer(ctx, deployment.Endpoint); err != nil {
		start.Failed = "first answer: " + err.Error()
		s.note("%s, round %d: first answer: %v", v.target, v.round, err)
	} else {
		start.Stages = append(start.Stages, record.Stage{Name: record.FirstAnswer, At: ready + time.Since(asked)})
	}
	died := s.phases(ctx, v, deployment)
	if died != nil {
		start.Failed = died.Error()
	}
	entry.Deployments = append(entry.Deployments, start)

	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := deployment.Close(closing); err != nil {
		s.faults = append(s.faults, fmt.Errorf("remove the server from %s: %w", v.target, err))
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
func (s *session) deploy(ctx context.Context, v visit) (*targets.Deployment, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.scenario.Workload.StartTimeout,
		fmt.Errorf("not ready within workload.start_timeout = %v", s.scenario.Workload.StartTimeout))
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-s.Stop:
			stop(errStopped)
		case <-ctx.Done():
		}
	}()
	return s.places[v.target].Deploy(ctx, s.workload)
}

func (s *session) deployFailed(ctx context.Context, v visit, err error) {
	if s.stopped(ctx) {
		s.record.Interrupted = fmt.Sprintf("stopped while %s was deployed in round %d of %d", v.target, v.round, s.planned)
		return
	}
	entry := s.targetEntry(v.target)
	entry.Deployments = append(entry.Deployments, record.Deployment{Round: v.round, Failed: err.Error()})
	err = fmt.Errorf("deploy on %s in round %d: %w", v.target, v.round, err)
	s.note("%v", err)
	s.faults = append(s.faults, &NotAvailableError{err})
}
