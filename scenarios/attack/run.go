package attack

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"servebench/reports/record"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Run drives one cell and returns what was measured. It sends until the
// schedule ends, Config.Stop is closed or ctx ends, and returns when every
// request sent is answered or has timed out; when ctx ends, they are given up, and
// it returns without waiting for them. In all these cases the cell holds
// everything recorded so far and the error is nil. The error tells of a
// configuration that cannot be run, in which case nothing was sent, or of a
// record that could not be written, which ends the sending too.
//
// Target, Phase, Round, Measured, Usage and Log of the cell are the caller's to
// fill in.
func Run(ctx context.Context, cfg Config) (record.Cell, error) {
	if err := cfg.check(); err != nil {
		return record.Cell{}, fmt.Errorf("attack: %w", err)
	}
	if cfg.Concurrency > 0 {
		cfg.MaxInFlight = cfg.Concurrency
	}
	e, err := newEngine(cfg)
	if err != nil {
		return record.Cell{}, fmt.Errorf("attack: %w", err)
	}
	cell, err := e.run(ctx)
	if err := errors.Join(err, e.close()); err != nil {
		return cell, fmt.Errorf("attack: %w", err)
	}
	return cell, nil
}

func (e *engine) run(ctx context.Context) (record.Cell, error) {
	e.supply.start(func() { e.broken <- struct{}{} })
	e.openAhead(ctx)
	defer collectSeldom()()
	e.began = usageNow()
	e.zero = time.Now().Add(lead)
	e.recorder.zero = e.zero
	e.supply.begin(e.zero)
	if e.cfg.Started != nil {
		e.cfg.Started(e.zero)
	}
	var watchers sync.WaitGroup
	finished := make(chan struct{})
	watchers.Go(func() { e.supervise(ctx, finished) })
	watchers.Go(func() { e.reportProgress(finished) })
	if e.supply.held != nil {
		watchers.Go(func() { e.supply.held.renew(finished) })
	}
	var recording sync.WaitGroup
	for _, l := range e.loops {
		results := l.start()
		recording.Go(func() { e.recordResults(l, results) })
	}
	recording.Wait()
	close(finished)
	watchers.Wait()

	e.noteSendingEnd()
	e.bookUnsent()
	spent := usageNow().spentSince(e.began)
	err := e.flush()
	return e.sumUp(spent), err
}

func (e *engine) recordResults(l *loop, results <-chan *vegeta.Result) {
	for result := range results {
		f := e.recorder.record(l.flights, result)
		if e.raw == nil || f.state == unsent {
			continue
		}
		e.rawWriter.completeResult(result, f)
		e.rawPut.Lock()
		e.raw.put(result)
		e.rawPut.Unlock()
	}
}

// drainGrace is how much longer than the longest request the drain may take.
const drainGrace = 100 * time.Millisecond

// deadServerLoad is how long the sending goes on after the server has ended.
const deadServerLoad = time.Second

// supervise ends the load: gracefully on Stop, when its time is over or its server has
// ended, without waiting for answers when ctx ends.
func (e *engine) supervise(ctx context.Context, finished <-chan struct{}) {
	last := e.cfg.Span
	if e.cfg.Concurrency == 0 {
		last += e.cfg.Timeout // should the sending have fallen behind
	}
	over := time.NewTimer(time.Until(e.zero.Add(last)))
	defer over.Stop()
	// What is in flight when the sending ends is waited for until its own timeout.
	var drained <-chan time.Time
	drain := func() {
		if drained == nil {
			drained = time.After(e.deadlines.longestRequest() + drainGrace)
		}
	}
	var looks <-chan time.Time
	if e.watch != nil {
		ticker := time.NewTicker(abortEvery)
		defer ticker.Stop()
		looks = ticker.C
	}
	stop, serverEnded := e.cfg.Stop, e.cfg.ServerEnded
	var deadLoadOver <-chan time.Time
	for {
		select {
		case <-finished:
			return
		case <-over.C:
			e.stopSending()
			drain()
		case <-e.exhausted:
			if e.ended++; e.ended == len(e.loops) {
				e.noteSendingEnd()
				drain()
			}
		case <-looks:
			now := time.Since(e.zero)
			if what := brokenCondition(e.cfg.Abort, e.watch.windows(now), e.inFlight.Load()); what != "" {
				looks = nil
				e.abort("abort_on: " + what)
				drain()
			}
		case <-serverEnded:
			serverEnded, deadLoadOver = nil, time.After(deadServerLoad)
		case <-deadLoadOver:
			e.abort("the server ended")
			drain()
		case <-stop:
			stop = nil
			e.byUser = e.cutShort()
			drain()
		case <-e.broken:
			e.cutShort()
			drain()
		case <-drained:
			e.giveUp(errGivenUp)
		case <-ctx.Done():
			e.byUser = e.cutShort() || e.byUser
			e.giveUp(errGivenUp)
			return
		}
	}
}

// abort ends the sending because of what the server did, unless it is over.
func (e *engine) abort(what string) {
	if e.cutShort() {
		e.aborted = what
	}
}

const progressEvery = 250 * time.Millisecond

func (e *engine) reportProgress(finished <-chan struct{}) {
	if e.cfg.Progress == nil {
		return
	}
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for running := true; running; {
		select {
		case <-ticker.C:
		case <-finished:
			running = false
		}
		e.cfg.Progress(Progress{
			Elapsed:  time.Since(e.zero),
			Sent:     e.sent.Load(),
			Done:     e.recorder.done.Load(),
			Failed:   e.recorder.failed.Load(),
			InFlight: e.inFlight.Load(),
		})
	}
}

func (e *engine) flush() error {
	err := e.log.close()
	if e.raw != nil {
		err = errors.Join(err, e.raw.close(), e.rawWriter.flush())
	}
	if err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return nil
}
