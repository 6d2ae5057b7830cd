package transport

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/protocol"
)

// serveHTTP2 starts Go's own server, for HTTP/2 alone.
func serveHTTP2(t *testing.T, by carrier, h http.HandlerFunc) Sender {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.Protocols = &http.Protocols{}
	s.Config.Protocols.SetHTTP2(by.secure)
	s.Config.Protocols.SetUnencryptedHTTP2(!by.secure)
	s.EnableHTTP2 = by.secure
	cfg := Config{Connections: 4, Options: Options{Version: HTTP2, FirstByteTimeout: 200 * time.Millisecond}}
	if by.socket {
		l, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
		if err != nil {
			t.Fatal(err)
		}
		s.Listener.Close()
		s.Listener, cfg.Endpoint.Socket = l, l.Addr().String()
	}
	switch {
	case by.secure:
		s.StartTLS()
		cfg.Endpoint.TLS = s.Client().Transport.(*http.Transport).TLSClientConfig
	default:
		s.Start()
	}
	t.Cleanup(s.Close)
	if cfg.Endpoint.URL = s.URL; by.socket {
		cfg.Endpoint.URL = "http://localhost"
	}
	tr, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return tr
}

// TestHTTP2 plays the cases that mean something in HTTP/2.
func TestHTTP2(t *testing.T) {
	for _, by := range []carrier{{name: "h2c over TCP"}, {name: "TLS", secure: true}, {name: "h2c over a Unix socket", socket: true}} {
		t.Run(by.name, func(t *testing.T) {
			tr := serveHTTP2(t, by, answerHTTP2)
			tr.Warm(t.Context(), 8)
			target := map[bool]string{false: "http://127.0.0.1", true: "https://127.0.0.1"}[by.secure]
			get := func(ctx context.Context, path, body string) (string, error) {
				m, err := NewMessage(target, protocol.Request{Method: "POST", Path: path, Body: []byte(body)}, false, targets.Credentials{})
				if err != nil {
					return "", err
				}
				o, err := send(ctx, tr, m)
				return o.Header.Get("Version") + " " + o.Reason + " " + string(o.Body), err
			}
			echo := func() {
				if got, err := get(t.Context(), "/echo", "question"); err != nil || got != "HTTP/2.0 200 OK question" {
					t.Errorf("%q and %v, want HTTP/2.0, 200, and the question", got, err)
				}
			}
			echo() // before it, several requests would open a connection each
			var together sync.WaitGroup
			for range 8 {
				together.Go(echo)
			}
			together.Wait()
			if dials := tr.Stats().Dials; dials != 1 {
				t.Errorf("%d dials, want 1 for all", dials)
			}
			if got, err := get(t.Context(), "/early", strings.Repeat("x", 4<<20)); err != nil || got != "HTTP/2.0 413 Request Entity Too Large " {
				t.Errorf("early answer: %q and %v", got, err)
			}
			if _, err := get(t.Context(), "/cut", ""); err == nil {
				t.Error("cut off: no error")
			}
			_, err := get(t.Context(), "/hang", "")
			isTimeout(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if _, err := get(ctx, "/hang", ""); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want %v", err, context.DeadlineExceeded)
			}
		})
	}
}

func answerHTTP2(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Version", r.Proto)
	switch r.URL.Path {
	case "/echo":
		io.Copy(w, r.Body)
	case "/early":
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case "/cut":
		io.WriteString(w, "some")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case "/hang":
		<-r.Context().Done()
	}
}

// TestHTTP2Refused reaches a server that speaks HTTP/1.1 alone.
func TestHTTP2Refused(t *testing.T) {
	for _, secure := range []bool{false, true} {
		by := carrier{secure: secure}
		endpoint := newScripted([]step{asked, says(okay)}).serve(t, by)
		tr := by.dial(t, endpoint, func(cfg *Config) { cfg.Version = HTTP2 })
		if _, err := send(t.Context(), tr, message(t, endpoint, "GET", "")); err == nil {
			t.Errorf("TLS %v: no error", secure)
		}
	}
}
