package reference

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestDrainAnswersWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := newServer(t, Config{Models: models(blocking(release))})
		l, stop, ended := start(t, s)
		c := dial(t, l)
		c.send(t, inferRequest("blocking"))
		synctest.Wait()
		stop()
		synctest.Wait()
		if _, err := l.dial(); err == nil {
			t.Error("a draining server without a delay still accepts connections")
		}
		select {
		case err := <-ended:
			t.Fatalf("ended with a request in flight: %v", err)
		default:
		}
		close(release)
		resp, body := c.read(t)
		if resp.StatusCode != 200 || !strings.Contains(body, `"data":[0.5]`) {
			t.Errorf("the request in flight got %d %s", resp.StatusCode, body)
		}
		if !resp.Close {
			t.Error("the answer keeps the connection alive")
		}
		if err := <-ended; err != nil {
			t.Errorf("a clean drain ended with %v", err)
		}
	})
}

func TestDrainDelayTakesRequestsButIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, Config{DrainDelay: 3 * time.Second})
		l, stop, ended := start(t, s)
		c := dial(t, l)
		c.send(t, readyRequest)
		if resp, _ := c.read(t); resp.StatusCode != 200 {
			t.Errorf("before: ready answers %d", resp.StatusCode)
		}
		began := time.Now()
		stop()
		synctest.Wait()
		c = dial(t, l)
		c.send(t, readyRequest)
		if resp, body := c.read(t); resp.StatusCode != 503 || body != `{"live":true,"ready":false}` {
			t.Errorf("draining: ready answers %d %s", resp.StatusCode, body)
		}
		c = dial(t, l)
		c.send(t, inferRequest("noop"))
		if resp, body := c.read(t); resp.StatusCode != 200 || !resp.Close {
			t.Errorf("draining: a request got %d %s, close %v", resp.StatusCode, body, resp.Close)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took < 3*time.Second {
			t.Errorf("the delay took %v, want 3s", took)
		}
	})
}

func TestDrainGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		s := newServer(t, Config{Models: models(blocking(release)), DrainTimeout: 2 * time.Second})
		l, stop, ended := start(t, s)
		c := dial(t, l)
		c.send(t, inferRequest("blocking"))
		synctest.Wait()
		began := time.Now()
		stop()
		err := <-ended
		if want := "drain: 1 requests were still in flight after 2s"; fmt.Sprint(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if took := time.Since(began); took < 2*time.Second || took > 3*time.Second {
			t.Errorf("gave up after %v, want 2s", took)
		}
	})
}

func TestServeReportsAListenerThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, Config{})
		l, _, ended := start(t, s)
		l.Close()
		if err := <-ended; err == nil || !strings.HasPrefix(err.Error(), "serve on pipe: ") {
			t.Errorf("got %v", err)
		}
	})
}

func TestHeaderLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stop, ended := start(t, newServer(t, Config{}))
		c := dial(t, l)
		go func() {
			// The server stops reading in the midst of it.
			_, _ = io.WriteString(c, "GET /v2 HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 2*maxHeader)+"\r\n\r\n")
		}()
		if resp, body := c.read(t); resp.StatusCode != 431 {
			t.Errorf("got %d %s, want 431", resp.StatusCode, body)
		}
		c.Close()
		stop()
		<-ended
	})
}

// Connections that dawdle are closed in time.
func TestTimeouts(t *testing.T) {
	tests := []struct {
		name, sent string
		answer     int
		want       time.Duration
	}{
		{"header", "GET /v2 HTTP/1.1\r\nHost:", 0, 5 * time.Second},
		{"body", "POST /v2/models/noop/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{", 400, 30 * time.Second},
		{"idle", readyRequest, 200, 2 * time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, stop, ended := start(t, newServer(t, Config{}))
				began := time.Now()
				c := dial(t, l)
				c.send(t, test.sent)
				if test.answer != 0 {
					if resp, body := c.read(t); resp.StatusCode != test.answer {
						t.Errorf("got %d %s, want %d", resp.StatusCode, body, test.answer)
					}
				}
				if _, err := c.answers.ReadByte(); err == nil {
					t.Error("the server sent more")
				}
				if took := time.Since(began); took < test.want || took > test.want+time.Second {
					t.Errorf("closed after %v, want %v", took, test.want)
				}
				stop()
				<-ended
			})
		})
	}
}
