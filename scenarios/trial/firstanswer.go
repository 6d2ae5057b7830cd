package trial

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

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
	request := requests.Request(0)
	req, err := http.NewRequestWithContext(ctx, request.Method, endpoint.URL+request.Path, bytes.NewReader(request.Body))
	if err != nil {
		return silent, err
	}
	req.Header = request.Header.Clone()
	req.Host = cmp.Or(req.Header.Get("Host"), req.Host) // which net/http leaves out of a header
	carrier, err := transport.New(transport.Config{Endpoint: endpoint, Connections: 1, Options: s.carriage()})
	if err != nil {
		return silent, err
	}
	defer carrier.Close()
	resp, body, length, err := ask(carrier, req, requests)
	what = "its first answer is not " + s.expected()
	if errors.Is(err, corpus.ErrTooLong) {
		return what, s.wrongAnswer(err.Error(), "template.expect.body", resp, body)
	}
	if err != nil {
		if ctx.Err() != nil {
			return silent, fmt.Errorf("%w (the model may take longer: see timeout and http, or the server's output)", context.Cause(ctx))
		}
		return silent, targets.Explain(err)
	}
	if !requests.Accepts(resp.StatusCode) {
		return what, s.wrongAnswer("status "+targets.Redirect(resp.Status, resp.Header), fmt.Sprintf("template.expect.status: %d", resp.StatusCode), resp, body)
	}
	outcome := requests.Check(0, protocol.Response{Status: resp.StatusCode, Header: resp.Header, Body: body, Length: length})
	switch {
	case outcome.Class == "":
		return "", nil
	case outcome.Class == corpus.WrongAnswer && s.scenario.Template == nil:
		what = "its first answer is wrong"
	}
	return what, s.wrongAnswer(targets.Mismatch(resp.Header, outcome.Text), "template.expect.body", resp, body)
}

// ask sends one of the requests and reads its answer to the end, which is so long, and
// keeps of it what is checked.
func ask(carrier http.RoundTripper, req *http.Request, requests *corpus.Corpus) (resp *http.Response, body []byte, length int64, err error) {
	if resp, err = carrier.RoundTrip(req); err != nil {
		return nil, nil, 0, err
	}
	defer resp.Body.Close()
	body, length, err = requests.Read(resp.StatusCode, resp.Body, nil)
	return resp, body, length, err
}

// wrongAnswer is the error of an answer, for a reason; expect is the key that would make
// it right in a scenario with a template.
func (s *session) wrongAnswer(reason, expect string, resp *http.Response, body []byte) error {
	err := fmt.Errorf("%s; it answered: %s", reason, s.secrets.Redact(targets.Excerpt(resp.Header, body)))
	if s.scenario.Template != nil {
		err = fmt.Errorf("%w; if that is right, say so in the scenario (%s), else look at template", err, expect)
	}
	return err
}
