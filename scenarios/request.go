package scenarios

import (
	"fmt"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/decode"
	"servebench/targets/protocol"
)

// Template is a request that the scenario writes out, and what answers it rightly.
type Template struct {
	// The method of the request, or a placeholder for it.
	Method string `key:"method" default:"GET" format:"method" want:"one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, or a placeholder such as {{method}}"`
	// The path of the request with its query, appended to the path of the server's URL. What
	// a placeholder stands for is escaped, as a segment of the path or a part of the query; a
	// placeholder at the beginning stands for a whole path, used as it is.
	Path string `key:"path" default:"/" format:"target"`
	// The header fields of the request, such as {Authorization: Bearer ${TOKEN}}, where
	// ${TOKEN} is a variable of servebench's environment and is not recorded. The value of a
	// field whose name sounds secret (Authorization, Cookie, X-Api-Key) is recorded only as
	// a keyed hash. A field whose placeholders leave nothing is not sent.
	Headers Headers `key:"headers" absent:"only Host, User-Agent and the body's length" format:"header" want:"a mapping of header fields, such as {Accept: text/plain}"`
	// The body of the request. It is recorded, except for what comes from ${NAME}. A body
	// with placeholders is taken for JSON if its Content-Type says so or, without one, if it
	// begins with a bracket: within quotes the text of the column is escaped, elsewhere it
	// becomes a value of JSON (a number, true, false, null for nothing, else a string). In a
	// form (application/x-www-form-urlencoded) it is escaped as such. A body that is one
	// placeholder is the value itself, of any bytes.
	Body string `key:"body" absent:"none" want:"text; JSON in quotes, such as '{\"x\": 1}'"`
	// A file that holds the body, of any bytes; the path is relative to the scenario file.
	BodyFile string `key:"body_file" absent:"none" format:"file" want:"the path of a file"` // "": Body is it
	// Where the answer is that data.label and data.expect are compared with.
	Answer *Answer `key:"answer" default:"none"`
	// What a correct answer is. Any other answer is a failure.
	Expect Expect `key:"expect" default:"{}"`
}

// Answer says where in a response the answer is, in one of four ways.
type Answer struct {
	// The JSONPath (RFC 9535) of the answer in the body, such as $.prediction or
	// $.outputs[0].label. If it selects several values, the answer is the list of them.
	JSON string `key:"json" absent:"none" format:"word" want:"a JSONPath, such as $.prediction"`
	// The name of the header field with the answer.
	Header string `key:"header" absent:"none" format:"word" want:"the name of a header field"`
	// Whether the whole body is the answer, as text.
	Text bool `key:"text,omitzero" default:"false"`
	// Whether the status is the answer, as a number: with data.expect, each request has the
	// status that its record names, of those that template.expect.status accepts.
	Status bool `key:"status,omitzero" default:"false"`
}

// Expect says which answers to a Template are right.
type Expect struct {
	// The status of a correct answer, such as 204 or 2xx, or a list of them.
	Status []protocol.Statuses `key:"status,single" default:"2xx" format:"status" least:"1"`
	// The body of a correct answer, compared byte for byte.
	Body *string `key:"body" absent:"any body" want:"text; JSON in quotes, such as '{\"x\": 1}'"` // nil: any
}

// HTTP says how requests are carried.
type HTTP struct {
	// The version of HTTP. Version 2 is negotiated with a server at an https URL and used
	// from the first byte (h2c) with one at an http URL.
	Version string `key:"version" absent:"1.1, or 2 where the protocol needs it" oneof:"1.1,2"`
	// The client that sends the requests: servebench's own, built for load, or that of Go's
	// standard library, for comparison.
	Client string `key:"client" absent:"servebench for HTTP/1.1, net/http for HTTP/2" oneof:"servebench,net/http"`
	// The longest a connection may take to open, including TLS, within timeout.
	ConnectTimeout time.Duration `key:"connect_timeout" default:"none"`
	// The longest it may take from sending a request to the first byte of its answer, within
	// timeout.
	FirstByteTimeout time.Duration `key:"first_byte_timeout" default:"none"`
	// Reuse connections. With false every request opens a connection and asks the server to
	// close it (Connection: close), and its latency includes opening the connection.
	// HTTP/1.1 only.
	KeepAlive bool `key:"keep_alive" default:"true"`
	// How long a connection is used, as the clients of the service would. After it, the
	// connection carries no new request, and another is opened when one is needed; requests
	// on their way are not disturbed. Connections end up to a fifth earlier, one after the
	// other. A load balancer that balances connections, such as a Service of Kubernetes,
	// sends nothing to a new replica as long as the old connections live. Over HTTP/2, where
	// one connection carries all requests, they move to the next replica together. If the
	// target gives the addresses of its replicas, requests are sent to them in turn, and new
	// replicas need no new connections.
	ConnectionLifetime time.Duration `key:"connection_lifetime" default:"none"`
	// Whether a request that is not idempotent, such as POST, is sent again if the server
	// closed an idle connection before the request reached it, and after failures that
	// retries names. GET, HEAD, OPTIONS, TRACE, PUT and DELETE always are. Without retries, a
	// request that the server received and did not answer has failed, whatever its method
	// (class closed).
	RetryNonIdempotent bool `key:"retry_non_idempotent" default:"false"`
	// When a request that failed is sent again, as by the clients of your users: its latency
	// is that of all attempts together, and the ledger counts it once. All attempts are
	// within timeout.
	Retries *Retries `key:"retries" default:"none"`
	// Header fields of every request, whatever the protocol, such as {X-Api-Key: ${API_KEY}},
	// also of the requests for readiness. They take the place of the protocol's own. Values
	// are recorded as those of template.headers.
	Headers Headers `key:"headers" absent:"none" format:"header" want:"a mapping of header fields, such as {X-Api-Key: ${API_KEY}}"`
	// The credentials of every request, also of those for readiness. Secrets are best taken
	// from the environment, as ${NAME}; otherwise they are recorded as a keyed hash.
	Auth *Auth `key:"auth" default:"none"`
}

// Retries say when a request that failed is sent again.
type Retries struct {
	// The most times that a request is sent, including the first.
	Attempts int `key:"attempts,required" min:"2" max:"10"`
	// The failures after which a request is sent again: refused and closed connections,
	// timeout (connect_timeout and first_byte_timeout), or statuses such as 503 or 5xx. If the
	// connection was refused, requests of every method are sent again; otherwise only
	// idempotent ones are, unless retry_non_idempotent is true.
	On []string `key:"on" absent:"[refused, closed, 502, 503, 504]" format:"failure" label:"list of failures" least:"1" want:"a list of failures, such as [refused, 503]"`
	// How long to wait before the second attempt; twice as long before each further one.
	Backoff time.Duration `key:"backoff" default:"100ms" unit:"ms"`
}

// retriedByDefault are the failures after which a request is sent again where none is named.
func retriedByDefault() []string {
	return []string{record.ErrorRefused, record.ErrorClosed, "502", "503", "504"}
}

// retriedClasses are the failures that have names; all others are statuses.
func retriedClasses() []string {
	return []string{record.ErrorRefused, record.ErrorClosed, record.ErrorTimeout}
}

// Failures are the classes and the statuses after which requests are sent again.
func (r Retries) Failures() (classes []string, statuses []protocol.Statuses) {
	for _, on := range r.On {
		if slices.Contains(retriedClasses(), on) {
			classes = append(classes, on)
		} else if s, ok := readStatus(on); ok {
			statuses = append(statuses, s)
		}
	}
	return classes, statuses
}

// The versions of HTTP.
const (
	HTTP1 = "1.1"
	HTTP2 = "2" // negotiated over TLS, else from the first byte (h2c)
)

// The clients that carry requests.
const (
	OwnClient      = "servebench" // made for load; HTTP/1.1 alone
	StandardClient = "net/http"   // that of Go's standard library
)

// Headers are the values of header fields, by their canonical names.
type Headers map[string]string

// Key returns the canonical name of a header field, or why it is none that a template
// may have.
func (Headers) Key(written string) (string, *decode.Flaw) {
	// Those that belong to the connection and to the length of the body.
	own := []string{"Connection", "Content-Length", "Expect", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}
	name := textproto.CanonicalMIMEHeaderKey(written)
	switch {
	case !fieldName.MatchString(name):
		return name, &decode.Flaw{Problem: fmt.Sprintf("%q is not the name of a header field", name), Want: "a letter, and then letters, digits, - and _, such as Content-Type"}
	case slices.Contains(own, name):
		return name, &decode.Flaw{Problem: "the client itself sets this header field", Want: "other fields"}
	}
	return name, nil
}

// fieldName is the canonical name of a header field. RFC 9110, 5.1, also has marks that
// nobody uses, and that mean something else in YAML.
var fieldName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_-]*$`)

// Request returns the template as a protocol takes it. body is the content of
// BodyFile where there is one, Body otherwise.
func (t *Template) Request(body []byte) protocol.Template {
	header := http.Header{}
	for name, value := range t.Headers {
		header.Set(name, value)
	}
	return protocol.Template{
		Method: t.Method, Path: t.Path, Header: header, Body: body,
		Expect: protocol.Expect{Statuses: t.Expect.Status, Body: t.Expect.Body},
		Answer: t.Answer.locator(),
	}
}

func (a *Answer) locator() protocol.Locator {
	if a == nil {
		return protocol.Locator{}
	}
	return protocol.Locator{JSON: a.JSON, Header: a.Header, Text: a.Text, Status: a.Status}
}

// placeholders are what stands for something else in the texts of a template.
var placeholders = regexp.MustCompile(`\{\{\{\{|\{\{.*?\}\}`)

// isFixed reports whether a text of a template is the same in every request.
func isFixed(text string) bool {
	return !slices.ContainsFunc(placeholders.FindAllString(text, -1), func(found string) bool { return found != "{{{{" })
}

// ReadyPath is a path that can be asked for to see whether a server runs.
func (t *Template) ReadyPath() string {
	if isFixed(t.Path) {
		return strings.ReplaceAll(t.Path, "{{{{", "{{")
	}
	return "/"
}

// String names the request: "GET /".
func (t *Template) String() string { return t.Method + " " + t.Path }
