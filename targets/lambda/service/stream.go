package service

import (
	"encoding/base64"
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
	if _, broken := io.Copy(io.Discard, r.Body); broken != nil {
		e.settle(inv, true, func() {})
		to.CloseWithError(inv.brokenOff())
		return
	}
	failed := r.Trailer.Get(typeHeader) != ""
	if failed {
		err = trailed(r)
	}
	e.settle(inv, failed, func() { to.CloseWithError(err) }) // nil: that was all
}

// brokenOff is the failure of an answer whose rest does not come. Where its
// process went away, the end of that, which takes a while to be noticed, is it.
func (i *invocation) brokenOff() *failure {
	select {
	case <-i.finished:
		if i.ended != nil {
			return i.ended
		}
	case <-time.After(endTime):
	}
	return truncated()
}

// trailed is the error that a function reports after its answer.
func trailed(r *http.Request) *failure {
	body, err := base64.StdEncoding.DecodeString(r.Trailer.Get(bodyHeader))
	if err != nil {
		body = nil
	}
	return functionError(body, r.Trailer.Get(typeHeader))
}
