package protocoltest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"servebench/targets"
	"servebench/targets/protocol"
)

// RunTogether asks one server that speaks the protocols of all kinds, over real
// connections, of HTTP/1.1 and HTTP/2 as each kind needs: each client gets the answers of
// each model, and finds it ready. Of the subjects only the clients count.
func RunTogether(t *testing.T, handler func(protocol.Service) http.Handler, subjects ...Subject) {
	server := httptest.NewUnstartedServer(handler(service()))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	defer server.Close()
	for _, s := range subjects {
		t.Run(s.Kind.Name, func(t *testing.T) { askAll(t, server.URL, s) })
	}
}

func askAll(t *testing.T, url string, s Subject) {
	transport := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true}
	defer transport.CloseIdleConnections()
	transport.Protocols.SetHTTP1(!s.Kind.HTTP2)
	transport.Protocols.SetUnencryptedHTTP2(s.Kind.HTTP2)
	client := &http.Client{Transport: transport}
	if err := targets.CheckReady(t.Context(), client, url, s.Kind.Ready, targets.Credentials{}, s.Kind.AnyAnswer); err != nil {
		t.Errorf("not ready by %s: %v", s.Kind.Ready, err)
	}
	for _, m := range models() {
		p, examples := openFor(t, s, m), makeBatch(1, 17)
		checkAnswers(t, p, m, "r-1", examples, exchange(t, transport, url, encode(t, p, "r-1", examples)))
	}
}

func exchange(t *testing.T, by http.RoundTripper, url string, req protocol.Request) protocol.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), req.Method, url+req.Path, bytes.NewReader(req.Body))
	if err != nil {
		t.Fatal(err)
	}
	if req.Header != nil {
		r.Header = req.Header.Clone()
	}
	resp, err := by.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return protocol.Response{Status: resp.StatusCode, Header: resp.Header, Trailer: resp.Trailer, Body: body}
}
