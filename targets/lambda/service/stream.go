package service

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"servebench/targets/functionurl"
)

// stream is an answer on its way from the function to its caller.
type stream struct {
	*io.PipeReader
	framed bool      // it begins with a prelude, see functionurl.ReadStream
	until  time.Time // the function has to end it by then
}

// stream hands an answer on as the function writes it, until it ends or the
// caller went away; then the rest is dropped.
func (e *environment) stream(inv *invocation, kind string, r *http.Request) {
	from, to := io.Pipe()
	if !inv.answer(answer{stream: &stream{from, strings.HasPrefix(kind, functionurl.StreamType), inv.deadline}}) {
		from.Close() // the caller had another answer, and reads none
	}
	_, err := io.Copy(to, r.Body)
	if _, broken := io.Copy(io.Discard, r.Body); broken != nil { // its process went away, and its end is the failure
		to.CloseWithError(broken)
		return
	}
	failed := r.Trailer.Get(typeHeader) != ""
	if failed {
		f := trailed(r)
		err = fmt.Errorf("the function failed amid its answer: %s: %s", f.Type, f.Message)
	}
	e.settle(inv, failed, func() { to.CloseWithError(err) }) // nil: that was all
}

// trailed is the error that a function reports after its answer.
func trailed(r *http.Request) *failure {
	body, err := base64.StdEncoding.DecodeString(r.Trailer.Get(bodyHeader))
	if err != nil {
		body = nil
	}
	return functionError(body, r.Trailer.Get(typeHeader))
}
