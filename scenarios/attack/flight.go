package attack

import (
	"context"
	"io"
	"time"

	"servebench/reports/record"
)

// flight is what is known of one request on its way. The pacer makes it, one
// worker of vegeta's fills it in, the recorder books it; vegeta's channels order
// the three, so that it needs no lock. It is the response's body as well, which
// saves an allocation and shows it the errors of reading.
type flight struct {
	seq     uint64
	due     time.Duration
	state   state
	status  int   // of the response; 0 before its header came
	failure error // classified by class
	class   string
	most    int64 // requests in flight when this one joined them, itself included

	ctx  context.Context // bounds the request
	body io.ReadCloser   // of the response
	read int64
	over func() // counts it out; nil once it has left
}

// state is how far a flight came.
type state int

const (
	unsent   state = iota // the load was stopped before it reached the network
	sent                  // or failed, when failure is set
	censored              // given up by the end of the drain
)

// maxBody is the longest answer that is read. No model answers at such length;
// the bound keeps a server that never ends from filling the memory.
const maxBody = 16 << 20

// begin makes it the flight of another request.
func (f *flight) begin(seq uint64, due time.Duration) {
	*f = flight{seq: seq, due: due}
}

// join makes it one of most requests in flight, until over is called.
func (f *flight) join(ctx context.Context, most int64, over func()) {
	f.ctx, f.over = ctx, over
	f.state = sent
	f.most = most
}

// leave counts it out again, once.
func (f *flight) leave() {
	if f.over != nil {
		f.over()
		f.over = nil
	}
}

// fail records why the request did not succeed; the first reason stands.
func (f *flight) fail(err error) {
	if f.failure != nil || f.state == censored {
		return
	}
	f.failure = err
	switch context.Cause(f.ctx) {
	case errGivenUp:
		f.state = censored
	case errTimeout:
		f.class, f.failure = record.ErrorTimeout, errTimeout
	default:
		f.class = classify(err)
	}
}

// Read reads the response's body.
func (f *flight) Read(p []byte) (int, error) {
	n, err := f.body.Read(p)
	if f.read += int64(n); f.read > maxBody {
		err = errTooLong
	}
	if err != nil && err != io.EOF {
		f.fail(err)
	}
	return n, err
}

// Close ends the request.
func (f *flight) Close() error {
	f.leave()
	return f.body.Close()
}
