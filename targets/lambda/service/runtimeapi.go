package service

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"servebench/targets/functionurl"
)

// The paths of the Runtime API, see "Using the Lambda runtime API" in the Lambda
// Developer Guide.
const (
	runtimeBase    = "/2018-06-01/runtime"
	invocationBase = runtimeBase + "/invocation/"
)

// The headers of the Runtime API.
const (
	typeHeader = "Lambda-Runtime-Function-Error-Type" // also a trailer
	bodyHeader = "Lambda-Runtime-Function-Error-Body" // a trailer
	modeHeader = "Lambda-Runtime-Function-Response-Mode"
)

// What a process did wrong.
var (
	errTransition    = errors.New("the process may not do that now")
	errNoSuchRequest = errors.New("the process does not work on that request")
	errAnswerLarge   = errors.New("the answer is too large")
)

// sizeMessage is AWS's about an answer of more than mostAnswer.
const sizeMessage = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."

// serveRuntime is what the environment's own process reaches.
func (e *environment) serveRuntime(w http.ResponseWriter, r *http.Request) {
	if !isOwn(r) {
		runtimeError(w, http.StatusForbidden, "AccessDenied", "this Runtime API serves the processes of its environment alone")
		return
	}
	e.called.Store(true)
	rest, ours := strings.CutPrefix(r.URL.Path, invocationBase)
	id, what, _ := strings.Cut(rest, "/")
	switch {
	case ours && rest == "next" && r.Method == http.MethodGet:
		e.serveNext(w, r)
	case ours && what == "response" && r.Method == http.MethodPost:
		e.serveResponse(w, r, id)
	case ours && what == "error" && r.Method == http.MethodPost:
		e.serveError(w, r, id)
	case r.URL.Path == runtimeBase+"/init/error" && r.Method == http.MethodPost:
		e.serveInitError(w, r)
	default:
		runtimeError(w, http.StatusNotFound, "NotFound", "no such path in the Runtime API: "+r.Method+" "+r.URL.Path)
	}
}

// serveNext answers with the next request, once there is one.
func (e *environment) serveNext(w http.ResponseWriter, r *http.Request) {
	inv, err := e.turn(r.Context())
	switch {
	case err != nil:
		refuseRuntime(w, err)
		return
	case inv == nil:
		return // nobody is there any more
	}
	h := w.Header()
	h["Lambda-Runtime-Aws-Request-Id"] = []string{inv.id}
	h["Lambda-Runtime-Deadline-Ms"] = []string{strconv.FormatInt(inv.deadline.UnixMilli(), 10)}
	h["Lambda-Runtime-Trace-Id"] = []string{inv.trace}
	h["Lambda-Runtime-Invoked-Function-Arn"] = []string{e.service.arn()}
	if inv.client != "" {
		h["Lambda-Runtime-Client-Context"] = []string{inv.client}
	}
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(inv.payload))}
	_, _ = w.Write(inv.payload) // a process that went away is noticed by its end
}

// serveResponse takes the function's answer.
func (e *environment) serveResponse(w http.ResponseWriter, r *http.Request, id string) {
	inv, err := e.owes(id)
	if err != nil {
		refuseRuntime(w, err)
		return
	}
	kind := r.Header.Get("Content-Type")
	if inv.streams || r.Header.Get(modeHeader) == "streaming" || strings.HasPrefix(kind, functionurl.StreamType) {
		e.stream(inv, kind, r)
		accept(w)
		return
	}
	body, err := readAnswer(r)
	a := answer{body: body}
	switch {
	case errors.Is(err, errAnswerLarge):
		a = answer{failed: &failure{Type: "Function.ResponseSizeTooLarge", Message: sizeMessage}}
	case err != nil:
		return // its process went away amid the answer, and its end is the failure
	case r.Trailer.Get(typeHeader) != "":
		a = answer{failed: trailed(r)}
	}
	if replied := e.reply(id, a); replied != nil {
		refuseRuntime(w, replied)
		return
	}
	if err != nil {
		runtimeError(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", sizeMessage)
		return
	}
	accept(w)
}

// serveError takes the function's error.
func (e *environment) serveError(w http.ResponseWriter, r *http.Request, id string) {
	failed, err := readFailure(r)
	if err != nil {
		return // its process went away amid the answer, and its end is the failure
	}
	if err := e.reply(id, answer{failed: failed}); err != nil {
		refuseRuntime(w, err)
		return
	}
	accept(w)
}

// serveInitError takes the error of a function that cannot start.
func (e *environment) serveInitError(w http.ResponseWriter, r *http.Request) {
	failed, err := readFailure(r)
	if err != nil {
		return // its process went away, and its end is the failure
	}
	if !e.breaks(failed) {
		refuseRuntime(w, errTransition)
		return
	}
	accept(w)
}

// breaks takes what the function says about its failed start, the first time,
// and reports whether it is starting.
func (e *environment) breaks(why *failure) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != starting {
		return false
	}
	if e.said == nil {
		e.said = why
		e.service.note("could not start: " + why.Type + ": " + why.Message)
		close(e.broken)
	}
	return true
}

// readAnswer reads an answer of the most bytes allowed. What is beyond is read,
// too, up to a bound, so that the process hears why it is refused.
func readAnswer(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, mostAnswer+1))
	if err != nil || len(body) <= mostAnswer {
		return body, err
	}
	_, _ = io.CopyN(io.Discard, r.Body, 10*mostAnswer)
	return nil, errAnswerLarge
}

// readFailure reads an error that a function reports. Its body is handed on as
// it is where it is JSON.
func readFailure(r *http.Request) (*failure, error) {
	body, err := readAnswer(r)
	if err != nil && !errors.Is(err, errAnswerLarge) {
		return nil, err
	}
	return functionError(body, r.Header.Get(typeHeader)), nil
}

// functionError is the error of that body and type. What is no object of the
// documented kind is its message.
func functionError(body []byte, kind string) *failure {
	failed := &failure{Type: kind}
	if json.Unmarshal(body, failed) != nil {
		failed.Message = string(body)
	}
	if json.Valid(body) {
		failed.payload = body
	}
	if failed.Type == "" {
		failed.Type = "Runtime.Unknown"
	}
	return failed
}

func accept(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`) // a process that went away is noticed by its end
}

// refuseRuntime says what a process did wrong.
func refuseRuntime(w http.ResponseWriter, err error) {
	if errors.Is(err, errNoSuchRequest) {
		runtimeError(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	runtimeError(w, http.StatusForbidden, "InvalidStateTransition", "State transition is not allowed")
}

func runtimeError(w http.ResponseWriter, status int, kind, message string) {
	writeJSON(w, status, failure{Type: kind, Message: message})
}
