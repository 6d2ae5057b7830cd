package attack

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

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
// behind.
type roundTripper struct {
	next      http.RoundTripper
	templates []template // by index into the corpus
	order     order
	flights   *flights
	deadlines *deadlines
	stopped   *atomic.Bool
	end       time.Duration // what is due from then on is not sent; 0: all is
	callers   *callers      // nil in an open loop
	inFlight  atomic.Int64
	sent      atomic.Int64
	leave     func() // rt.over, bound once
}

// RoundTrip implements http.RoundTripper.
func (rt *roundTripper) RoundTrip(placeholder *http.Request) (*http.Response, error) {
	seq, err := sequence(placeholder)
	if err != nil {
		return nil, err
	}
	f := rt.flights.find(seq)
	if rt.stopped.Load() || rt.end > 0 && f.due >= rt.end {
		rt.free()
		return nil, errStopped
	}
	rt.sent.Add(1)
	f.join(rt.deadlines.context(), rt.inFlight.Add(1), rt.leave)

	t := &rt.templates[rt.order.at(seq)]
	request := t.request.WithContext(f.ctx)
	request.Body = newBody(t.body)
	response, err := rt.next.RoundTrip(request)
	if err != nil {
		f.fail(err)
		f.leave()
		return nil, err
	}
	f.status, f.body = response.StatusCode, response.Body
	response.Body = f
	return response, nil
}

// over counts a request out of those in flight.
func (rt *roundTripper) over() {
	rt.inFlight.Add(-1)
	rt.free()
}

// free sets the caller of a request free, where there are callers.
func (rt *roundTripper) free() {
	if rt.callers != nil {
		rt.callers.done()
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
