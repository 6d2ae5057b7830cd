package trial

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack/transport"
	"servebench/scenarios/corpus"
	"servebench/scenarios/probe"
	"servebench/scenarios/secret"
	"servebench/targets"
	"servebench/targets/protocol"
)

const (
	// firstTries is how often a server is asked for a first answer that it fails with a 5xx or
	// a broken connection; one that answers 503 or 429 is asked for as long as it may take to
	// become ready.
	firstTries = 3
	// endPause is how long a process may take to end after its connections did.
	endPause = 200 * time.Millisecond
	// longestAsked is how much of a URL an error repeats, in bytes.
	longestAsked = 300
)

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
	switch what, err := s.awaitAnswer(ctx, t, v, deployment, &start); {
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
		s.fault(t, "", s.withOutputFile(fmt.Errorf("%s %s: %w", known(deployment), what, err)), true)
		return start, false
	}
}

// known is what is known of a server before its first answer, as the beginning of a sentence
// about that.
func known(deployment *targets.Deployment) string {
	if deployment.Unasked {
		return "the server was not asked whether it is ready, and"
	}
	return "the server is up, but"
}

// awaitAnswer asks for the first answer until it is right. A server that has just become
// ready may fail a request or two: it is asked again, which the start records, and which its
// cold start includes.
func (s *session) awaitAnswer(ctx context.Context, t trial, v *variant, deployment *targets.Deployment, start *record.Deployment) (what string, err error) {
	began, retried := time.Now(), ""
	for try := 1; ; try++ {
		what, err = s.askFirst(ctx, v, deployment.Endpoint)
		if err == nil && try > 1 {
			start.FirstAnswerRetried = fmt.Sprintf("it took %d requests, and the first failed: %s", try, retried)
		}
		passing, mayPass := errors.AsType[*passingError](err)
		pause := min(time.Duration(try)*endPause, time.Second)
		if !mayPass || try >= firstTries && !passing.busy || time.Since(began)+pause > v.scenario.Workload.StartTimeout {
			return what, err
		}
		if try == 1 {
			retried = err.Error()
			s.note("%s: %s %s; asking again", t, known(deployment), what)
		}
		select {
		case <-ctx.Done():
			return what, err
		case <-deployment.Done():
			return what, err
		case <-time.After(pause):
		}
	}
}

// passingError is a failure that the next request may not meet. busy says that the server
// asks to be asked later.
type passingError struct {
	error
	busy bool
}

func (e *passingError) Unwrap() error { return e.error }

// askFirst asks the server for one answer to the requests and checks it: the end
// of a cold start. Beside an error it says what went wrong, as a clause about the server.
func (s *session) askFirst(ctx context.Context, v *variant, endpoint targets.Endpoint) (what string, err error) {
	requests := v.requests.First
	const silent = "did not answer the first request"
	ctx, cancel := context.WithTimeoutCause(ctx, s.scenario.Timeout, fmt.Errorf("no complete answer within the timeout of %v", s.scenario.Timeout))
	defer cancel()
	first, err := requests.First()
	if err != nil {
		return silent, err
	}
	m, err := transport.NewMessage(endpoint.URL, first.Wire(), false, v.credentials)
	if err != nil {
		return "cannot be sent the first request", err
	}
	sender, err := transport.New(transport.Config{Endpoint: endpoint, Connections: 1, Options: s.transportOptions()})
	if err != nil {
		return silent, err
	}
	defer sender.Close()
	asked := s.secrets.Redact(m.Method + " " + m.URL)
	if len(asked) > longestAsked {
		asked = strings.ToValidUTF8(asked[:longestAsked], "") + "…"
	}
	o := &transport.Outcome{Limit: requests.Limit}
	err = sender.Send(ctx, m, o)
	if faults := o.Header.Get(protocol.InjectedHeader); faults != "" {
		addFact(s.targetEntry(v.name), record.Fact{Name: record.FactInjected, Value: s.secrets.Redact(faults)})
	}
	wrong := firstFailure{variant: v, asked: asked, outcome: o, status: o.Status}
	what = "its first answer is not one of protocol " + s.scenario.Protocol
	if s.scenario.Template != nil {
		what = "its first answer is not what template.expect says"
	}
	if errors.Is(err, corpus.ErrTooLong) {
		return what, s.wrongAnswer(wrong, err.Error(), "template.expect.body")
	}
	if err != nil {
		if ctx.Err() != nil {
			return silent, fmt.Errorf("%s: %w%s (the model may take longer: see timeout and http, or the server's output)", asked, context.Cause(ctx), begun(o))
		}
		return silent, &passingError{error: fmt.Errorf("%s: %w", asked, targets.Explain(err))}
	}
	if !requests.Accepts(o.Status) {
		what += s.otherProtocols(ctx, endpoint, o.Status)
		return what, s.wrongAnswer(wrong, "status "+targets.Redirect(o.Reason, o.Header), fmt.Sprintf("template.expect.status: %d", o.Status))
	}
	return s.judgeFirst(ctx, first, endpoint, wrong, what)
}

// judgeFirst checks an answer with an accepted status. what is the clause about one that
// is not of the protocol or the template.
func (s *session) judgeFirst(ctx context.Context, first *corpus.Request, endpoint targets.Endpoint, wrong firstFailure, what string) (string, error) {
	o := wrong.outcome
	judged := first.Check(protocol.Response{Status: o.Status, Header: o.Header, Trailer: o.Trailer, Body: o.Body, Length: o.Length})
	switch judged.Class {
	case "":
		return "", nil
	case corpus.Decode:
		if t := s.scenario.Template; t != nil && t.Answer != nil {
			return "its first answer does not hold what template.answer names", s.wrongAnswer(wrong, judged.Text, "template.answer")
		}
		what += s.otherProtocols(ctx, endpoint, o.Status)
	case corpus.WrongAnswer:
		t := s.scenario.Template
		if s.scenario.Data.Expect != "" && (t == nil || t.Expect.Body == nil) {
			return "", nil // a server may miss what the data expects of one record: the load counts how often
		}
		if t == nil {
			what = "its first answer is wrong"
		}
	default: // what the protocol calls a failure
		wrong.status = judged.Status
		return "its first answer is a failure, " + judged.Class + s.otherProtocols(ctx, endpoint, judged.Status), s.wrongAnswer(wrong, judged.Text, "template.expect")
	}
	return what, s.wrongAnswer(wrong, targets.Mismatch(o.Header, judged.Text), "template.expect.body")
}

// otherProtocols says in brackets what a server speaks that gave an answer to no request
// of the scenario's protocol: one to another protocol, or for another model; "" where
// that is not known.
func (s *session) otherProtocols(ctx context.Context, endpoint targets.Endpoint, status int) string {
	unknown := status/100 == 2 || status == http.StatusNotFound || status == http.StatusMethodNotAllowed ||
		status == http.StatusUnsupportedMediaType || status == http.StatusBadRequest || status == http.StatusNotImplemented
	if !unknown || s.scenario.Template != nil {
		return ""
	}
	server, err := probe.Run(ctx, endpoint.URL, probe.Options{
		Protocols: s.Catalogue.Protocols, Timeout: time.Second, NoRequests: true,
		Transport: func(http2 bool) http.RoundTripper { return endpoint.PlainTransport(http2) },
	})
	if err != nil || server.Spoken() == "" {
		return ""
	}
	return " (" + server.Spoken() + ")"
}

// begun says how much came of an answer that did not end.
func begun(o *transport.Outcome) string {
	if o.Status == 0 {
		return ""
	}
	return fmt.Sprintf(": status %d and %d B of the body came", o.Status, o.Length)
}

// firstFailure is a first answer that is not right.
type firstFailure struct {
	variant *variant
	asked   string // the method and the URL
	outcome *transport.Outcome
	status  int // of HTTP, or the one that says what the protocol's own does
}

// wrongAnswer is the error of a first answer, for a reason; expect is the key that would
// make it right in a scenario with a template. It is a *passingError where the next answer
// may be another.
func (s *session) wrongAnswer(f firstFailure, reason, expect string) error {
	err := fmt.Errorf("%s: %s", f.asked, reason)
	if o := f.outcome; len(o.Body) > 0 {
		err = fmt.Errorf("%w; it answered: %s", err, s.secrets.Redact(targets.Excerpt(o.Header, o.Body)))
	}
	if f.status == http.StatusUnauthorized || f.status == http.StatusForbidden {
		err = fmt.Errorf("%w; %s", err, s.credentialsOf(f.variant).Refused())
	}
	if s.scenario.Template != nil {
		err = fmt.Errorf("%w; if that is right, say so in the scenario (%s), else look at template", err, expect)
	}
	busy := f.status == http.StatusServiceUnavailable || f.status == http.StatusTooManyRequests
	if busy || f.status >= 500 && f.status != http.StatusNotImplemented {
		return &passingError{err, busy}
	}
	return err
}

// credentialsOf are those of a variant's requests, the template's own with them.
func (s *session) credentialsOf(v *variant) targets.Credentials {
	c := v.credentials
	if t := v.scenario.Template; t != nil {
		for _, name := range slices.Sorted(maps.Keys(t.Headers)) {
			if secret.Named(name) {
				c.Keys = append(slices.Clip(c.Keys), "template.headers."+name)
			}
		}
	}
	return c
}

// diedAtFirstRequest says why a server is not there any more; "" when it is. It waits a
// little: a connection ends before the process does.
func diedAtFirstRequest(deployment *targets.Deployment) string {
	select {
	case <-deployment.Done():
		return fmt.Sprintf("%s at its first request: %v", howEnded(deployment), deployment.Err())
	case <-time.After(endPause):
		return ""
	}
}
