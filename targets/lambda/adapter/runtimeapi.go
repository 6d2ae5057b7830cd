package adapter

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// The headers of the Runtime API, see "Using the Lambda runtime API" in the Lambda
// Developer Guide.
const (
	idHeader   = "Lambda-Runtime-Aws-Request-Id"
	modeHeader = "Lambda-Runtime-Function-Response-Mode"
	typeHeader = "Lambda-Runtime-Function-Error-Type" // also a trailer
	bodyHeader = "Lambda-Runtime-Function-Error-Body" // a trailer
)

// runtimeAPI is Lambda, as a function sees it.
type runtimeAPI struct {
	transport http.RoundTripper
	base      string // its URL
}

func newRuntimeAPI(address string) runtimeAPI {
	return runtimeAPI{newTransport(address, 0), "http://" + address + "/2018-06-01/runtime/"}
}

// invocation is a piece of work.
type invocation struct {
	id      string
	payload []byte
	header  http.Header // that it came with
}

// context says in JSON what Lambda says of an invocation, in the words of AWS's adapter.
func (i *invocation) context() string {
	deadline, _ := strconv.ParseInt(i.header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64) // 0: not said
	text, _ := json.Marshal(struct {                                                    // nothing that fails
		ID       string          `json:"request_id"`
		Deadline int64           `json:"deadline"`
		ARN      string          `json:"invoked_function_arn"`
		Trace    string          `json:"xray_trace_id,omitempty"`
		Client   json.RawMessage `json:"client_context,omitempty"`
	}{i.id, deadline, i.header.Get("Lambda-Runtime-Invoked-Function-Arn"), i.header.Get("Lambda-Runtime-Trace-Id"), i.client()})
	return string(text)
}

// client is the context that the caller gave; nil for none.
func (i *invocation) client() json.RawMessage {
	if text := []byte(i.header.Get("Lambda-Runtime-Client-Context")); json.Valid(text) {
		return text
	}
	return nil
}

// next waits for the next piece of work.
func (a runtimeAPI) next() (*invocation, error) {
	r, err := http.NewRequest(http.MethodGet, a.base+"invocation/next", nil)
	if err != nil {
		return nil, err
	}
	resp, err := a.transport.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("ask the Lambda Runtime API for work: %w", err)
	}
	payload, err := readAll(resp)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answered %s: %.1000s", resp.Status, payload)
	}
	if err != nil {
		return nil, fmt.Errorf("ask the Lambda Runtime API for work: %w", err)
	}
	return &invocation{resp.Header.Get(idHeader), payload, resp.Header}, nil
}

// reply is an answer to an invocation.
type reply struct {
	kind string // content type
	body io.Reader
	// streamed is where a body comes from that is handed on as it is read; nil: it is
	// all there.
	streamed io.Closer
}

// reply hands an answer over. It fails where the server ends amid a streamed one.
func (a runtimeAPI) reply(id string, answer *reply, ended <-chan struct{}) error {
	r, err := http.NewRequest(http.MethodPost, a.base+"invocation/"+id+"/response", answer.body)
	if err != nil {
		return err
	}
	r.Header["Content-Type"] = []string{answer.kind}
	if answer.streamed != nil {
		defer answer.streamed.Close()
		r.Header[modeHeader] = []string{"streaming"}
		r.Trailer = http.Header{typeHeader: nil, bodyHeader: nil}
		r.Body = &stream{answer.body, r.Trailer, ended}
	}
	return a.post(r)
}

// stream reads the body of a streamed answer. That the server breaks it off is told in the
// trailer; a server that ends takes the function with it.
type stream struct {
	io.Reader
	trailer http.Header
	ended   <-chan struct{}
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	select {
	case <-s.ended:
		return n, err
	case <-time.After(endTime):
	}
	failed := noAnswer(err)
	text, _ := json.Marshal(failed) // two strings
	s.trailer.Set(typeHeader, failed.Type)
	s.trailer.Set(bodyHeader, base64.StdEncoding.EncodeToString(text))
	return n, io.EOF
}

func (s *stream) Close() error { return nil }

// failure is the error of an invocation, or of the initialisation.
type failure struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (f *failure) Error() string { return f.Type + ": " + f.Message }

// fail reports that an invocation failed.
func (a runtimeAPI) fail(id string, why *failure) error {
	return a.report("invocation/"+id+"/error", why)
}

// failInit reports that the function cannot start.
func (a runtimeAPI) failInit(why *failure) error { return a.report("init/error", why) }

func (a runtimeAPI) report(path string, why *failure) error {
	text, _ := json.Marshal(why) // two strings
	r, err := http.NewRequest(http.MethodPost, a.base+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header["Content-Type"] = []string{"application/json"}
	r.Header[typeHeader] = []string{why.Type}
	return a.post(r)
}

// post sends what Lambda need not accept: an answer that is too large, or comes too late,
// is a failed invocation there, after which the next follows.
func (a runtimeAPI) post(r *http.Request) error {
	resp, err := a.transport.RoundTrip(r)
	if err == nil {
		_, err = readAll(resp)
	}
	if err != nil {
		return fmt.Errorf("answer the Lambda Runtime API: %w", err)
	}
	return nil
}

// mostAtOnce bounds the memory that is taken for an answer on the word of its header: that
// of any that Lambda takes.
const mostAtOnce = 8 << 20

// readAll reads an answer to its end, which frees its connection.
func readAll(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	if resp.ContentLength <= 0 || resp.ContentLength > mostAtOnce || resp.Body == http.NoBody {
		return io.ReadAll(resp.Body)
	}
	body := make([]byte, resp.ContentLength)
	_, err := io.ReadFull(resp.Body, body)
	return body, err
}
