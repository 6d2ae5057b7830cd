package trial

import (
	"context"
	"errors"
	"fmt"

	"servebench/scenarios/attack/transport"
	"servebench/scenarios/corpus"
	"servebench/targets"
	"servebench/targets/protocol"
)

// firstAnswer asks the server for one answer to the requests and checks it: the end
// of a cold start. Beside an error it says what went wrong, as a clause about the server.
func (s *session) firstAnswer(ctx context.Context, requests *corpus.Corpus, endpoint targets.Endpoint) (what string, err error) {
	const silent = "did not answer the first request"
	ctx, cancel := context.WithTimeoutCause(ctx, s.scenario.Timeout, fmt.Errorf("no complete answer within the timeout of %v", s.scenario.Timeout))
	defer cancel()
	m, err := transport.NewMessage(endpoint.URL, requests.Request(0), false)
	if err != nil {
		return silent, err
	}
	sender, err := transport.New(transport.Config{Endpoint: endpoint, Connections: 1, Options: s.carriage()})
	if err != nil {
		return silent, err
	}
	defer sender.Close()
	o := &transport.Outcome{Limit: requests.Limit}
	err = sender.Send(ctx, m, o)
	what = "its first answer is not " + s.expected()
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
	judged := requests.Check(0, protocol.Response{Status: o.Status, Header: o.Header, Body: o.Body, Length: o.Length})
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
	if s.scenario.Template != nil {
		err = fmt.Errorf("%w; if that is right, say so in the scenario (%s), else look at template", err, expect)
	}
	return err
}
