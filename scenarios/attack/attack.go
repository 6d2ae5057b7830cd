// Package attack drives one cell: it sends every request of a schedule at its
// due time through vegeta, whatever the server does, checks each answer, and
// records response time, service time and lag into histograms. It stands
// between the orchestration in scenarios and the record on disk.
//
// The way of one request: the pacer waits until it is due and hands it to one
// of vegeta's workers; the round tripper replaces vegeta's placeholder by the
// request of the corpus and sends it; the recorder, the only reader of vegeta's
// results, books it; finished seconds go to sinks that write them to disk. What
// is known of a request on its way is its flight, found by vegeta's sequence
// number.
package attack

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack/transport"
	"servebench/scenarios/corpus"
	"servebench/targets"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Config describes the load of one cell.
type Config struct {
	// Endpoint is where the requests go. Its Transport, when there is one, has
	// to give up a request as soon as the request's context ends.
	Endpoint targets.Endpoint
	// HTTP says how requests are carried there.
	HTTP transport.Options
	// Retries say when a request that failed is sent again.
	Retries Retries
	// Credentials are put on every request before the load, and again while it is sent as
	// often as their Lifetime asks for.
	Credentials targets.Credentials
	Corpus      *corpus.Corpus
	// Header is put on every request as well; nil: nothing is. It must not be changed.
	Header http.Header
	// Arrivals are the due times, ascending offsets from the cell's start.
	// They are pulled as the load proceeds. The sequence must end, and where there
	// are several Attackers, be the same each time it is iterated over, at once.
	Arrivals iter.Seq[time.Duration]
	// Scheduled is how many Arrivals there are in all, which is what counts as
	// scheduled where the load is ended before.
	Scheduled int64
	// Concurrency makes it a closed loop of so many workers, without Arrivals: each
	// waits for its answer, thinks, and asks again; a request is due when its
	// worker has thought. 0: an open loop.
	Concurrency int
	// Think returns how long a worker thinks before it asks, the first time
	// included; calls do not overlap. nil: not at all.
	Think func() time.Duration
	// Attackers is how many of vegeta's attack loops share the load, each with an
	// equal part of MaxInFlight or Concurrency; 0: one. More than one are for several
	// CPUs: the k-th arrival goes to loop k modulo Attackers.
	Attackers int
	// Abort says when to end the load early; nil: never. Its Errors and P99 look at stretches
	// of due times, in steps of 250 ms, and end nothing before For has passed. Each stretch
	// is looked at until its requests have timed out, since a timeout is a failure that is
	// known late.
	Abort *record.AbortOn
	// Span is the length of the schedule: every arrival is before it.
	Span time.Duration
	// Steps are its stretches of constant rate, if it is made of such: no slice of the
	// record belongs to two of them.
	Steps []record.Step
	// Faults are when faults will be injected, ascending: failures due before one and after
	// it are recorded as two runs (record.Outage).
	Faults []time.Duration
	// OrderSeed decides which request of the corpus is sent k-th.
	OrderSeed uint64
	// Drifted is the share of the requests due at a time that are drawn from those after the
	// drift of the Corpus, which is a corpus.Drift then; nil: it has none.
	Drifted func(due time.Duration) float64
	// Serving says which models answered in place of the one that the requests are made for; nil:
	// none did.
	Serving *corpus.Serving
	// Timeout bounds one request, from sent to done; it is kept to 1 %, and to 250 ms.
	// Where the sending falls behind, what was not sent so long after the schedule's
	// end never is.
	Timeout time.Duration
	// Deadline is the response time within which a correct answer is good; 0: any.
	Deadline time.Duration
	// FirstByte says to record the times to first byte as well: when the first byte of the
	// body of an answer came, or its end where it has no body.
	FirstByte bool
	// MaxInFlight caps the requests in flight; a cap that binds makes the run
	// INVALID. In a closed loop it is Concurrency, whatever it says.
	MaxInFlight int
	// CPUs is how many CPUs the generator was given, for its own accounting;
	// 0: GOMAXPROCS.
	CPUs int
	// Log receives one interval per slice of the schedule (record.SliceLength) and tag.
	Log IntervalLog
	// Raw, when not nil, receives vegeta's own result stream (gob), which
	// vegeta's encode, report and plot commands read.
	Raw io.Writer
	// Redact, when not nil, takes the secrets out of what goes to Raw.
	Redact func(string) string
	// Stop, when closed, ends the sending; what is in flight drains. nil: never.
	Stop <-chan struct{}
	// ServerEnded, when closed, says that the server runs no more. The sending goes on
	// for a second, so that what its users would meet is counted, and ends. nil: never.
	ServerEnded <-chan struct{}
	// Started, when not nil, is called with the due times' zero before it comes. It must not
	// wait.
	Started func(zero time.Time)
	// Answered, when not nil, is told of every request that was sent and not given up, one at a
	// time, as they come to be booked. All requests wait for it, so it must not.
	Answered func(Answered)
	// Progress, when not nil, is called a few times a second, never from the
	// sending path, and never after Run returned.
	Progress func(Progress)
}

// Answered is what became of a request, for a monitor.
type Answered struct {
	Due, Done time.Duration // from the due times' zero
	Request   *corpus.Request
	// Predictions are what was answered, one per example, of a corpus that is Monitored; nil: it
	// failed, or the answer could not be read. They must not be changed.
	Predictions []corpus.Prediction
}

// IntervalLog receives the histogram of one tag (record.TagResponse…) over
// [start, end) of the schedule, in nanoseconds, in ascending order of start. It
// must not keep the histogram. A *record.LogWriter is one.
type IntervalLog interface {
	Interval(tag string, start, end time.Duration, h *hdrhistogram.Histogram) error
}

// Progress is how far a cell has come.
type Progress struct {
	Elapsed  time.Duration // since the first arrival could be due
	Sent     int64
	Done     int64 // OK, failed or censored
	Failed   int64
	InFlight int64
}

func (cfg *Config) check() error {
	switch {
	case cfg.Corpus == nil || cfg.Corpus.Len() == 0:
		return errors.New("corpus: none, want at least one request")
	case cfg.Concurrency < 0:
		return fmt.Errorf("concurrency: %d, want at least 1, or 0 for an open loop", cfg.Concurrency)
	case cfg.Arrivals == nil && cfg.Concurrency == 0:
		return errors.New("arrivals: none, want a sequence of due times, or a concurrency")
	case cfg.Arrivals != nil && cfg.Concurrency > 0:
		return fmt.Errorf("arrivals: given beside a concurrency of %d, want one of the two", cfg.Concurrency)
	case cfg.Think != nil && cfg.Concurrency == 0:
		return errors.New("think: given without concurrency, want a closed loop")
	case cfg.Attackers < 0:
		return fmt.Errorf("attackers: %d, want at least 1", cfg.Attackers)
	case cfg.Span <= 0:
		return fmt.Errorf("span: %v, want more than 0s", cfg.Span)
	case cfg.Timeout <= 0:
		return fmt.Errorf("timeout: %v, want more than 0s", cfg.Timeout)
	case cfg.MaxInFlight < 1 && cfg.Concurrency == 0:
		return fmt.Errorf("max in flight: %d, want at least 1", cfg.MaxInFlight)
	case cfg.Log == nil:
		return errors.New("log: none, want an interval log")
	}
	if cfg.Abort != nil && cfg.Abort.For < time.Second {
		return fmt.Errorf("abort: for: %v, want at least 1s", cfg.Abort.For)
	}
	return nil
}
