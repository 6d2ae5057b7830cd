package attack

import (
	"context"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack/transport"
)

// flight is what is known of one request on its way. The pacer makes it, one
// worker of vegeta's fills it in, the recorder books it; vegeta's channels order
// the three, so that it needs no lock. It is used again for later requests.
type flight struct {
	seq     uint64 // among the requests of all loops
	due     time.Duration
	state   state
	failure error // classified by class
	class   string
	most    int64 // requests in flight when this one joined them, itself included

	ctx     context.Context   // bounds the request
	outcome transport.Outcome // what came back
}

// state is how far a flight came.
type state int

const (
	unsent   state = iota // the load was stopped before it reached the network
	sent                  // or failed, when failure is set
	censored              // given up before its timeout
)

// begin makes it the flight of another request.
func (f *flight) begin(seq uint64, due time.Duration) {
	*f = flight{seq: seq, due: due, outcome: f.outcome}
}

// rest gives back what it holds of its request, until it begins another.
func (f *flight) rest() { f.outcome.Reset() }

// join makes it one of most requests in flight.
func (f *flight) join(ctx context.Context, most int64) {
	f.ctx, f.state, f.most = ctx, sent, most
}

// fail records why the request did not succeed.
func (f *flight) fail(err error) {
	f.failure = err
	deadline, _ := f.ctx.Deadline()
	switch cause := context.Cause(f.ctx); {
	case cause == errGivenUp && time.Now().Before(deadline):
		f.state = censored
	case cause == errGivenUp, cause == errTimeout:
		f.class, f.failure = record.ErrorTimeout, errTimeout
	default:
		f.class = classify(err)
	}
}
