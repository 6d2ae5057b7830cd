package attack

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"servebench/scenarios/attack/transport"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// seqHeader is where vegeta puts the sequence number of a request.
const seqHeader = "X-Vegeta-Seq"

// placeholderURL is parsed quickly and no transport would take it, so nothing
// but our own requests can reach the wire.
const placeholderURL = "corpus:request"

// placeholder is vegeta's Targeter: what vegeta believes to send.
func placeholder(t *vegeta.Target) error {
	t.Method, t.URL = http.MethodPost, placeholderURL
	return nil
}

// roundTripper sends the request of the corpus that vegeta's sequence number
// stands for, byte for byte as it was materialised: vegeta's own headers stay
// behind. What became of it is in its flight, with the answer, and vegeta is told
// the same of every one, that it was carried: what vegeta does with answers and
// errors costs time and memory for each, and some of it fails.
type roundTripper struct {
	*carriage
	flights *flights
	workers *workers // nil in an open loop
	cap     int64    // requests in flight at most
	mine    atomic.Int64
	bound   atomic.Bool // the cap was reached
}

// carriage is what the round trippers of all loops share.
type carriage struct {
	sender    transport.Sender
	limit     func(status int) (int, error) // see transport.Outcome
	messages  []*transport.Message          // by index into the corpus
	order     order
	deadlines *deadlines
	stopped   atomic.Bool
	end       time.Duration // what is due from then on is not sent; 0: all is
	stamped   bool          // see transport.Outcome
	zero      time.Time
	carried   *http.Response
	inFlight  atomic.Int64
	sent      atomic.Int64
}

// newCarried returns the answer that vegeta gets, which nobody changes.
func newCarried() *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}
}

// RoundTrip implements http.RoundTripper.
func (rt *roundTripper) RoundTrip(placeholder *http.Request) (*http.Response, error) {
	seq, err := sequence(placeholder)
	if err != nil {
		return nil, err
	}
	f := rt.flights.find(seq)
	if !rt.stopped.Load() && (rt.end == 0 || f.due < rt.end) {
		rt.carry(f)
	}
	if rt.workers != nil {
		rt.workers.done()
	}
	return rt.carried, nil
}

// carry sends a request and waits for the end of its answer.
func (rt *roundTripper) carry(f *flight) {
	rt.sent.Add(1)
	if rt.mine.Add(1) == rt.cap {
		rt.bound.Store(true)
	}
	f.join(rt.deadlines.context(), rt.inFlight.Add(1))
	defer func() {
		rt.inFlight.Add(-1)
		rt.mine.Add(-1)
	}()
	o := &f.outcome
	o.Zero, o.Limit, o.Stamped = rt.zero, rt.limit, rt.stamped
	if err := rt.sender.Send(f.ctx, rt.messages[rt.order.at(f.seq)], o); err != nil {
		f.fail(err)
	}
}

func sequence(placeholder *http.Request) (uint64, error) {
	values := placeholder.Header[seqHeader]
	if len(values) != 1 {
		return 0, fmt.Errorf("read sequence number: %d %s headers, want 1", len(values), seqHeader)
	}
	seq, err := strconv.ParseUint(values[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read sequence number: %w", err)
	}
	return seq, nil
}
