package batcher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"servebench/targets/protocol"
)

// took is how long an execution of the model of these tests takes.
const took = 10 * time.Millisecond

// sums is a regression that answers the sum of a row's features, and remembers how many rows each
// execution had.
type sums struct {
	mu   sync.Mutex
	rows []int
}

func (s *sums) model() protocol.Model {
	return protocol.Model{
		Name: "sum",
		PredictBatch: func(features, scores []float32) {
			rows := len(scores)
			time.Sleep(took)
			s.mu.Lock()
			s.rows = append(s.rows, rows)
			s.mu.Unlock()
			for i := range rows {
				scores[i] = 0
				for _, x := range features[i*len(features)/rows : (i+1)*len(features)/rows] {
					scores[i] += x
				}
			}
		},
	}
}

// answered is what became of one request.
type answered struct {
	status int // of HTTP
	at     time.Duration
	done   protocol.Inference
}

// ask sends requests at their times, one row of two features each, whose sum is their place
// in the list, and returns what became of them.
func ask(t *testing.T, q *Queue, timeout time.Duration, at ...time.Duration) []answered {
	t.Helper()
	got := make([]answered, len(at))
	begin := time.Now()
	var all sync.WaitGroup
	for i, due := range at {
		all.Go(func() {
			time.Sleep(due)
			ctx := t.Context()
			if timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, timeout)
				defer cancel()
			}
			scores, err := q.Predict(ctx, nil, []float32{float32(i) - 1, 1}, 1, &got[i].done)
			if got[i].status = 200; err != nil {
				got[i].status = protocol.StatusOf(err)
			} else if !slices.Equal(scores, []float32{float32(i)}) {
				t.Errorf("request %d is answered with %v", i, scores)
			}
			got[i].at = time.Since(begin)
		})
	}
	all.Wait()
	return got
}

func statuses(got []answered) (list []int) {
	for _, a := range got {
		list = append(list, a.status)
	}
	return list
}

const ms = time.Millisecond

// TestBatches plays small designs by hand, with one execution at a time.
func TestBatches(t *testing.T) {
	for _, c := range []struct {
		name     string
		config   Config
		timeout  time.Duration
		at       []time.Duration
		statuses []int
		rows     []int // of each execution
		answers  []time.Duration
	}{
		{"together while one is executed", Config{MaxSize: 8}, 0, []time.Duration{0, 1 * ms, 2 * ms, 3 * ms},
			[]int{200, 200, 200, 200}, []int{1, 3}, []time.Duration{10 * ms, 20 * ms, 20 * ms, 20 * ms}},
		{"at most two rows", Config{MaxSize: 2}, 0, []time.Duration{0, 1 * ms, 2 * ms, 3 * ms},
			[]int{200, 200, 200, 200}, []int{1, 2, 1}, []time.Duration{10 * ms, 20 * ms, 20 * ms, 30 * ms}},
		{"one alone waits for the delay", Config{MaxSize: 8, MaxDelay: 5 * ms}, 0, []time.Duration{0},
			[]int{200}, []int{1}, []time.Duration{15 * ms}},
		{"the delay is the oldest's", Config{MaxSize: 8, MaxDelay: 5 * ms}, 0, []time.Duration{0, 4 * ms},
			[]int{200, 200}, []int{2}, []time.Duration{15 * ms, 15 * ms}},
		{"a full one does not wait", Config{MaxSize: 2, MaxDelay: 5 * ms}, 0, []time.Duration{0, 1 * ms},
			[]int{200, 200}, []int{2}, []time.Duration{11 * ms, 11 * ms}},
		{"two wait, a third is shed", Config{MaxQueue: 2}, 0, []time.Duration{0, 1 * ms, 2 * ms, 3 * ms, 14 * ms},
			[]int{200, 200, 200, 429, 200}, []int{1, 1, 1, 1}, []time.Duration{10 * ms, 20 * ms, 30 * ms, 3 * ms, 40 * ms}},
		{"a deadline passes while waiting", Config{}, 15 * ms, []time.Duration{0, 1 * ms, 2 * ms},
			[]int{200, 504, 504}, []int{1, 1}, []time.Duration{10 * ms, 16 * ms, 17 * ms}},
		{"a deadline passes while executed", Config{MaxSize: 8}, 4 * ms, []time.Duration{0},
			[]int{504}, []int{1}, []time.Duration{4 * ms}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s sums
				var counters Counters
				c.config.Executions = 1
				got := ask(t, New(s.model(), c.config, &counters), c.timeout, c.at...)
				time.Sleep(time.Second) // what is still executed
				synctest.Wait()
				if !slices.Equal(statuses(got), c.statuses) || !slices.Equal(s.rows, c.rows) {
					t.Errorf("statuses %v, executions of %v rows; want %v, %v", statuses(got), s.rows, c.statuses, c.rows)
				}
				for i, a := range got {
					if a.at != c.answers[i] {
						t.Errorf("request %d was answered after %v, want %v", i, a.at, c.answers[i])
					}
					if a.status == 200 && a.done.Queue+a.done.Compute != a.at-c.at[i] {
						t.Errorf("request %d waited for %v and was computed for %v, together not %v", i, a.done.Queue, a.done.Compute, a.at-c.at[i])
					}
				}
				if n := counters.Waiting.Load(); n != 0 || counters.Executions.Load() != int64(len(c.rows)) {
					t.Errorf("%d wait, %d executions; want 0, %d", n, counters.Executions.Load(), len(c.rows))
				}
			})
		})
	}
}

// TestWidthsAreNotMixed: a model of any width is asked for rows of one width at a time.
func TestWidthsAreNotMixed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sums
		q := New(s.model(), Config{MaxSize: 8, Executions: 1}, new(Counters))
		var all sync.WaitGroup
		for i, row := range [][]float32{{1}, {1, 2}, {3, 4}, {5}, {1, 1, 1, 1}} {
			all.Go(func() {
				time.Sleep(time.Duration(i) * ms)
				rows := 1
				if len(row) == 4 {
					rows = 2
				}
				scores, err := q.Predict(t.Context(), nil, row, rows, new(protocol.Inference))
				want := map[int]string{0: "[1]", 1: "[3]", 2: "[7]", 3: "[5]", 4: "[2 2]"}[i]
				if err != nil || fmt.Sprint(scores) != want {
					t.Errorf("%v is answered with %v, %v; want %s", row, scores, err, want)
				}
			})
		}
		all.Wait()
		if want := []int{1, 2, 1, 2}; !slices.Equal(s.rows, want) {
			t.Errorf("executions of %v rows, want %v", s.rows, want)
		}
	})
}

// TestPanicReachesWhoAsked, each of those whose rows were together, and the queue goes on.
func TestPanicReachesWhoAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := protocol.Model{Name: "m", Predict: func(x, scores []float32) {
			time.Sleep(took)
			scores[0] = x[1]
		}}
		q := New(m, Config{MaxSize: 8, Executions: 1}, new(Counters))
		var all sync.WaitGroup
		panics := make(chan any, 3)
		for i := range 3 {
			all.Go(func() {
				defer func() { panics <- recover() }()
				time.Sleep(time.Duration(i) * ms)
				_, _ = q.Predict(t.Context(), nil, []float32{1}, 1, new(protocol.Inference))
			})
		}
		all.Wait()
		for range 3 {
			if p := <-panics; p == nil {
				t.Error("a request whose model panicked did not")
			}
		}
		if scores, err := q.Predict(t.Context(), nil, []float32{1, 2}, 1, new(protocol.Inference)); err != nil || scores[0] != 2 {
			t.Errorf("afterwards: %v, %v", scores, err)
		}
	})
}

// TestWhoIsGoneIsTakenOut: a client that closes its connection does not cost an execution.
func TestWhoIsGoneIsTakenOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sums
		q := New(s.model(), Config{MaxSize: 1, MaxQueue: 5, Executions: 1}, new(Counters))
		go q.Predict(t.Context(), nil, []float32{1}, 1, new(protocol.Inference))
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(ms)
			cancel()
		}()
		_, err := q.Predict(ctx, nil, []float32{1}, 1, new(protocol.Inference))
		if protocol.StatusOf(err) != protocol.StatusClientClosed {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !slices.Equal(s.rows, []int{1}) {
			t.Errorf("executions of %v rows, want one", s.rows)
		}
	})
}

// TestBadAnswersAreTheirOwn: what a model says wrongly to one row fails no other request.
func TestBadAnswersAreTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sums
		m := s.model()
		m.Schema.Classes = []string{"no"} // so that scores are probabilities
		q := New(m, Config{MaxSize: 8, Executions: 1}, new(Counters))
		errs := make([]error, 3)
		var all sync.WaitGroup
		for i, x := range []float32{1, 7, 0.5} {
			all.Go(func() {
				time.Sleep(time.Duration(i) * ms)
				_, errs[i] = q.Predict(t.Context(), nil, []float32{x}, 1, new(protocol.Inference))
			})
		}
		all.Wait()
		if err := errors.Join(errs[0], errs[2]); err != nil || protocol.StatusOf(errs[1]) != 500 || len(s.rows) != 2 {
			t.Errorf("errors %v in executions of %v rows", errs, s.rows)
		}
	})
}
