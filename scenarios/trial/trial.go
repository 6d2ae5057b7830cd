package trial

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack/transport"
	"servebench/scenarios/corpus"
	"servebench/targets"
	"servebench/targets/protocol"
)

const (
	// closeTimeout bounds the removal of a deployment.
	closeTimeout = 30 * time.Second
	// endPause is how long a process may take to end after its connections did.
	endPause = 200 * time.Millisecond
)

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
	e.Left = s.clock.left(0)
	s.observe(e)
	s.output = s.writer.Output(t.Trial)
	s.kept = s.secrets.Writer(s.output)
	defer s.closeOutput(t)
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
		}
	}
	entry := s.targetEntry(t.Target)
	entry.Deployments = append(entry.Deployments, start)
}

// deploy starts the server, for as long as the scenario allows and nobody
// stops the run.
func (s *session) deploy(ctx context.Context, t trial) (*targets.Deployment, error) {
	v := s.variant(t.Target)
	limit := v.scenario.Workload.StartTimeout
	ctx, cancel := context.WithTimeoutCause(ctx, limit,
		fmt.Errorf("not ready within workload.start_timeout = %v (a server has to listen on {port} or the environment's PORT, and answer GET %s with 2xx)",
			limit, v.workload.Ready))
	defer cancel()
	ctx, stop := s.untilStopped(ctx)
	defer stop()
	w := v.workload
	w.Credentials, w.Output = v.credentials, s.kept
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
	failed := t.deployment()
	failed.Failed = err.Error()
	entry.Deployments = append(entry.Deployments, failed)
	s.fault(t, "", &NotAvailableError{fmt.Errorf("deploy: %w", err)}, true)
}

// recordStart records how a deployment came up, to its first answer. Load on a server whose
// first answer is not right, whatever is wrong with it, would measure nothing.
func (s *session) recordStart(ctx context.Context, t trial, deployment *targets.Deployment) (start record.Deployment, right bool) {
	start = t.deployment()
	start.Preparation = deployment.Preparation
	start.Stages = append(start.Stages, deployment.Stages...)
	v := s.variant(t.Target)
	addFacts(s.targetEntry(t.Target), s.redactFacts(slices.Concat(v.facts, deployment.Facts)), t.Round)
	asked := time.Now()
	ctx, cancel := s.untilStopped(ctx)
	defer cancel()
	switch what, err := s.askFirst(ctx, v, deployment.Endpoint); {
	case err == nil:
		if n := len(start.Stages); n > 0 { // else the server ran already
			start.Stages = append(start.Stages, record.Stage{Name: record.FirstAnswer, At: start.Stages[n-1].At + time.Since(asked)})
		}
		return start, true
	case s.stopped(ctx):
		return start, true // the phases see it, too
	default:
		start.FirstAnswerError = err.Error()
		start.Failed = diedAtFirstRequest(deployment)
		s.fault(t, "", s.withOutputFile(fmt.Errorf("the server is up, but %s: %w", what, err)), true)
		return start, false
	}
}

// askFirst asks the server for one answer to the requests and checks it: the end
// of a cold start. Beside an error it says what went wrong, as a clause about the server.
func (s *session) askFirst(ctx context.Context, v *variant, endpoint targets.Endpoint) (what string, err error) {
	requests := v.requests.first
	const silent = "did not answer the first request"
	ctx, cancel := context.WithTimeoutCause(ctx, s.scenario.Timeout, fmt.Errorf("no complete answer within the timeout of %v", s.scenario.Timeout))
	defer cancel()
	first, err := requests.First()
	if err != nil {
		return silent, err
	}
	m, err := transport.NewMessage(endpoint.URL, first.Wire(), false, v.credentials)
	if err != nil {
		return silent, err
	}
	sender, err := transport.New(transport.Config{Endpoint: endpoint, Connections: 1, Options: s.transportOptions()})
	if err != nil {
		return silent, err
	}
	defer sender.Close()
	o := &transport.Outcome{Limit: requests.Limit}
	err = sender.Send(ctx, m, o)
	what = "its first answer is not one of protocol " + s.scenario.Protocol
	if s.scenario.Template != nil {
		what = "its first answer is not what template.expect says"
	}
	if errors.Is(err, corpus.ErrTooLong) {
		return what, s.wrongAnswer(err.Error(), "template.expect.body", o)
	}
	if err != nil {
		if ctx.Err() != nil {
			return silent, fmt.Errorf("%w (the model may take longer: see timeout and http, or the server's output)", context.Cause(ctx))
		}
		return silent, targets.Explain(err)
	}
	if !requests.Accepts(o.Status) {
		return what, s.wrongAnswer("status "+targets.Redirect(o.Reason, o.Header), fmt.Sprintf("template.expect.status: %d", o.Status), o)
	}
	judged := first.Check(protocol.Response{Status: o.Status, Header: o.Header, Trailer: o.Trailer, Body: o.Body, Length: o.Length})
	switch {
	case judged.Class == "":
		return "", nil
	case judged.Class == corpus.WrongAnswer && s.scenario.Template == nil:
		what = "its first answer is wrong"
	}
	return what, s.wrongAnswer(targets.Mismatch(o.Header, judged.Text), "template.expect.body", o)
}

// wrongAnswer is the error of an answer, for a reason; expect is the key that would make
// it right in a scenario with a template.
func (s *session) wrongAnswer(reason, expect string, o *transport.Outcome) error {
	err := fmt.Errorf("%s; it answered: %s", reason, s.secrets.Redact(targets.Excerpt(o.Header, o.Body)))
	switch {
	case o.Status == http.StatusUnauthorized || o.Status == http.StatusForbidden:
		err = fmt.Errorf("%w; if it asks for credentials, give them as http.auth or http.headers", err)
	case s.scenario.Template != nil:
		err = fmt.Errorf("%w; if that is right, say so in the scenario (%s), else look at template", err, expect)
	}
	return err
}

// diedAtFirstRequest says why a server is not there any more; "" when it is. It waits a
// little: a connection ends before the process does.
func diedAtFirstRequest(deployment *targets.Deployment) string {
	select {
	case <-deployment.Done():
		return fmt.Sprintf("the server died at its first request: %v", deployment.Err())
	case <-time.After(endPause):
		return ""
	}
}

func (s *session) removeServer(ctx context.Context, t trial, deployment *targets.Deployment) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := deployment.Close(ctx); err != nil {
		s.fault(t, "", fmt.Errorf("remove the server: %w", err), false)
	}
}

// withOutputFile adds to an error of the server, which quotes the end of its output,
// where the rest of that is.
func (s *session) withOutputFile(err error) error {
	if err == nil || s.output.Name() == "" {
		return err
	}
	return fmt.Errorf("%w\n\tthe server's output is in %s in the run's folder", err, s.output.Name())
}

// closeOutput ends the keeping of what the server of a trial writes. What could not be
// kept is told, and spoils no figure.
func (s *session) closeOutput(t trial) {
	if err := errors.Join(s.kept.Flush(), s.output.Close()); err != nil {
		s.note("%s: %v", t, err)
	}
}
