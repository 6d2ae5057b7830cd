package service

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"servebench/targets/functionurl"
	"servebench/targets/local"
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
		a = answer{failed: oversized()}
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

// peerKey is the context's key for what tells whether a connection to a Runtime
// API is of the environment.
type peerKey struct{}

// withPeer implements http.Server's ConnContext. Anybody on this machine can
// reach the Runtime API's port where environments share its network; its environment alone
// is served there. That is found out when the connection's first request is there, once.
func (e *environment) withPeer(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, peerKey{}, sync.OnceValue(func() bool { return e.holds(c) }))
}

// isOwn reports whether a request to the Runtime API comes from the environment.
func isOwn(r *http.Request) bool {
	own, ok := r.Context().Value(peerKey{}).(func() bool)
	return ok && own()
}

// ports returns the TCP ports on which an environment listens that has not
// called its Runtime API yet: where there is one, it may be a web server that will never do
// that, or not where the adapter waits for it.
func (e *environment) ports() []int {
	if e.called.Load() {
		return nil
	}
	pids, ok := e.processes()
	if !ok {
		return nil
	}
	var ports []int
	_ = e.network.Do(func() error { // of a network that is gone there is nothing to say
		ports = local.Ports(pids)
		return nil
	})
	return ports
}

// hint says in the log what an environment lacks that listens instead of asking
// for work.
func (e *environment) hint() {
	if ports := e.ports(); len(ports) > 0 {
		e.service.log.line("environment %d %s", e.number, e.lacks(ports))
	}
}

// noBootstrap says what a server on those ports lacks that has not asked the
// Runtime API for work.
func noBootstrap(ports []int) string {
	if len(ports) == 0 {
		return "never asked the Lambda Runtime API for work; it has to be a Lambda bootstrap, as servebench's reference server is"
	}
	return "listens on port " + numbers(ports) + " like a plain web server and never asked the Lambda Runtime API (AWS_LAMBDA_RUNTIME_API) for work; start it under the adapter, or use a Lambda runtime client in it"
}

// holds reports whether a process of the environment holds the other end of the
// connection; it is true as well where that is not known.
func (e *environment) holds(c net.Conn) bool {
	if e.network != nil {
		return true
	}
	pids, ok := e.processes()
	theirs, err1 := netip.ParseAddrPort(c.RemoteAddr().String())
	ours, err2 := netip.ParseAddrPort(c.LocalAddr().String())
	if err1 != nil || err2 != nil || !ok || local.Holds(pids, theirs, ours) {
		return true
	}
	e.service.log.line("environment %d: refused %s, which is no process of it, its Runtime API", e.number, theirs)
	return false
}

// processes returns those of the environment; ok is false when they are not
// known.
func (e *environment) processes() (pids []int, ok bool) {
	if e.group != nil {
		pids, err := e.group.Processes()
		return pids, err == nil
	}
	pid, _, ok := e.running.Server()
	if !ok {
		return nil, false
	}
	return local.Descendants(pid), true
}
