// Package attack drives one cell: it sends every request of a schedule at its
// due time through vegeta, whatever the server does, checks each answer, and
// records response time, service time and lag into histograms. It stands
// between the orchestration in scenarios and the record on disk.
package attack

import (
	"io"
	"iter"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/corpus"
	"servebench/targets"
)

// Config describes the load of one cell.
type Config struct {
	Endpoint targets.Endpoint
	Corpus   *corpus.Corpus
	// Arrivals are the due times, ascending offsets from the cell's start.
	// They are pulled as the load proceeds.
	Arrivals iter.Seq[time.Duration]
	// Span is the length of the schedule.
	Span time.Duration
	// OrderSeed decides which request of the corpus is sent k-th.
	OrderSeed uint64
	// Timeout bounds one request, from sent to done. It also bounds the drain
	// after the last due time: what is still in flight then is censored.
	Timeout time.Duration
	// Deadline is the response time within which a correct answer is good; 0: any.
	Deadline time.Duration
	// MaxInFlight caps the requests in flight; a cap that binds makes the run INVALID.
	MaxInFlight int
	// CPUs is how many CPUs the generator was given, for its own accounting.
	CPUs int
	// Log receives one interval per second of schedule and tag.
	Log *record.LogWriter
	// Raw, when not nil, receives vegeta's own result stream (gob).
	Raw io.Writer
	// Stop, when closed, ends the sending; what is in flight drains.
	Stop <-chan struct{}
	// Progress, when not nil, is called a few times a second, never from the
	// sending path.
	Progress func(Progress)
}

// Progress is how far a cell has come.
type Progress struct {
	Elapsed  time.Duration
	Sent     int64
	Done     int64
	Failed   int64
	InFlight int64
}
