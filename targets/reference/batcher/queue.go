// Package batcher has requests to a model of the reference server wait for their turn: they
// are put together to batches that the model answers in one execution, at most so many of
// them wait, and one that was not answered by its deadline is given up.
package batcher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"servebench/targets/protocol"
)

// Config says how requests to a model wait. The zero value has each executed when it comes.
type Config struct {
	// MaxSize is the most rows that are put together; 0 or 1: requests are executed alone. One
	// with more rows is executed alone, too.
	MaxSize int
	// MaxDelay is how long the oldest request waits for others while an execution could
	// start; 0: not at all, so that requests are put together while all executions are
	// taken.
	MaxDelay time.Duration
	// MaxQueue is how many requests may wait, further ones are refused with 429; 0: any number.
	MaxQueue int
	// Executions is how many run at a time; 0: GOMAXPROCS.
	Executions int
}

// Counters are what is counted of a version of a model.
type Counters struct {
	Waiting    atomic.Int64 // requests now
	Executions atomic.Int64
}

// Queue is where the requests to one version of a model wait. It needs no closing: it has
// goroutines while requests wait or are executed alone.
type Queue struct {
	config   Config
	model    protocol.Model
	counters *Counters

	mu      sync.Mutex
	waiting []*job // the oldest first
	rows    int    // of all that wait
	running int    // executions
	timer   *time.Timer
}

// job is one request.
type job struct {
	features []float32
	rows     int
	since    time.Time
	done     chan struct{} // closed when what follows is set
	started  time.Time
	ended    time.Time
	scores   []float32
	panicked any // what the model's panic said
}

// New returns the queue of a model.
func New(model protocol.Model, config Config, counters *Counters) *Queue {
	config.MaxSize = max(config.MaxSize, 1)
	config.Executions = cmp.Or(config.Executions, runtime.GOMAXPROCS(0))
	return &Queue{config: config, model: model, counters: counters}
}

// Predict implements protocol.Served's Queue. It is refused with 429 where too many wait,
// with 504 when the deadline of ctx passes, and with 499 when ctx ends otherwise, as when the
// client is gone.
func (q *Queue) Predict(ctx context.Context, dst, features []float32, rows int, done *protocol.Inference) ([]float32, error) {
	if err := ctx.Err(); err != nil {
		return dst, gaveUp(err)
	}
	_, timed := ctx.Deadline()
	if !timed && q.config.MaxSize == 1 && q.config.MaxQueue == 0 {
		start := time.Now()
		dst, err := q.model.PredictRows(dst, features, rows)
		done.Compute = time.Since(start)
		q.counters.Executions.Add(1)
		return dst, err
	}
	// The features are copied, since a request that is given up leaves them behind.
	j := &job{features: slices.Clone(features), rows: rows, since: time.Now(), done: make(chan struct{})}
	if !q.join(j) {
		return dst, &protocol.Refusal{Status: http.StatusTooManyRequests, Text: fmt.Sprintf("%d requests to model %q wait already; try again later", q.config.MaxQueue, q.model.Name)}
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		q.leave(j)
		done.Queue = time.Since(j.since)
		return dst, gaveUp(ctx.Err())
	}
	if j.panicked != nil {
		panic(j.panicked) // in the goroutine that answers for it
	}
	done.Queue, done.Compute = j.started.Sub(j.since), j.ended.Sub(j.started)
	return append(dst, j.scores...), q.model.CheckScores(j.scores)
}

func gaveUp(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &protocol.Refusal{Status: http.StatusGatewayTimeout, Text: "the request's deadline passed before the model had answered"}
	}
	return &protocol.Refusal{Status: protocol.StatusClientClosed, Text: "the request was cancelled"}
}

// join lets a request wait, and reports whether there was room. One that is executed
// immediately needs none.
func (q *Queue) join(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, j)
	q.rows += j.rows
	q.counters.Waiting.Add(1)
	q.dispatch()
	last := len(q.waiting) - 1
	if q.config.MaxQueue > 0 && last >= q.config.MaxQueue && q.waiting[last] == j {
		q.remove(last)
		return false
	}
	return true
}

// leave takes a request out that is given up, unless it is executed already.
func (q *Queue) leave(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, j); i >= 0 {
		q.remove(i)
	}
}

func (q *Queue) remove(i int) {
	q.rows -= q.waiting[i].rows
	q.counters.Waiting.Add(-1)
	q.waiting = slices.Delete(q.waiting, i, i+1)
}

// dispatch starts as many executions as can start now, and has itself called again when the
// oldest request has waited for long enough. q.mu is held.
func (q *Queue) dispatch() {
	for q.running < q.config.Executions && len(q.waiting) > 0 {
		if wait := q.config.MaxDelay - time.Since(q.waiting[0].since); q.rows < q.config.MaxSize && wait > 0 {
			if q.timer == nil {
				q.timer = time.AfterFunc(wait, q.wake)
			} else {
				q.timer.Reset(wait)
			}
			return
		}
		q.running++
		go q.execute(q.take())
	}
}

func (q *Queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dispatch()
}

// take takes the oldest requests out, as many as fit into one execution: the first, and those
// after it that have as many features in a row.
func (q *Queue) take() []*job {
	width := func(j *job) int { return len(j.features) / j.rows }
	n, rows := 0, 0
	for _, j := range q.waiting {
		if n > 0 && (rows+j.rows > q.config.MaxSize || width(j) != width(q.waiting[0])) {
			break
		}
		n, rows = n+1, rows+j.rows
	}
	batch := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	q.rows -= rows
	q.counters.Waiting.Add(int64(-n))
	return batch
}

// execute has the model answer requests together.
func (q *Queue) execute(batch []*job) {
	q.counters.Executions.Add(1)
	started := time.Now()
	scores, panicked := q.predict(batch)
	ended := time.Now()
	q.mu.Lock()
	q.running--
	q.dispatch()
	q.mu.Unlock()
	at := 0
	for _, j := range batch {
		j.started, j.ended, j.panicked = started, ended, panicked
		if panicked == nil {
			end := at + j.rows*q.model.Scores()
			j.scores = scores[at:end:end]
			at = end
		}
		close(j.done)
	}
}

// predict asks the model. A panic of it is told to those who asked, instead of ending the
// program here.
func (q *Queue) predict(batch []*job) (scores []float32, panicked any) {
	defer func() { panicked = recover() }()
	features, rows := batch[0].features, batch[0].rows
	if len(batch) > 1 {
		features, rows = nil, 0
		for _, j := range batch {
			features, rows = append(features, j.features...), rows+j.rows
		}
	}
	scores = make([]float32, rows*q.model.Scores())
	q.model.Score(features, scores, rows)
	return scores, nil
}
