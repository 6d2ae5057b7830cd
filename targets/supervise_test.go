package targets

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"servebench/reports/record"
)

// mortal is a server that ends by itself after a time.
type mortal struct {
	done   chan struct{}
	once   sync.Once
	closed func()
	wanted bool
	used   time.Duration
}

func (m *mortal) end(wanted bool) {
	m.once.Do(func() {
		m.wanted = wanted
		close(m.done)
	})
}

func (m *mortal) Done() <-chan struct{} { return m.done }

func (m *mortal) Err() error {
	select {
	case <-m.done:
		if !m.wanted {
			return errors.New("it died")
		}
	default:
	}
	return nil
}

func (m *mortal) Usage(context.Context, time.Time, time.Time) (record.Usage, error) {
	return record.Usage{CPU: m.used, Known: true}, nil
}

func (m *mortal) Close(context.Context) error {
	m.end(true)
	m.closed()
	return nil
}

// supervised are servers that each live for so long, of which some starts fail.
type supervised struct {
	lives                    time.Duration
	fails                    func(start int) bool
	starts, closed, released int
	events                   []string
}

func (s *supervised) deploy(t *testing.T, restart bool) *Deployment {
	t.Helper()
	start := func(context.Context) (*Deployment, error) {
		s.starts++
		if s.fails != nil && s.fails(s.starts) {
			return nil, errors.New("it does not start")
		}
		m := &mortal{done: make(chan struct{}), closed: func() { s.closed++ }, used: time.Second}
		time.AfterFunc(s.lives, func() { m.end(false) })
		return &Deployment{Began: time.Now(), Instance: m}, nil
	}
	w := Workload{Restart: restart, Events: func(e record.Event) { s.events = append(s.events, e.Kind) }}
	d, err := Supervise(t.Context(), w, start, func() error { s.released++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSupervise(t *testing.T) {
	never := func(int) bool { return false }
	for _, c := range []struct {
		name    string
		lives   time.Duration
		fails   func(int) bool
		restart bool
		starts  int    // within a minute
		err     string // "": it runs then
	}{
		{"not asked to", time.Second, never, false, 1, "it died"},
		{"now and then", 4800 * time.Millisecond, never, true, 13, ""},
		{"again and again", time.Millisecond, never, true, 5, "it died; it was started 5 times in 10s, and is not started again"},
		{"for ever", time.Hour, never, true, 1, ""},
		{"a start that fails in between", 20 * time.Second, func(n int) bool { return n == 2 }, true, 4, ""},
		{"no start succeeds any more", time.Second, func(n int) bool { return n > 1 }, true, 5, "it does not start; it was started 5 times in 10s, and is not started again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &supervised{lives: c.lives, fails: c.fails}
				d := s.deploy(t, c.restart)
				time.Sleep(time.Minute)
				synctest.Wait()
				ended := false
				select {
				case <-d.Done():
					ended = true
				default:
				}
				if err := d.Err(); ended != (c.err != "") || c.err != "" && (err == nil || err.Error() != c.err) {
					t.Errorf("ended %v with %v, want %q", ended, err, c.err)
				}
				if s.starts != c.starts {
					t.Errorf("%d starts, want %d; events %s", s.starts, c.starts, strings.Join(s.events, ", "))
				}
				used, err := d.Usage(t.Context(), time.Time{}, time.Now())
				if err != nil || used.CPU < time.Second {
					t.Errorf("usage %+v, %v, want that of all starts", used, err)
				}
				for range 2 {
					if err := d.Close(t.Context()); err != nil {
						t.Error(err)
					}
				}
				<-d.Done()
				if s.released != 1 || s.closed == 0 {
					t.Errorf("%d closed and released %d times, want all closed and once", s.closed, s.released)
				}
			})
		})
	}
}

// TestSuperviseClosesWhileItStarts leaves nothing of a start that is under way.
func TestSuperviseClosesWhileItStarts(t *testing.T) {
	for _, after := range []time.Duration{time.Second, time.Second + restartDelay/2, time.Second + restartDelay, time.Second + restartDelay + time.Nanosecond} {
		synctest.Test(t, func(t *testing.T) {
			s := &supervised{lives: time.Second}
			d := s.deploy(t, true)
			time.Sleep(after)
			if err := d.Close(t.Context()); err != nil {
				t.Error(err)
			}
			starts := s.starts
			time.Sleep(time.Minute)
			if s.closed != starts || s.starts != starts || s.released != 1 {
				t.Errorf("closed after %v: %d of %d starts closed, %d since, released %d times", after, s.closed, starts, s.starts-starts, s.released)
			}
		})
	}
}
