package service

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// refusal is what the service answers itself, before a function has a say. Its
// body is as AWS's services write theirs.
type refusal struct {
	Status    int    `json:"-"`
	Exception string `json:"-"` // the error's type, which the SDKs look for in a header
	Reason    string `json:",omitempty"`
	Type      string // "User" or "Service": whose mistake it is
	Message   string `json:"message"`
}

func throttled(reason string) *refusal {
	return &refusal{Status: http.StatusTooManyRequests, Exception: "TooManyRequestsException", Reason: reason, Type: "User", Message: "Rate Exceeded."}
}

func unavailable() *refusal {
	return &refusal{Status: http.StatusServiceUnavailable, Exception: "ServiceException", Type: "Service", Message: "The service is shutting down."}
}

func tooLarge(most int) *refusal {
	return &refusal{
		Status: http.StatusRequestEntityTooLarge, Exception: "RequestTooLargeException", Type: "User",
		Message: fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", most),
	}
}

func notFound(arn string) *refusal {
	return &refusal{Status: http.StatusNotFound, Exception: "ResourceNotFoundException", Type: "User", Message: "Function not found: " + arn}
}

func badRequest(exception, message string) *refusal {
	return &refusal{Status: http.StatusBadRequest, Exception: exception, Type: "User", Message: message}
}

// invalid is for a value that the API does not allow.
func invalid(member, value, constraint string) *refusal {
	return badRequest("ValidationException", fmt.Sprintf("1 validation error detected: Value '%.200s' at '%s' failed to satisfy constraint: %s", value, member, constraint))
}

func wrongMethod(r *http.Request) *refusal {
	return &refusal{Status: http.StatusMethodNotAllowed, Exception: "MethodNotAllowedException", Type: "User", Message: fmt.Sprintf("%s is not a method of %.200s: want POST", r.Method, r.URL.Path)}
}

func notImplemented(r *http.Request) *refusal {
	return &refusal{
		Status: http.StatusNotImplemented, Exception: "NotImplementedException", Type: "Service",
		Message: fmt.Sprintf("%s %.200s: of the Lambda API, this service has Invoke and InvokeWithResponseStream alone", r.Method, r.URL.Path),
	}
}

// write answers a caller of the API.
func (f *refusal) write(w http.ResponseWriter) {
	if h := w.Header(); h["X-Amzn-Requestid"] == nil {
		h["X-Amzn-Requestid"] = []string{newID()}
	}
	w.Header().Set("X-Amzn-Errortype", f.Exception)
	writeJSON(w, f.Status, f)
}

// failure is a function error: what the function said, or what the service says
// for one that no longer can.
type failure struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
	payload []byte // what the function itself wrote; nil: the above
}

// unhandled is how Invoke's callers hear of any failure: Lambda has no other now.
const unhandled = "Unhandled"

// body is what a caller of Invoke gets about the request of that id.
func (f *failure) body(id string) []byte {
	if f.payload != nil {
		return f.payload
	}
	text, _ := json.Marshal(failure{Type: f.Type, Message: fmt.Sprintf("RequestId: %s Error: %s", id, f.Message)}) // two strings
	return text
}

// Error implements error, for what ends a stream.
func (f *failure) Error() string {
	return fmt.Sprintf("the function failed amid its answer: %s: %s", f.Type, f.Message)
}

// oversized is the failure of an answer of more than mostAnswer.
func oversized() *failure {
	return &failure{Type: "Function.ResponseSizeTooLarge", Message: sizeMessage}
}

// truncated is the failure of a function that breaks its answer off and lives.
func truncated() *failure {
	return &failure{Type: "Runtime.TruncatedResponse", Message: "the function broke its answer off"}
}

// answer is what became of an invocation.
type answer struct {
	body   []byte  // all of it
	stream *stream // instead of body: as the function writes it
	failed *failure
}

// writeJSON answers with a value that always encodes. A failing write means
// that the caller is gone; there is nobody to tell.
func writeJSON(w http.ResponseWriter, status int, value any) {
	text, _ := json.Marshal(value)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// ending is the failure of a request that the service does not wait for.
func ending() failure { return failure{Type: "Runtime.Unknown", Message: "the service ends"} }

// exited is the failure of a request whose process ended, as AWS words it.
func exited(r Running) failure {
	message := "Runtime exited without providing a reason"
	switch code, signal := r.Status(); {
	case signal != 0:
		message = fmt.Sprintf("Runtime exited with error: signal: %s", signal)
	case code != 0:
		message = fmt.Sprintf("Runtime exited with error: exit status %d", code)
	}
	return failure{Type: "Runtime.ExitError", Message: message}
}

// timeoutType is the error type of a request that took too long.
const timeoutType = "Sandbox.Timedout"

// timedOut is the failure of a request that took too long.
func timedOut(limit time.Duration) failure {
	return failure{Type: timeoutType, Message: fmt.Sprintf("Task timed out after %.2f seconds", limit.Seconds())}
}
