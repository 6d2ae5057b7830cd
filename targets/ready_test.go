package targets

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// probe asks a server whether it is ready.
func probe(server *httptest.Server) Probe {
	return Probe{URL: server.URL, Path: "/ready", Began: time.Now()}
}

func TestProbeWaitsForTheAnswer(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch asked.Add(1) {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case 3:
			panic(http.ErrAbortHandler)
		}
		if r.URL.Path != "/ready" {
			t.Errorf("asked for %s", r.URL.Path)
		}
	}))
	defer server.Close()
	stages, err := probe(server).Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(stages) != 2 || stages[0].Name != Listening || stages[1].Name != Ready || stages[0].At > stages[1].At {
		t.Errorf("stages %v", stages)
	}
	if n := asked.Load(); n < 4 {
		t.Errorf("ready after %d requests, the first three answered otherwise", n)
	}
}

func TestProbePassesHangingAttempts(t *testing.T) {
	release := make(chan struct{})
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if asked.Add(1) <= 2 {
			<-release
		}
	}))
	defer server.Close()
	defer close(release)
	if _, err := probe(server).Wait(t.Context()); err != nil {
		t.Fatal(err) // it would wait for ever for the first two
	}
}

func TestProbeSaysWhatItMet(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := probe(server).Wait(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "/ready answered 404") {
		t.Errorf("error %v does not say what the server answered", err)
	}
}

func TestProbeOfNobody(t *testing.T) {
	l, err := net.Listen("tcp", Address(Loopback, 0))
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	l.Close()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("patience is over"))
	defer cancel()
	_, err = Probe{URL: url, Path: "/", Began: time.Now()}.Wait(ctx)
	if err == nil || !strings.Contains(err.Error(), "patience is over") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error %v does not say cause and last attempt", err)
	}
	done := make(chan struct{})
	close(done)
	if _, err := (Probe{URL: url, Path: "/", Began: time.Now(), Done: done}).Wait(t.Context()); !errors.Is(err, ErrEnded) {
		t.Errorf("error %v, want that the server ended", err)
	}
}

// A server of gRPC is asked by a call, and is ready when the first field of the answer is 1.
func TestProbeCalls(t *testing.T) {
	const method = "/grpc.health.v1.Health/Check"
	answers := []struct{ body, status string }{
		{"", "14"}, {"\x00\x00\x00\x00\x00", "0"}, {"\x00\x00\x00\x00\x02\x08\x02", "0"}, {"no gRPC", ""}, {"\x00\x00\x00\x00\x02\x08\x01", "0"},
	}
	var asked atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != "POST" || r.URL.Path != method || r.Header.Get("Content-Type") != "application/grpc" || string(body) != "\x00\x00\x00\x00\x00" {
			t.Errorf("%s %s %v %q", r.Method, r.URL, r.Header, body)
		}
		answer := answers[min(asked.Add(1), int64(len(answers)))-1]
		w.Header().Set("Trailer", "Grpc-Status")
		_, _ = io.WriteString(w, answer.body)
		w.Header().Set("Grpc-Status", answer.status)
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	defer server.Close()
	if _, err := (Probe{URL: server.URL, Path: method, HTTP2: true, Began: time.Now()}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := asked.Load(); n < int64(len(answers)) {
		t.Errorf("ready after %d calls, of which the first %d were answered otherwise", n, len(answers)-1)
	}
}

func TestIsCall(t *testing.T) {
	for path, want := range map[string]bool{
		"/grpc.health.v1.Health/Check": true, "/inference.GRPCInferenceService/ServerReady": true,
		"/ready": false, "/v2/health/ready": false, "/v2.1/ready?x=1": false, "/a.b/c/d": false, "/index.html": false,
	} {
		if IsCall(path) != want {
			t.Errorf("IsCall(%q) is %t", path, !want)
		}
	}
}
