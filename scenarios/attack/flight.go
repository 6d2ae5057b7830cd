package attack

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"servebench/reports/record"
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

	ctx    context.Context // bounds the request
	status int             // of the response; 0 before its header came
	reason string          // the status as the server worded it
	header http.Header     // of the response, not to be changed
	body   []byte          // of the response
	first  time.Time       // when body began to come, or the response ended without one; where that is recorded
}

// state is how far a flight came.
type state int

const (
	unsent   state = iota // the load was stopped before it reached the network
	sent                  // or failed, when failure is set
	censored              // given up before its timeout
)

const (
	// maxBody is the longest answer that is read. No model answers at such length;
	// the bound keeps a server that never ends from filling the memory.
	maxBody = 16 << 20
	// keptBody is the longest answer whose memory is kept for another.
	keptBody = 64 << 10
)

// begin makes it the flight of another request.
func (f *flight) begin(seq uint64, due time.Duration) {
	body := f.body[:0]
	if cap(body) > keptBody {
		body = nil
	}
	*f = flight{seq: seq, due: due, body: body}
}

// join makes it one of most requests in flight.
func (f *flight) join(ctx context.Context, most int64) {
	f.ctx, f.state, f.most = ctx, sent, most
}

// arrive takes the response, all of its body included, and the time at which that
// began to come if it is stamped.
func (f *flight) arrive(response *http.Response, stamped bool) {
	f.status, f.reason, f.header = response.StatusCode, response.Status, response.Header
	if err := f.read(response.Body, stamped); err != nil {
		f.fail(err)
	}
	response.Body.Close() // of a body that was read, or that failed already
}

func (f *flight) read(body io.Reader, stamped bool) error {
	for {
		f.body = slices.Grow(f.body, 512)
		n, err := body.Read(f.body[len(f.body):cap(f.body)])
		f.body = f.body[:len(f.body)+n]
		if stamped && (n > 0 || err == io.EOF) {
			f.first, stamped = time.Now(), false
		}
		switch {
		case len(f.body) > maxBody:
			return errTooLong
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
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
