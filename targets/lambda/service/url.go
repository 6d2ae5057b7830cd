package service

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"servebench/targets/functionurl"
)

// serveURL answers a request to the function's URL. What may have mostPayload
// is the event, in which a body that is no text is a third longer.
func (s *Service) serveURL(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r, mostPayload)
	if err != nil {
		refuseURL(w, err)
		return
	}
	inv := newInvocation(nil)
	event, err := json.Marshal(s.url().Event(r, body, inv.id, time.Now()))
	if err != nil {
		message(w, http.StatusBadRequest, "Bad Request")
		return
	}
	if len(event) > mostPayload {
		refuseURL(w, errBodyLarge)
		return
	}
	inv.payload = event
	w.Header()["X-Amzn-Requestid"] = []string{inv.id}
	a, refused := s.invoke(inv)
	switch {
	case refused != nil:
		s.ledger.refuse(refused)
		message(w, refused.Status, refused.Message)
	case a.failed != nil:
		message(w, http.StatusBadGateway, "Internal Server Error")
	case a.stream != nil:
		answerStream(w, a.stream)
	default:
		s.answerWhole(w, a.body)
	}
}

// url is the function's, as its events name it.
func (s *Service) url() functionurl.URL {
	return functionurl.URL{Account: account, ID: s.config.Name, Domain: s.config.Name + ".lambda-url." + region + ".on.aws"}
}

// answerWhole answers with what a function returned.
func (s *Service) answerWhole(w http.ResponseWriter, payload []byte) {
	answer, err := functionurl.Read(payload)
	if err != nil {
		s.log.line("%v", err)
		message(w, http.StatusBadGateway, "Internal Server Error")
		return
	}
	allow(http.NewResponseController(w), time.Time{})
	_ = answer.WriteTo(w) // who went away is not told
}

// answerStream answers while a function writes. A function that fails then has
// its caller's connection cut, so that nobody takes the answer for whole.
func answerStream(w http.ResponseWriter, from *stream) {
	defer from.Close()
	body := io.Reader(from)
	head := &functionurl.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/octet-stream"}}}
	if from.framed {
		var err error
		if head, body, err = functionurl.ReadStream(from); err != nil {
			message(w, http.StatusBadGateway, "Internal Server Error")
			return
		}
	}
	for name, values := range head.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(head.Status)
	if err := relay(w, w, body, from.until); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		panic(http.ErrAbortHandler) // net/http cuts the connection without a word
	}
}

// allow gives a caller callerPatience from now to take an answer, at least until
// the time given: one who takes nothing has its connection cut, and holds
// nothing of the service.
func allow(w *http.ResponseController, until time.Time) {
	if least := time.Now().Add(callerPatience); until.Before(least) {
		until = least
	}
	_ = w.SetWriteDeadline(until) // a connection that has none is the caller's to bound
}

// relay sends each piece on as it comes, by a writer to the caller. While the function has time, so has its
// caller.
func relay(w http.ResponseWriter, to io.Writer, from io.Reader, until time.Time) error {
	caller := http.NewResponseController(w)
	for buffer := make([]byte, 32<<10); ; {
		n, err := from.Read(buffer)
		if n > 0 {
			allow(caller, until)
			if _, err := to.Write(buffer[:n]); err != nil {
				return err
			}
			if err := caller.Flush(); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// errBodyLarge says that a request is larger than is allowed.
var errBodyLarge = errors.New("the request is too large")

// readBody reads a request's body of the most bytes allowed.
func readBody(r *http.Request, most int) ([]byte, error) {
	if r.ContentLength > int64(most) {
		return nil, errBodyLarge
	}
	if r.ContentLength >= 0 { // one allocation
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(most)+1))
	if err == nil && len(body) > most {
		return nil, errBodyLarge
	}
	return body, err
}

// refuseURL answers a request whose body cannot be had.
func refuseURL(w http.ResponseWriter, err error) {
	if errors.Is(err, errBodyLarge) {
		message(w, http.StatusRequestEntityTooLarge, "Request Too Long")
		return
	}
	message(w, http.StatusBadRequest, "Bad Request")
}

// message answers in the form of a function URL's own answers.
func message(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, struct{ Message string }{text})
}
