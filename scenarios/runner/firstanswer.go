package runner

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"servebench/reports/record"
	"servebench/scenarios/attack"
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
		return what, s.wrongAnswer(err.Error(), "template.expect.body", body)
	}
	if err != nil {
		class := attack.ClassOf(err)
		if ctx.Err() != nil {
			class, err = record.ErrorTimeout, context.Cause(ctx)
		}
		return silent, fmt.Errorf("%w (%s)", err, likelyCause(class))
	}
	if !requests.Accepts(resp.StatusCode) {
		return what, s.wrongAnswer("status "+resp.Status, fmt.Sprintf("template.expect.status: %d", resp.StatusCode), body)
	}
	outcome := requests.Check(0, protocol.Response{Status: resp.StatusCode, Header: resp.Header, Body: body, Length: length})
	switch {
	case outcome.Class == "":
		return "", nil
	case outcome.Class == corpus.WrongAnswer && s.scenario.Template == nil:
		what = "its first answer is wrong"
	}
	return what, s.wrongAnswer(outcome.Text, "template.expect.body", body)
}

// likelyCause is why a request of such a class of failure had no answer, and what to look at.
func likelyCause(class string) string {
	switch class {
	case record.ErrorTimeout:
		return "the model may take longer: see timeout and http, or the server's output"
	case record.ErrorClosed:
		return "the server closed the connection before its answer was whole: see its output"
	case record.ErrorRefused:
		return "nothing listens there any more: see the server's output"
	case record.ErrorTLS:
		return "see whether the URL is to be https, and whether its certificate is trusted"
	}
	return "see whether what listens there speaks HTTP, and in which version"
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
func (s *session) wrongAnswer(reason, expect string, body []byte) error {
	const most = 200
	// Before the body is cut, since a part of a secret would not be found.
	err := fmt.Errorf("%s; it answered: %.*q", reason, most, s.secrets.Redact(string(body[:min(len(body), 100*most)])))
	if s.scenario.Template != nil {
		err = fmt.Errorf("%w; if that is right, say so in the scenario (%s), else look at template", err, expect)
	}
	return err
}
