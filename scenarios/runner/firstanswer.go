package runner

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"

	"servebench/scenarios/attack/transport"
	"servebench/scenarios/corpus"
	"servebench/targets"
	"servebench/targets/protocol"
)

// maxAnswer bounds the first answer, in bytes.
const maxAnswer = 64 << 20

// firstAnswer asks the server for one answer to the requests and checks it: the end
// of a cold start.
func (s *session) firstAnswer(ctx context.Context, requests *corpus.Corpus, endpoint targets.Endpoint) error {
	ctx, cancel := context.WithTimeout(ctx, s.scenario.Timeout)
	defer cancel()
	request := requests.Request(0)
	req, err := http.NewRequestWithContext(ctx, request.Method, endpoint.URL+request.Path, bytes.NewReader(request.Body))
	if err != nil {
		return err
	}
	req.Header = request.Header.Clone()
	req.Host = cmp.Or(req.Header.Get("Host"), req.Host) // which net/http leaves out of a header
	carrier, err := transport.New(transport.Config{Endpoint: endpoint, Connections: 1, Options: s.carriage()})
	if err != nil {
		return err
	}
	defer carrier.Close()
	resp, body, err := ask(carrier, req)
	if err != nil {
		return err
	}
	if !requests.Accepts(resp.StatusCode) {
		return s.foreign("status "+resp.Status, fmt.Sprintf("template.expect.status: %d", resp.StatusCode), body)
	}
	outcome := requests.Check(0, protocol.Response{Status: resp.StatusCode, Header: resp.Header, Body: body})
	switch {
	case outcome.Class == "":
		return nil
	case outcome.Class == corpus.Decode, s.scenario.Template != nil: // which says itself what is right
		return s.foreign(outcome.Text, "template.expect.body", body)
	}
	return fmt.Errorf("%s: %s", outcome.Class, outcome.Text)
}

// ask sends one request and reads the answer to its end.
func ask(carrier http.RoundTripper, req *http.Request) (*http.Response, []byte, error) {
	resp, err := carrier.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp, body, err
}

// foreign is the error of an answer, for a reason; expect is the key that would make
// it right in a scenario with a template.
func (s *session) foreign(reason, expect string, body []byte) error {
	e := &foreignAnswerError{reason: reason, body: body}
	if s.scenario.Template != nil {
		e.action = "; if that is right, say so in the scenario (" + expect + "), else look at template"
	}
	return e
}

// foreignAnswerError is an answer that is not one of the scenario's protocol, nor
// what its template expects.
type foreignAnswerError struct {
	reason string
	body   []byte
	action string // "; …"
}

func (e *foreignAnswerError) Error() string {
	const most = 200
	return fmt.Sprintf("%s; it answered: %.*q%s", e.reason, most, e.body, e.action)
}
