package scenarios

import (
	"fmt"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"time"

	"servebench/scenarios/decode"
	"servebench/targets/protocol"
)

// Template is one request that the scenario writes out, and what answers it
// rightly.
type Template struct {
	// The method of the request.
	Method string `key:"method" default:"GET" oneof:"GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS"`
	// The path of the request with its query, appended to the path of the server's URL.
	Path string `key:"path" default:"/" format:"path"` // with a leading slash
	// The header fields of the request, such as {Authorization: Bearer ${TOKEN}}, where
	// ${TOKEN} is a variable of servebench's environment and is not recorded. The value of a
	// field whose name sounds secret (Authorization, Cookie, X-Api-Key) is recorded only as
	// a keyed hash.
	Headers Headers `key:"headers" absent:"only Host, User-Agent and the body's length" format:"header" want:"a mapping of header fields, such as {Accept: text/plain}"`
	// The body of the request. It is recorded, except for what comes from ${NAME}.
	Body string `key:"body" absent:"none"`
	// A file that holds the body, of any bytes; the path is relative to the scenario file.
	BodyFile string `key:"body_file" absent:"none" format:"file" want:"the path of a file"` // "": Body is it
	// What a correct answer is. Any other answer is a failure.
	Expect Expect `key:"expect" default:"{}"`
}

// Expect says which answers to a Template are right.
type Expect struct {
	// The status of a correct answer, such as 204 or 2xx, or a list of them.
	Status []protocol.Statuses `key:"status,single" default:"2xx" format:"status" least:"1"`
	// The body of a correct answer, compared byte for byte.
	Body *string `key:"body" absent:"any body"` // nil: any
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
	// Whether a request that is not idempotent, such as POST, is sent again if the server
	// closed an idle connection before the request reached it. GET, HEAD, OPTIONS, TRACE,
	// PUT and DELETE are always sent again. A request that the server received and did not
	// answer has failed, whatever its method (class closed).
	RetryNonIdempotent bool `key:"retry_non_idempotent" default:"false"`
	// Header fields of every request, whatever the protocol, such as {X-Api-Key: ${API_KEY}},
	// also of the requests for readiness. They take the place of the protocol's own. Values
	// are recorded as those of template.headers.
	Headers Headers `key:"headers" absent:"none" format:"header" want:"a mapping of header fields, such as {X-Api-Key: ${API_KEY}}"`
	// How requests prove who sends them, also those for readiness. Secrets are best taken
	// from the environment, as ${NAME}; otherwise they are recorded as a keyed hash.
	Auth *Auth `key:"auth" default:"none"`
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
	}
}

// String names the request: "GET /".
func (t *Template) String() string { return t.Method + " " + t.Path }
