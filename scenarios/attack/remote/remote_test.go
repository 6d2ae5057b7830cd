package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack"
)

// pipes is a listener and the process behind it, whose connections are within the test.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
	once    sync.Once
	ended   chan struct{}
	why     error

	mu     sync.Mutex
	conns  []net.Conn
	silent int // so many connections end without an answer
}

func newPipes() *pipes {
	return &pipes{waiting: make(chan net.Conn), closed: make(chan struct{}), ended: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.waiting:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) Dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	if p.isSilent(there) {
		go func() {
			_, _ = there.Read(make([]byte, 1024))
			there.Close()
		}()
		return here, nil
	}
	select {
	case p.waiting <- there:
		return here, nil
	case <-p.closed:
		return nil, errors.New("nobody listens")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// isSilent reports whether a connection is to end without an answer.
func (p *pipes) isSilent(there net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, there)
	p.silent--
	return p.silent >= 0
}

// breakOff ends all connections, and so many that are made then.
func (p *pipes) breakOff(silent int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		conn.Close()
	}
	p.conns, p.silent = nil, silent
}

func (p *pipes) Done() <-chan struct{} { return p.ended }
func (p *pipes) Err() error            { return p.why }

// echo plays a phase until it is stopped, a second at most per message.
type echo struct {
	played  int
	phase   Phase
	last    atomic.Int64 // when the latest phase ended, in nanoseconds from its begin
	heard   []string
	forever bool
	// replicas are how many there were after each second, where the load is spread.
	replicas []int
}

func (e *echo) Prepared() Prepared { return Prepared{Payloads: "a hash"} }

func (e *echo) Play(ctx context.Context, p Phase, h Hooks) (record.Cell, error) {
	e.played++
	e.phase = p
	began := time.Now()
	defer func() { e.last.Store(int64(time.Since(began))) }()
	h.Started(began)
	histogram := record.NewHistogram()
	if err := histogram.RecordValue(1000); err != nil {
		return record.Cell{}, err
	}
	cell := record.Cell{Started: began, Phase: "steady"}
	ended := h.ServerEnded
	for second := range 600 {
		select {
		case <-ctx.Done():
			e.heard = append(e.heard, giveUp)
			return cell, nil
		case <-h.Stop:
			e.heard = append(e.heard, stop)
			cell.Stopped = true
			return cell, nil
		case <-ended:
			e.heard, ended = append(e.heard, serverEnded), nil
		case <-time.After(time.Second):
		}
		if h.Addresses != nil {
			e.replicas = append(e.replicas, len(h.Addresses()))
		}
		at := time.Duration(second) * time.Second
		if err := h.Log.Interval(record.TagResponse, at, at+time.Second, histogram); err != nil {
			return cell, err
		}
		cell.Ledger.OK++
		h.Progress(attack.Progress{Done: cell.Ledger.OK})
		if !e.forever && second == 4 {
			break
		}
	}
	return cell, nil
}

type lines []string

func (l *lines) Append(line string) error { *l = append(*l, line); return nil }

// serve serves a player in the bubble of a test, and returns a client.
func serve(t *testing.T, player Player) (*Client, *pipes, <-chan error) {
	t.Helper()
	p := newPipes()
	served := make(chan error, 1)
	go func() {
		served <- Serve(t.Context(), p, func(context.Context, string, []byte, map[string]string) (Player, error) { return player, nil })
		p.Close()
	}()
	c, err := Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Prepare(t.Context(), Scenario{Text: []byte("name: x")}); err != nil {
		t.Fatal(err)
	}
	return c, p, served
}

// TestNobodyIsHeard ends the load fifteen seconds after the last word of a client, and the
// process a minute after it.
func TestNobodyIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		player := &echo{forever: true}
		c, p, served := serve(t, player)
		if err := c.post(t.Context(), "/phases", Phase{Number: 1}, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(40 * time.Second) // a client that only lives is enough
		if player.last.Load() != 0 {
			t.Errorf("the load ended after %v with a client", time.Duration(player.last.Load()))
		}
		c.Close()
		since := time.Now()
		err := <-served
		if err == nil || !strings.Contains(err.Error(), "no client was heard for 1m0s") || time.Since(since) < 58*time.Second || time.Since(since) > 64*time.Second {
			t.Errorf("the process ended after %v: %v", time.Since(since), err)
		}
		if last := time.Duration(player.last.Load()); last < 50*time.Second || last > 58*time.Second {
			t.Errorf("the load ended after %v, want some 15 s after the client", last)
		}
		p.Close()
	})
}

// TestNoConnectionsAreTaken ends the load and the process where it cannot be reached any more.
func TestNoConnectionsAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		player := &echo{forever: true}
		c, p, served := serve(t, player)
		defer c.Close()
		if err := c.post(t.Context(), "/phases", Phase{Number: 1}, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		p.Close() // the listener fails
		since := time.Now()
		if err := <-served; err == nil || !errors.Is(err, net.ErrClosed) || time.Since(since) > time.Second {
			t.Errorf("the process ended after %v: %v", time.Since(since), err)
		}
		if player.last.Load() == 0 {
			t.Error("the load goes on")
		}
	})
}

// TestWordsReachTheirPhase tells a process that the server ended and then to stop; what is
// said of another phase is not heard.
func TestWordsReachTheirPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		player := &echo{forever: true}
		c, _, _ := serve(t, player)
		defer c.Close()
		stopped, ended := make(chan struct{}), make(chan struct{})
		go func() {
			time.Sleep(3 * time.Second)
			for _, number := range []int{0, 7} {
				if err := c.post(c.over, "/control", control{Word: stop, Number: number}, nil); err != nil {
					t.Error(err)
				}
			}
			close(ended)
			time.Sleep(3 * time.Second)
			close(stopped)
		}()
		var log lines
		var zero time.Time
		done := int64(0)
		cell, err := c.Play(t.Context(), Phase{Round: 2, Index: 1, URL: "http://x"}, Hooks{
			Stop: stopped, ServerEnded: ended, Started: func(at time.Time) { zero = at }, Progress: func(p attack.Progress) { done = p.Done },
		}, &log)
		if err != nil || !cell.Stopped || strings.Join(player.heard, " ") != serverEnded+" "+stop {
			t.Errorf("%v, stopped %t, heard %v", err, cell.Stopped, player.heard)
		}
		if int64(len(log)) != cell.Ledger.OK || done != cell.Ledger.OK || done < 4 || zero.IsZero() || !zero.Equal(cell.Started) {
			t.Errorf("%d lines, %d done, %+v, from %s", len(log), done, cell.Ledger, zero)
		}
		if player.phase.Round != 2 || player.phase.Index != 1 || player.phase.Number != 1 {
			t.Errorf("played %+v", player.phase)
		}
	})
}

// TestAPhaseIsPlayedOnce asks for the same phase twice, and for another one meanwhile.
func TestAPhaseIsPlayedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		player := &echo{forever: true}
		c, _, _ := serve(t, player)
		defer c.Close()
		for range 2 {
			if err := c.post(t.Context(), "/phases", Phase{Number: 1}, nil); err != nil {
				t.Error(err)
			}
		}
		err := c.post(t.Context(), "/phases", Phase{Number: 2}, nil)
		synctest.Wait() // until the play of the first began
		if err == nil || err.Error() != "phase 1 is still played" || player.played != 1 {
			t.Errorf("%v, played %d times", err, player.played)
		}
	})
}

// TestConnectionsBreak loses nothing of what comes back when connections end, and others that
// are made then do without an answer.
func TestConnectionsBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p, _ := serve(t, &echo{})
		defer c.Close()
		go func() {
			time.Sleep(2500 * time.Millisecond)
			p.breakOff(3)
		}()
		var log lines
		cell, err := c.Play(t.Context(), Phase{}, Hooks{}, &log)
		if err != nil || cell.Ledger.OK != 5 || len(log) != 5 {
			t.Errorf("%v, %+v, %d lines", err, cell.Ledger, len(log))
		}
	})
}

// TestReplicasComeAndGo has a load spread over none at first, and over none again.
func TestReplicasComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		player := &echo{}
		c, _, _ := serve(t, player)
		defer c.Close()
		began := time.Now()
		var log lines
		_, err := c.Play(t.Context(), Phase{}, Hooks{Addresses: func() []string {
			if since := time.Since(began); since > 1500*time.Millisecond && since < 3500*time.Millisecond {
				return []string{"10.0.0.1:80"}
			}
			return nil
		}}, &log)
		if want := []int{0, 1, 1, 0, 0}; err != nil || !slices.Equal(player.replicas, want) {
			t.Errorf("%v, the load had %v replicas, want %v", err, player.replicas, want)
		}
	})
}

// TestAProcessEndsWhileItPrepares says so, though its connection does not break.
func TestAProcessEndsWhileItPrepares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		defer p.Close()
		c := &Client{process: p, http: &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return p.Dial(ctx) }}}}
		c.over, c.close = context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Second)
			p.why = errors.New("the node is gone")
			close(p.ended)
			c.close()
		}()
		if _, err := c.Prepare(t.Context(), Scenario{}); err == nil || !strings.Contains(err.Error(), "the node is gone") {
			t.Errorf("%v", err)
		}
	})
}

// TestGivenUpAtTheEndOfTheContext returns soon, with what there is.
func TestGivenUpAtTheEndOfTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		player := &echo{forever: true}
		c, _, _ := serve(t, player)
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		began := time.Now()
		var log lines
		cell, err := c.Play(ctx, Phase{}, Hooks{}, &log)
		if err != nil || cell.Ledger.OK != 3 || len(log) != 3 || time.Since(began) > 6*time.Second || player.heard[0] != giveUp {
			t.Errorf("%v, %+v after %v, heard %v", err, cell.Ledger, time.Since(began), player.heard)
		}
	})
}

// TestLostProcess says why a process ended, and that one does not answer.
func TestLostProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, lose := range map[string]func(*pipes){
			"the pod was evicted":          func(p *pipes) { p.why = errors.New("the pod was evicted"); close(p.ended) },
			"it cannot be reached for 11s": func(p *pipes) { p.Close() },
			"the pod was deleted": func(p *pipes) { // after its program was told to end
				time.AfterFunc(500*time.Millisecond, func() { p.why = errors.New("the pod was deleted"); close(p.ended) })
			},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			player := &echo{forever: true}
			p := newPipes()
			go Serve(ctx, p, func(context.Context, string, []byte, map[string]string) (Player, error) { return player, nil })
			c, err := Open(ctx, p)
			if err == nil {
				_, err = c.Prepare(ctx, Scenario{})
			}
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				time.Sleep(2500 * time.Millisecond)
				lose(p)
				cancel()
			}()
			var log lines
			_, err = c.Play(t.Context(), Phase{}, Hooks{}, &log)
			lost, is := errors.AsType[*LostError](err)
			if !is || !strings.Contains(lost.Error(), name) || len(log) != 2 {
				t.Errorf("%v with %d lines, want that it was lost: %s", err, len(log), name)
			}
			c.Close()
			cancel()
		}
	})
}

// TestScenarioArrives sends a text, variables and files, none of which leaves the folder.
func TestScenarioArrives(t *testing.T) {
	file := filepath.Join(t.TempDir(), "loans.csv")
	if err := os.WriteFile(file, []byte("a,b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	var folder string
	go func() {
		served <- Serve(ctx, listener, func(_ context.Context, dir string, text []byte, variables map[string]string) (Player, error) {
			folder = dir
			content, err := os.ReadFile(filepath.Join(dir, "0", "loans.csv"))
			if err != nil || string(content) != "a,b\n" || string(text) != "name: x" || variables["TOKEN"] != "t" {
				t.Errorf("%q %q %v %v", text, content, variables, err)
			}
			return nil, errors.New("line 1: no such thing")
		})
	}()
	p := tcp{listener.Addr().String()}
	c, err := Open(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Prepare(ctx, Scenario{Text: []byte("name: x"), Variables: map[string]string{"TOKEN": "t"}, Files: map[string]string{"0/loans.csv": file}})
	if err == nil || err.Error() != "prepare the load generator: line 1: no such thing" {
		t.Errorf("%v", err)
	}
	if _, err = c.Prepare(ctx, Scenario{Files: map[string]string{"../loans.csv": file}}); err == nil || !strings.Contains(err.Error(), "no path within a folder") {
		t.Errorf("%v", err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if _, err := os.Stat(folder); folder == "" || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder %s is left: %v", folder, err)
	}
}

// tcp is a process at an address that does not end.
type tcp struct{ address string }

func (p tcp) Dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", p.address)
}
func (p tcp) Done() <-chan struct{} { return nil }
func (p tcp) Err() error            { return nil }

// FuzzListen reads anything as what a process sends back: it is a whole record or a fault,
// and nothing that was not sent.
func FuzzListen(f *testing.F) {
	whole := `{"started":"2026-11-30T10:00:00Z"}` + "\n" + `{"progress":{"Done":1}}` + "\n" + `{"line":"Tag=lag,0,1,1,x\n"}` + "\n" + `{"end":{"cell":{},"before":2}}` + "\n"
	f.Add([]byte(whole))
	f.Add([]byte(whole[:len(whole)/2]))
	f.Add([]byte(strings.Replace(whole, `"before":2`, `"before":3`, 1)))
	f.Add([]byte(`{"raw":"aGFsbG8="}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var raw bytes.Buffer
		c := &Client{process: tcp{}, over: t.Context(), http: &http.Client{Transport: answer(text)}}
		var log lines
		last, err := c.listen(t.Context(), 1, Hooks{Raw: &raw}, &log)
		if err != nil {
			return
		}
		before := 0
		for line := range bytes.Lines(text) {
			var m message
			if json.Unmarshal(line, &m) != nil || m.End != nil {
				break
			}
			if m.Progress == nil {
				before++
			}
		}
		if last.Before != before || len(log) > before {
			t.Errorf("%d lines and an end after %d messages, of %q", len(log), last.Before, text)
		}
	})
}

type answer []byte

func (a answer) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(a))}, nil
}
