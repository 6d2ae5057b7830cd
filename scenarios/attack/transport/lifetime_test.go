package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// each runs a test over every carrier, with a server that plays the scripts.
func each(t *testing.T, change func(*Config), scripts [][]step, test func(*testing.T, Sender, *scripted, *Message)) {
	t.Helper()
	for _, by := range carriers() {
		t.Run(by.name, func(t *testing.T) {
			t.Parallel()
			server := newScripted(scripts...)
			endpoint := server.serve(t, by)
			test(t, by.dial(t, endpoint, change), server, message(t, endpoint, "POST", "question"))
		})
	}
}

// answered sends the request, whose answer has to be okay.
func answered(t *testing.T, tr Sender, m *Message) {
	t.Helper()
	ask{status: 200, answer: "ok"}.play(t, 0, tr, m)
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
			each(t, nil, [][]step{script, {asked, says(okay)}}, func(t *testing.T, tr Sender, s *scripted, m *Message) {
				ctx, cancel := context.WithCancelCause(t.Context())
				go func() {
					s.await(1)
					time.Sleep(20 * time.Millisecond)
					cancel(errReason)
				}()
				_, err := send(ctx, tr, m)
				// net/http tells of the cause before the header, and of the end within the body.
				if !errors.Is(err, errReason) && !errors.Is(err, context.Canceled) {
					t.Errorf("%v, want the reason of the context's end", err)
				}
				answered(t, tr, m)
			})
		})
	}
}

// TestContextsAreShared ends one context of many requests, and then another's.
func TestContextsAreShared(t *testing.T) {
	each(t, nil, [][]step{{asked}}, func(t *testing.T, tr Sender, s *scripted, m *Message) {
		shared, end := context.WithCancelCause(t.Context())
		own, endOwn := context.WithCancelCause(t.Context())
		failures := make(chan error, 4)
		var sharing sync.WaitGroup
		for range 3 {
			sharing.Go(func() {
				_, err := send(shared, tr, m)
				failures <- err
			})
		}
		alone := make(chan error, 1)
		go func() {
			_, err := send(own, tr, m)
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
	each(t, one, [][]step{{asked, waits, says(okay), asked, says(okay)}}, func(t *testing.T, tr Sender, s *scripted, m *Message) {
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if _, err := send(t.Context(), tr, m); err != nil {
					t.Error(err)
				}
			})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		s.await(1)
		if _, err := send(ctx, tr, m); !errors.Is(err, context.DeadlineExceeded) {
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
			each(t, nil, [][]step{first, {asked, says(okay)}}, func(t *testing.T, tr Sender, _ *scripted, m *Message) {
				if c, ok := tr.(*client); ok && c.dialer.tls != nil && strings.HasPrefix(name, "a timeout") {
					t.Skip("over TLS, what an idle connection brings is not looked at")
				}
				answered(t, tr, m)
				time.Sleep(20 * time.Millisecond)
				answered(t, tr, m)
			})
		})
	}
}

// TestFailureNamesItsStep lets the server read a request and close the connection:
// what failed is not the sending.
func TestFailureNamesItsStep(t *testing.T) {
	each(t, nil, [][]step{{asked, hangsUp}}, func(t *testing.T, tr Sender, _ *scripted, m *Message) {
		_, err := send(t.Context(), tr, m)
		if _, own := tr.(*client); err == nil || own && !strings.HasPrefix(err.Error(), "read answer: ") {
			t.Errorf("%v, want the reading of the answer to have failed", err)
		}
	})
}

// TestHalfClosedAtOnce is a server that closes its half right behind an answer that
// promised keep-alive, and reads on without a word: the next request does not wait
// for its timeout.
func TestHalfClosedAtOnce(t *testing.T) {
	each(t, nil, [][]step{{asked, says(okay), halfCloses, asked}, {asked, says(okay)}}, func(t *testing.T, tr Sender, _ *scripted, m *Message) {
		answered(t, tr, m)
		if _, err := send(t.Context(), tr, m); err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("%v, want an answer over another connection, or that the server closed this one", err)
		}
	})
}

// TestWarm opens connections ahead; one that is closed before its use fails no
// request.
func TestWarm(t *testing.T) {
	each(t, nil, [][]step{{asked, says(okay), asked, says(okay)}}, func(t *testing.T, tr Sender, _ *scripted, m *Message) {
		tr.Warm(t.Context(), 3)
		if dials := tr.Stats().Dials; dials != 3 {
			t.Errorf("%d dials, want 3", dials)
		}
		answered(t, tr, m)
		answered(t, tr, m)
		if dials := tr.Stats().Dials; dials != 3 {
			t.Errorf("%d dials after a request, want those 3", dials)
		}
	})
}

func TestWarmConnectionCloses(t *testing.T) {
	each(t, nil, [][]step{{shakes, hangsUp}, {asked, says(okay)}}, func(t *testing.T, tr Sender, _ *scripted, m *Message) {
		tr.Warm(t.Context(), 1)
		time.Sleep(20 * time.Millisecond)
		answered(t, tr, m)
	})
}

// TestBodyLeftUnread gives up an answer that is too long.
func TestBodyLeftUnread(t *testing.T) {
	long := "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nsome"
	each(t, nil, [][]step{{asked, says(long)}, {asked, says(okay)}}, func(t *testing.T, tr Sender, _ *scripted, m *Message) {
		o := &Outcome{Limit: func(int) (int, error) { return 3, errReason }}
		if err := tr.Send(t.Context(), m, o); !errors.Is(err, errReason) || string(o.Body) != "som" {
			t.Errorf("%q and %v, want 3 bytes and %v", o.Body, err, errReason)
		}
		answered(t, tr, m)
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
			for _, by := range carriers()[:3] {
				t.Run(by.name, func(t *testing.T) {
					s := newScripted(script)
					endpoint := s.serve(t, by)
					ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
					defer cancel()
					m := message(t, endpoint, "POST", "question")
					own := by.dial(t, endpoint, nil).(*client)
					c, err := own.exchange(ctx, own.pools.only, m)
					if err != nil {
						t.Fatal(err)
					}
					defer c.close()
					body := c.openBody(m)
					p := make([]byte, 100)
					for _, want := range []string{"one ", "two ", "three"} {
						s.signal <- struct{}{}
						if n, err := body.Read(p); string(p[:n]) != want || err != nil && err != io.EOF {
							t.Errorf("%q and %v, want %q", p[:n], err, want)
						}
					}
					s.signal <- struct{}{}
					if rest, err := io.ReadAll(body); len(rest) > 0 || err != nil {
						t.Errorf("then %q and %v, want the end", rest, err)
					}
				})
			}
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
	each(t, short, [][]step{{asked}, {asked, says(okay)}}, func(t *testing.T, tr Sender, _ *scripted, m *Message) {
		_, err := send(t.Context(), tr, m)
		isTimeout(t, err)
		answered(t, tr, m)
	})
}

// TestFirstByteTimeoutEndsWithTheFirstByte streams an answer for longer than that.
func TestFirstByteTimeoutEndsWithTheFirstByte(t *testing.T) {
	short := func(cfg *Config) { cfg.FirstByteTimeout = 200 * time.Millisecond }
	pause := func(*session) bool { time.Sleep(300 * time.Millisecond); return true }
	script := []step{asked, says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"), pause, says("k")}
	each(t, short, [][]step{script}, func(t *testing.T, tr Sender, _ *scripted, m *Message) {
		answered(t, tr, m)
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
			_, err := send(t.Context(), tr, message(t, endpoint, "GET", ""))
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
			if _, err := send(t.Context(), tr, message(t, endpoint, "GET", "")); err == nil || !strings.Contains(err.Error(), "refused") {
				t.Errorf("%v, want a connection refused", err)
			}
		})
	}
}
