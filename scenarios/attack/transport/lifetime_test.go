package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// each runs a test over every carrier, with a server that plays the scripts.
func each(t *testing.T, change func(*Config), scripts [][]step, test func(*testing.T, Transport, *scripted, *http.Request)) {
	t.Helper()
	for _, by := range carriers() {
		t.Run(by.name, func(t *testing.T) {
			t.Parallel()
			server := newScripted(scripts...)
			endpoint := server.serve(t, by)
			test(t, by.dial(t, endpoint, change), server, request(t, endpoint, "POST", "question"))
		})
	}
}

// answered sends the request, and reads the answer, which has to be okay.
func answered(t *testing.T, tr http.RoundTripper, r *http.Request) {
	t.Helper()
	body, err := r.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	again := r.WithContext(r.Context())
	again.Body = body
	ask{status: 200, answer: "ok"}.play(t, 0, tr, again)
}

var errReason = errors.New("the reason")

// TestContextEndsRequest ends the context before the answer, and within it.
func TestContextEndsRequest(t *testing.T) {
	for name, script := range map[string][]step{
		"before the answer": {asked},
		"within the head":   {asked, says("HTTP/1.1 200 OK\r\n")},
		"within the body":   {asked, says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")},
		"within the chunks": {asked, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok")},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, nil, [][]step{script, {asked, says(okay)}}, func(t *testing.T, tr Transport, s *scripted, r *http.Request) {
				ctx, cancel := context.WithCancelCause(r.Context())
				go func() {
					s.await(1)
					time.Sleep(20 * time.Millisecond)
					cancel(errReason)
				}()
				response, err := tr.RoundTrip(r.WithContext(ctx))
				if err == nil {
					_, err = io.ReadAll(response.Body)
					response.Body.Close()
				}
				// net/http tells of the cause before the header, and of the end within the body.
				if !errors.Is(err, errReason) && !errors.Is(err, context.Canceled) {
					t.Errorf("%v, want the reason of the context's end", err)
				}
				answered(t, tr, r)
			})
		})
	}
}

// TestContextsAreShared ends one context of many requests, and then another's.
func TestContextsAreShared(t *testing.T) {
	each(t, nil, [][]step{{asked}}, func(t *testing.T, tr Transport, s *scripted, r *http.Request) {
		shared, end := context.WithCancelCause(r.Context())
		own, endOwn := context.WithCancelCause(r.Context())
		m, err := NewMessage(r, []byte("question"))
		if err != nil {
			t.Fatal(err)
		}
		failures := make(chan error, 4)
		var sharing sync.WaitGroup
		for range 3 {
			sharing.Go(func() {
				_, err := tr.Send(shared, m)
				failures <- err
			})
		}
		alone := make(chan error, 1)
		go func() {
			_, err := tr.Send(own, m)
			alone <- err
		}()
		s.await(4)
		end(errReason)
		sharing.Wait()
		for range 3 {
			if err := <-failures; !errors.Is(err, errReason) {
				t.Errorf("%v, want %v", err, errReason)
			}
		}
		select {
		case err := <-alone:
			t.Errorf("the request with a context of its own ended with %v", err)
		case <-time.After(10 * time.Millisecond):
		}
		endOwn(io.ErrClosedPipe)
		if err := <-alone; !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%v, want %v", err, io.ErrClosedPipe)
		}
	})
}

// TestWaitsForConnection lets two requests share one connection, and a third give
// up waiting for it.
func TestWaitsForConnection(t *testing.T) {
	one := func(cfg *Config) { cfg.Connections = 1 }
	each(t, one, [][]step{{asked, waits, says(okay), asked, says(okay)}}, func(t *testing.T, tr Transport, s *scripted, r *http.Request) {
		m, err := NewMessage(r, []byte("question"))
		if err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				response, err := tr.Send(r.Context(), m)
				if err != nil {
					t.Error(err)
					return
				}
				io.ReadAll(response.Body)
				response.Body.Close()
			})
		}
		ctx, cancel := context.WithTimeout(r.Context(), 30*time.Millisecond)
		defer cancel()
		s.await(1)
		if _, err := tr.Send(ctx, m); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("third request: %v, want %v", err, context.DeadlineExceeded)
		}
		s.signal <- struct{}{}
		both.Wait()
		if dials := tr.Stats().Dials; dials != 1 {
			t.Errorf("%d dials, want 1", dials)
		}
	})
}

// TestIdleConnectionCloses lets the server end an idle connection in various ways;
// the next request must not suffer.
func TestIdleConnectionCloses(t *testing.T) {
	for name, end := range map[string][]step{
		"closed":                     {hangsUp},
		"reset":                      {resets},
		"half closed":                {halfCloses, asked},
		"a timeout that it tells of": {says("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"), hangsUp},
	} {
		t.Run(name, func(t *testing.T) {
			first := append([]step{asked, says(okay)}, end...)
			each(t, nil, [][]step{first, {asked, says(okay)}}, func(t *testing.T, tr Transport, _ *scripted, r *http.Request) {
				if c, ok := tr.(*client); ok && c.dialer.tls != nil && strings.HasPrefix(name, "a timeout") {
					t.Skip("over TLS, what an idle connection brings is not looked at")
				}
				answered(t, tr, r)
				time.Sleep(20 * time.Millisecond)
				answered(t, tr, r)
			})
		})
	}
}

// TestFailureNamesItsStep lets the server read a request and close the connection:
// what failed is not the sending.
func TestFailureNamesItsStep(t *testing.T) {
	each(t, nil, [][]step{{asked, hangsUp}}, func(t *testing.T, tr Transport, _ *scripted, r *http.Request) {
		_, err := tr.RoundTrip(r)
		if _, own := tr.(*client); err == nil || own && !strings.HasPrefix(err.Error(), "read answer: ") {
			t.Errorf("%v, want the reading of the answer to have failed", err)
		}
	})
}

// TestHalfClosedAtOnce is a server that closes its half right behind an answer that
// promised keep-alive, and reads on without a word: the next request does not wait
// for its timeout.
func TestHalfClosedAtOnce(t *testing.T) {
	each(t, nil, [][]step{{asked, says(okay), halfCloses, asked}, {asked, says(okay)}}, func(t *testing.T, tr Transport, _ *scripted, r *http.Request) {
		answered(t, tr, r)
		if _, err := tr.RoundTrip(r); err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("%v, want an answer over another connection, or that the server closed this one", err)
		}
	})
}

// TestWarm opens connections ahead; one that is closed before its use fails no
// request.
func TestWarm(t *testing.T) {
	each(t, nil, [][]step{{asked, says(okay), asked, says(okay)}}, func(t *testing.T, tr Transport, _ *scripted, r *http.Request) {
		tr.Warm(r.Context(), 3)
		if dials := tr.Stats().Dials; dials != 3 {
			t.Errorf("%d dials, want 3", dials)
		}
		answered(t, tr, r)
		answered(t, tr, r)
		if dials := tr.Stats().Dials; dials != 3 {
			t.Errorf("%d dials after a request, want those 3", dials)
		}
	})
}

func TestWarmConnectionCloses(t *testing.T) {
	each(t, nil, [][]step{{shakes, hangsUp}, {asked, says(okay)}}, func(t *testing.T, tr Transport, _ *scripted, r *http.Request) {
		tr.Warm(r.Context(), 1)
		time.Sleep(20 * time.Millisecond)
		answered(t, tr, r)
	})
}

// TestBodyLeftUnread closes a body before its end.
func TestBodyLeftUnread(t *testing.T) {
	long := "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nok"
	each(t, nil, [][]step{{asked, says(long)}, {asked, says(okay)}}, func(t *testing.T, tr Transport, _ *scripted, r *http.Request) {
		response, err := tr.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if _, err := response.Body.Read(make([]byte, 1)); err == nil {
			t.Error("a closed body was read")
		}
		answered(t, tr, r)
		if dials := tr.Stats().Dials; dials != 2 {
			t.Errorf("%d dials, want 2", dials)
		}
	})
}

// TestStreams reads each chunk before the server sends the next.
func TestStreams(t *testing.T) {
	for name, script := range map[string][]step{
		"chunks": {asked, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
			waits, says("4\r\none \r\n"), waits, says("4\r\ntwo \r\n"), waits, says("5\r\nthree\r\n"), waits, says("0\r\n\r\n")},
		"one length": {asked, says("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n"),
			waits, says("one "), waits, says("two "), waits, says("three"), waits},
		"until the end": {asked, says("HTTP/1.1 200 OK\r\n\r\n"),
			waits, says("one "), waits, says("two "), waits, says("three"), waits, hangsUp},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, nil, [][]step{script}, func(t *testing.T, tr Transport, s *scripted, r *http.Request) {
				response, err := tr.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				defer response.Body.Close()
				p := make([]byte, 100)
				for _, want := range []string{"one ", "two ", "three"} {
					s.signal <- struct{}{}
					if n, err := response.Body.Read(p); string(p[:n]) != want || err != nil && err != io.EOF {
						t.Errorf("%q and %v, want %q", p[:n], err, want)
					}
				}
				s.signal <- struct{}{}
				if rest, err := io.ReadAll(response.Body); len(rest) > 0 || err != nil {
					t.Errorf("then %q and %v, want the end", rest, err)
				}
			})
		})
	}
}

// isTimeout holds an error to what tells of a timeout.
func isTimeout(t *testing.T, err error) {
	t.Helper()
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%v, want a timeout", err)
	}
}

func TestFirstByteTimeout(t *testing.T) {
	short := func(cfg *Config) { cfg.FirstByteTimeout = 60 * time.Millisecond }
	each(t, short, [][]step{{asked}, {asked, says(okay)}}, func(t *testing.T, tr Transport, _ *scripted, r *http.Request) {
		_, err := tr.RoundTrip(r)
		isTimeout(t, err)
		answered(t, tr, r)
	})
}

// TestFirstByteTimeoutEndsWithTheFirstByte streams an answer for longer than that.
func TestFirstByteTimeoutEndsWithTheFirstByte(t *testing.T) {
	short := func(cfg *Config) { cfg.FirstByteTimeout = 200 * time.Millisecond }
	pause := func(*session) bool { time.Sleep(300 * time.Millisecond); return true }
	script := []step{asked, says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"), pause, says("k")}
	each(t, short, [][]step{script}, func(t *testing.T, tr Transport, _ *scripted, r *http.Request) {
		answered(t, tr, r)
	})
}

// TestConnectTimeout reaches a server that accepts and says nothing of TLS.
func TestConnectTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, by := range carriers() {
		if !by.secure {
			continue
		}
		t.Run(by.name, func(t *testing.T) {
			endpoint := newScripted([]step{}).serve(t, by)
			endpoint.URL = "https://" + l.Addr().String()
			tr := by.dial(t, endpoint, func(cfg *Config) { cfg.ConnectTimeout = 50 * time.Millisecond })
			_, err := tr.RoundTrip(request(t, endpoint, "GET", ""))
			isTimeout(t, err)
		})
	}
}

func TestRefused(t *testing.T) {
	for _, by := range carriers() {
		t.Run(by.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			l.Close()
			endpoint := newScripted([]step{}).serve(t, by)
			endpoint.URL, endpoint.Socket = "http://"+l.Addr().String(), ""
			tr := by.dial(t, endpoint, nil)
			tr.Warm(t.Context(), 2)
			if _, err := tr.RoundTrip(request(t, endpoint, "GET", "")); err == nil || !strings.Contains(err.Error(), "refused") {
				t.Errorf("%v, want a connection refused", err)
			}
		})
	}
}
