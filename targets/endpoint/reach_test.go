package endpoint

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets"
)

// socketFile returns a path that is short enough for a Unix socket.
func socketFile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

func TestDeployOverAUnixSocket(t *testing.T) {
	path := socketFile(t)
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(healthy))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	defer server.Close()
	for _, base := range []string{"http://localhost", "http://model.example"} {
		want := base + "/base"
		options := map[string]string{"socket": path, "url": want}
		d, err := deploy(t, t.Context(), "/health", options)
		if err != nil {
			t.Fatal(err)
		}
		if d.Endpoint.Socket != path || d.Endpoint.URL != want || fact(t, d, "Unix socket").Value != path {
			t.Errorf("endpoint %+v, want %s over %s", d.Endpoint, want, path)
		}
	}
}

func TestSocketAloneIsEnough(t *testing.T) {
	opened, err := Kind().Open(targets.Config{Options: map[string]string{"socket": "x.sock"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := opened.(target).endpoint(); got.URL != "http://localhost" || !filepath.IsAbs(got.Socket) {
		t.Errorf("endpoint %+v, want localhost over an absolute path", got)
	}
}

// TestDeployOfAServerThatSpeaksHTTP2Alone asks it from the first byte in HTTP/2.
func TestDeployOfAServerThatSpeaksHTTP2Alone(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("asked in %s", r.Proto)
		}
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	defer server.Close()
	target, err := Kind().Open(targets.Config{Options: map[string]string{"url": server.URL}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := target.Deploy(t.Context(), targets.Workload{Ready: "/", HTTP2: true}); err != nil {
		t.Error(err)
	}
}

// TestAnyAnswer takes every answer below 500 for a sign of readiness.
func TestAnyAnswer(t *testing.T) {
	status := http.StatusNotFound
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer server.Close()
	target, err := Kind().Open(targets.Config{Options: map[string]string{"url": server.URL, "wait": "10ms"}})
	if err != nil {
		t.Fatal(err)
	}
	w := targets.Workload{Ready: "/", AnyAnswer: true}
	if _, err := target.Deploy(t.Context(), w); err != nil {
		t.Errorf("status 404: %v", err)
	}
	status = http.StatusServiceUnavailable
	if _, err := target.Deploy(t.Context(), w); err == nil || !strings.Contains(err.Error(), "503 Service Unavailable") || !strings.Contains(err.Error(), "status below 500") {
		t.Errorf("status 503: error %v, want that it is not ready", err)
	}
}
