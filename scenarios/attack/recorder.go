package attack

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/corpus"
	"servebench/targets"
	"servebench/targets/protocol"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// recorder books results. Vegeta's workers wait for it, so it does no input or
// output and formats only what is new; what it holds does not grow with the
// number of results. The loops share it, one result at a time: booking is so
// short that they hardly ever meet, and nothing has to be merged.
type recorder struct {
	mu       sync.Mutex
	cfg      Config
	zero     time.Time
	closed   bool // the load is a closed loop
	watch    *watch
	settled  []time.Duration // by loop: every request due before was booked
	seconds  *seconds
	mix      mix
	order    inOrder
	errors   failures
	statuses statuses
	replicas replicas

	ledger       record.Ledger
	retried      record.Retries
	answers      record.Answers
	good         int64
	requestBytes int64         // of bodies sent
	answerBytes  int64         // of bodies of correct answers
	overtime     time.Duration // of all workers of a closed loop, see record.Cell
	mostInFlight int64
	outOfRange   int64
	lastSent     time.Duration // from zero
	lastDone     time.Duration

	// cutAt is where the sending was cut short, in nanoseconds from zero, set from
	// another goroutine; 0 while it was not.
	cutAt atomic.Int64

	// For the progress, read from another goroutine.
	done, failed atomic.Int64
}

func newRecorder(cfg Config, o order, w *watch, loops int) *recorder {
	r := &recorder{
		cfg:      cfg,
		closed:   cfg.Concurrency > 0,
		watch:    w,
		settled:  make([]time.Duration, loops),
		seconds:  newSeconds(cfg),
		mix:      newMix(cfg.Corpus, o),
		errors:   failures{},
		statuses: statuses{},
		replicas: replicas{faults: cfg.Faults},
		order:    inOrder{ring: newRing[stamps](0), outages: outages{faults: cfg.Faults}},
	}
	if !r.closed {
		r.order.gaps = new(gaps)
	}
	return r
}

// record books one result of a loop, and returns its flight, as it is until the
// loop's next. A request that never reached the network is only scheduled, if that.
func (r *recorder) record(fs *flights, result *vegeta.Result) *flight {
	f, settled := fs.take(result.Seq)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case f.state != unsent:
		slice := r.seconds.sliceOf(f.due)
		slice.Scheduled++
		r.ledger.Scheduled++
		r.bookSent(f, result, slice)
	default:
		if !r.closed { // what a worker did not get to ask was in no schedule
			r.bookUnsent(f.due)
		}
		r.order.add(f.seq, stamps{state: skipped})
	}
	r.settled[fs.share.index] = settled
	r.seconds.flushSettled(slices.Min(r.settled))
	return f
}

func (r *recorder) bookSent(f *flight, result *vegeta.Result, slice *record.Slice) {
	o := &f.outcome
	o.Sent = result.Timestamp.Sub(r.zero)
	o.Done = o.Sent + result.Latency
	response := o.Done - f.due
	r.lastSent, r.lastDone = max(r.lastSent, o.Sent), max(r.lastDone, o.Done)
	r.mostInFlight = max(r.mostInFlight, f.inFlight)

	slice.Sent++
	slice.InFlight = max(slice.InFlight, f.inFlight)
	r.ledger.Sent++
	r.requestBytes += int64(len(f.request.message.Body))
	second := r.seconds.secondOf(f.due)
	r.recordValue(second, tagLag, o.Sent-f.due)
	before := r.ledger.OK
	class, text, predictions := r.judge(f)
	if r.cfg.Answered != nil && f.state != censored {
		r.cfg.Answered(Answered{f.due, o.Done, f.request.request, predictions})
	}
	became := stamps{due: f.due, sent: o.Sent, done: o.Done, state: right, class: class}
	switch {
	case f.state == censored:
		became.state = abandoned
		r.ledger.Censored++
		slice.Censored++
		r.mix.add(f.seq, record.Ledger{Censored: 1})
		r.recordValue(second, tagCensored, response)
	case class != "":
		became.state = wrong
		r.ledger.Failed++
		slice.Failed++
		r.mix.add(f.seq, record.Ledger{Failed: 1})
		r.errors.add(class, text)
		r.failed.Add(1)
		r.recordValue(second, tagFailed, response)
	default:
		r.ledger.OK++
		slice.OK++
		r.answerBytes += max(o.Length, int64(len(o.Body)))
		r.mix.add(f.seq, record.Ledger{OK: 1})
		second.recordClass(r.mix.classOf(f.seq), response)
		r.recordValue(second, tagResponse, response)
		r.recordValue(second, tagService, o.Done-o.Sent)
		if r.cfg.FirstByte {
			r.recordValue(second, tagFirstByte, o.FirstByte-f.due)
		}
		if r.cfg.Deadline == 0 || response <= r.cfg.Deadline {
			r.good++
		}
	}
	if o.Status != 0 && f.state != censored {
		r.replicas.add(o, class == "")
	}
	if f.retries > 0 {
		r.retried.Add(record.Retries{Requests: 1, Attempts: int64(f.retries), OK: r.ledger.OK - before})
	}
	r.order.add(f.seq, became)
	if r.closed {
		r.overtime += max(o.Done-r.dueWindow(), 0)
	}
	r.done.Add(1)
	r.watch.noteEnd(f.due, response, class != "")
}

// dueWindow is the time in which requests were due. An answer is booked after it was
// done, so what comes after a cut finds the cut here.
func (r *recorder) dueWindow() time.Duration {
	if at := r.cutAt.Load(); at > 0 {
		return time.Duration(at)
	}
	return r.cfg.Span
}

// judge returns the class of what went wrong, and its text; "" when nothing did. Texts are
// formatted only for the first of a class. Predictions are as of Answered.
func (r *recorder) judge(f *flight) (class, text string, predictions []corpus.Prediction) {
	o := &f.outcome
	switch {
	case f.state == censored:
		return "", "", nil
	case f.failure != nil:
		return f.class, r.firstExample(f.class, func() string { return targets.Explain(f.failure).Error() }), nil
	case !r.cfg.Corpus.Accepts(o.Status):
		class = r.statuses.class(o.Status)
		return class, r.firstExample(class, func() string { return targets.Answer(o.Reason, o.Header, o.Body) }), nil
	}
	judged := f.request.request.CheckBy(protocol.Response{
		Status: o.Status, Header: o.Header, Trailer: o.Trailer, Body: o.Body, Length: o.Length,
	}, r.cfg.Serving, o.Sent, o.Done)
	r.answers.Add(judged.Answers)
	return judged.Class, targets.Mismatch(o.Header, judged.Text), f.request.request.Predictions()
}

func (r *recorder) firstExample(class string, text func() string) string {
	if _, known := r.errors[class]; known {
		return ""
	}
	return text()
}

func (r *recorder) recordValue(s *second, t tag, v time.Duration) {
	if !s.record(t, v) {
		r.outOfRange++
	}
}

// bookUnsent books an arrival that was not sent, and reports whether it was due before
// the sending was cut short. What was not is counted by complete.
func (r *recorder) bookUnsent(due time.Duration) bool {
	if due >= r.dueWindow() {
		return false
	}
	r.ledger.Scheduled++
	r.seconds.sliceOf(due).Scheduled++
	return true
}

// complete ends the record: the slices go as far as the load, and of a schedule of so
// many arrivals that was cut short all count as scheduled.
func (r *recorder) complete(scheduled int64) {
	r.seconds.extendTo(r.dueWindow() - 1)
	r.seconds.flushAll()
	r.order.end()
	if r.closed {
		for i := range r.mix.counts {
			l := &r.mix.counts[i].Ledger
			l.Scheduled = l.Sent
		}
		return
	}
	if r.cutAt.Load() > 0 {
		r.ledger.Scheduled = scheduled
	}
	r.mix.countScheduled(r.ledger.Scheduled)
}
