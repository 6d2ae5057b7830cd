package transport

import (
	"io"
	"math"
	"net/http"
	"slices"
	"time"
)

// Outcome is what became of one request. It may be used for another one later, whose
// Body and Chunks then take the memory of these.
type Outcome struct {
	// Zero is the moment that the offsets count from.
	Zero time.Time
	// Stamped says to take FirstByte and Chunks.
	Stamped bool
	// Limit returns how many bytes of the body of an answer with a status are kept,
	// and the error of one that is longer; nil: the rest is read and dropped. A nil
	// Limit keeps everything.
	Limit func(status int) (most int, tooLong error)

	// Address is the one that the request was sent to, where there are several; else "".
	Address string

	Status          int         // of the answer; 0 before its header came
	Reason          string      // the status as the server worded it: "200 OK"
	Header, Trailer http.Header // not to be changed: answers share them
	Body            []byte      // as much of it as is kept
	Length          int64       // of all that came of it

	// Sent and Done are set by the engine, which stamps all requests alike: when it
	// handed the request over, and when the outcome was known.
	Sent, Done time.Duration
	// FirstByte is when the first byte of the body came, or its end if it has none.
	FirstByte time.Duration
	Chunks    []Chunk

	body io.Reader // while it is read
}

// Chunk is what one read from the socket brought of a body.
type Chunk struct {
	At  time.Duration
	End int64 // where it ends in the body
}

// maxKeptBody is the longest answer whose memory is kept for another, in bytes.
const maxKeptBody = 64 << 10

// Reset makes it the outcome of another request.
func (o *Outcome) Reset() {
	if cap(o.Body) > maxKeptBody {
		o.Body, o.Chunks = nil, nil
	}
	*o = Outcome{Zero: o.Zero, Stamped: o.Stamped, Limit: o.Limit, Body: o.Body[:0], Chunks: o.Chunks[:0]}
}

// receive takes an answer, and reads its body to the end.
func (o *Outcome) receive(status int, reason string, header http.Header, body io.Reader) error {
	o.Status, o.Reason, o.Header, o.body = status, reason, header, body
	defer func() { o.body = nil }()
	most, tooLong := math.MaxInt, error(nil)
	if o.Limit != nil {
		most, tooLong = o.Limit(status)
	}
	for len(o.Body) < most {
		o.Body = slices.Grow(o.Body, min(512, most-len(o.Body)))
		n, err := (*bodyReader)(o).Read(o.Body[len(o.Body):min(cap(o.Body), most)])
		o.Body = o.Body[:len(o.Body)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	if tooLong == nil {
		_, err := io.Copy(io.Discard, (*bodyReader)(o))
		return err
	}
	dropped, err := io.CopyN(io.Discard, (*bodyReader)(o), 1)
	switch {
	case dropped > 0:
		return tooLong
	case err == io.EOF:
		return nil
	}
	return err
}

// bodyReader reads the body of an outcome, and counts and stamps what comes.
type bodyReader Outcome

func (r *bodyReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	before := r.Length
	r.Length += int64(n)
	if !r.Stamped || n == 0 && err != io.EOF {
		return n, err
	}
	at := time.Since(r.Zero)
	if before == 0 {
		r.FirstByte = at
	}
	if n > 0 {
		r.Chunks = append(r.Chunks, Chunk{at, r.Length})
	}
	return n, err
}
