package service

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"servebench/targets/functionurl"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
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

// answerEvents answers InvokeWithResponseStream, see there in the Lambda API
// Reference: the function's answer in pieces, as it writes them, and an event
// that ends them.
func (s *Service) answerEvents(w http.ResponseWriter, inv *invocation) {
	a, refused := s.invoke(inv)
	if refused != nil {
		s.refuse(w, refused)
		return
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/vnd.amazon.eventstream"}
	h["X-Amz-Executed-Version"] = []string{version}
	events := &eventWriter{to: w, encoder: eventstream.NewEncoder()}
	failed := a.failed
	if failed == nil {
		from, until := io.Reader(bytes.NewReader(a.body)), time.Time{}
		if a.stream != nil {
			defer a.stream.Close()
			from, until = a.stream, a.stream.until
		}
		err := relay(w, events, from, until)
		if ended, ok := errors.AsType[*failure](err); ok {
			failed = ended
		} else if err != nil {
			return // who went away is not told
		}
	}
	var complete struct {
		ErrorCode    string `json:",omitempty"`
		ErrorDetails string `json:",omitempty"`
		LogResult    string `json:",omitempty"`
	}
	if failed != nil {
		complete.ErrorCode, complete.ErrorDetails = unhandled, string(failed.body(inv.id))
	}
	if inv.tail {
		complete.LogResult = inv.logResult()
	}
	text, _ := json.Marshal(complete) // three strings
	allow(http.NewResponseController(w), time.Time{})
	_ = events.send("InvokeComplete", "application/json", text) // who went away is not told
}

// eventWriter writes events to a caller; each Write makes one of a piece.
type eventWriter struct {
	to      io.Writer
	encoder *eventstream.Encoder
}

// Write implements io.Writer.
func (e *eventWriter) Write(piece []byte) (int, error) {
	return len(piece), e.send("PayloadChunk", "application/octet-stream", piece)
}

func (e *eventWriter) send(event, contentType string, payload []byte) error {
	var headers eventstream.Headers
	headers.Set(":message-type", eventstream.StringValue("event"))
	headers.Set(":event-type", eventstream.StringValue(event))
	headers.Set(":content-type", eventstream.StringValue(contentType))
	if err := e.encoder.Encode(e.to, eventstream.Message{Headers: headers, Payload: payload}); err != nil {
		return fmt.Errorf("answer the caller: %w", err)
	}
	return nil
}

// logResult waits until the function is done with the invocation and returns
// the end of its log.
func (i *invocation) logResult() string {
	<-i.finished
	i.log.write([]byte(i.report))
	return base64.StdEncoding.EncodeToString(i.log.bytes())
}
