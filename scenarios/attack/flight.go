package attack

import (
	"context"
	"io"
	"net/http"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/corpus"
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
	body   []byte          // of the response, as much as is checked
	length int64           // of the whole body
	first  firstByte       // where that is recorded
}

// state is how far a flight came.
type state int

const (
	unsent   state = iota // the load was stopped before it reached the network
	sent                  // or failed, when failure is set
	censored              // given up before its timeout
)

// firstByte is a body that notes when it began to come, or ended without a byte.
type firstByte struct {
	body io.Reader
	at   time.Time
}

func (b *firstByte) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if b.at.IsZero() && (n > 0 || err == io.EOF) {
		b.at = time.Now()
	}
	return n, err
}

// keptBody is the longest answer whose memory is kept for another.
const keptBody = 64 << 10

// begin makes it the flight of another request.
func (f *flight) begin(seq uint64, due time.Duration) {
	*f = flight{seq: seq, due: due, body: f.body[:0]}
}

// rest gives back what it holds of its request, until it begins another.
func (f *flight) rest() {
	f.header = nil
	if cap(f.body) > keptBody {
		f.body = nil
	}
}

// join makes it one of most requests in flight.
func (f *flight) join(ctx context.Context, most int64) {
	f.ctx, f.state, f.most = ctx, sent, most
}

// arrive takes the response to a request of the corpus, to the end of its body, and the
// time at which that began to come if it is stamped.
func (f *flight) arrive(response *http.Response, requests *corpus.Corpus, stamped bool) {
	f.status, f.reason, f.header = response.StatusCode, response.Status, response.Header
	body := io.Reader(response.Body)
	if stamped {
		f.first.body = body
		body = &f.first
	}
	var err error
	if f.body, f.length, err = requests.Read(f.status, body, f.body); err != nil {
		f.fail(err)
	}
	response.Body.Close() // of a body that was read, or that failed already
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
