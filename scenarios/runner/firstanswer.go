package runner

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"

	"servebench/scenarios/corpus"
	"servebench/targets"
	"servebench/targets/protocol"
)

// maxAnswer bounds the first answer, in bytes.
const maxAnswer = 64 << 20

// firstAnswer asks the server for one answer and checks it: the end of a cold
// start.
func (s *session) firstAnswer(ctx context.Context, endpoint targets.Endpoint) error {
	ctx, cancel := context.WithTimeout(ctx, s.scenario.Timeout)
	defer cancel()
	requests := s.corpora[s.scenario.Workload.Model]
	request := requests.Request(0)
	req, err := http.NewRequestWithContext(ctx, request.Method, endpoint.URL+request.Path, bytes.NewReader(request.Body))
	if err != nil {
		return err
	}
	req.Header = request.Header.Clone()
	transport := endpoint.Transport
	if transport == nil {
		own := &http.Transport{DisableCompression: true, TLSClientConfig: &tls.Config{RootCAs: endpoint.Roots}}
		defer own.CloseIdleConnections()
		transport = own
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return &foreignAnswerError{reason: "status " + resp.Status, body: body}
	}
	outcome := requests.Check(0, protocol.Response{Status: resp.StatusCode, Header: resp.Header, Body: body})
	switch outcome.Class {
	case "":
		return nil
	case corpus.Decode:
		return &foreignAnswerError{reason: outcome.Text, body: body}
	}
	return fmt.Errorf("%s: %s", outcome.Class, outcome.Text)
}

// foreignAnswerError is an answer that is not one of the scenario's protocol.
type foreignAnswerError struct {
	reason string
	body   []byte
}

func (e *foreignAnswerError) Error() string {
	const most = 200
	return fmt.Sprintf("%s; it answered: %.*q", e.reason, most, e.body)
}
