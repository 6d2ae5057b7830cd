// Package recording reads what people have recorded of a server's requests (vegeta
// targets, HAR, access logs, the input data of perf_analyzer, SageMaker's data capture)
// and writes what replays it: the requests as JSON lines, the times of their arrivals,
// and a scenario. It stands before the flow: what it writes is read by packages
// scenarios, arrivals and generators.
//
// A recording is read twice, as a stream: first to find out what is the same in all
// requests, then to write them. Of what was recorded nothing is held but counts and, to
// bring requests into the order of their arrival, a window of them.
package recording

import (
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Format is one kind of recording.
type Format struct {
	Name string
	Doc  string // one sentence
	// unit is what is counted in it: "line", "entry".
	unit string
	// hosts says that it holds which server each request went to.
	hosts bool
	// answers says that its answers are kept to compare others with, and not only what
	// came back.
	answers bool
	// starts reports whether a recording of this kind begins like that.
	starts func(head []byte) bool
	// read hands every request to yield, in the order of the recording, and what has to
	// be left out to in.leaveOut. It ends with the first error of yield or of reading.
	read func(in *input, yield func(*Request) error) error
}

// Formats returns the kinds in the order of the help text, in which they are also
// tried.
func Formats() []Format {
	return []Format{
		harFormat(),
		vegetaJSON(),
		vegetaText(),
		accessLog(),
		perfAnalyzer(),
		sageMaker(),
	}
}

// Request is a request of a recording. What is not recorded has its zero value.
type Request struct {
	Place  int       // line or entry, from 1
	At     time.Time // when it was sent, or arrived
	Method string
	Scheme string // http or https
	Host   string // in lower case, with the port where that is not the scheme's
	Target string // path and query, from the slash
	Header []Field
	Body   []byte
	HTTP2  bool // or 3
	Status int
	Answer []byte // nil: not recorded
	// The tensors of a request that is not HTTP, and those of its right answer.
	Inputs, Outputs []Tensor

	userinfo  bool   // the URL had a user or a password, which is gone
	signedFor string // what a signature of AWS was for: "eu-central-1/sagemaker/aws4_request"
}

// Field is a header field; its name is canonical.
type Field struct{ Name, Value string }

// Tensor is a named tensor of a request.
type Tensor struct {
	Name  string
	Shape []int64        // nil: not recorded
	Data  jsontext.Value // flat JSON array, or {"b64": …}
	kind  byte           // what Data holds: i, f, s, b of JSON, r of bytes
	size  int64          // elements of Data
}

// addHeader adds a header field, to one of the same name where there is one. Those that
// belong to the connection, which the client itself sets, are left out.
func (r *Request) addHeader(name, value string) {
	name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
	value = strings.TrimSpace(value)
	if strings.HasPrefix(name, ":") || slices.Contains(ofConnection, name) || value == "" {
		return
	}
	if i := slices.IndexFunc(r.Header, func(f Field) bool { return f.Name == name }); i >= 0 {
		r.Header[i].Value += ", " + value
		return
	}
	r.Header = append(r.Header, Field{name, value})
}

var ofConnection = []string{
	"Connection", "Content-Length", "Expect", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// header is the value of a header field, "" where there is none.
func (r *Request) header(name string) string {
	for _, f := range r.Header {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Reasons to leave out a request for its URL.
const (
	dataURL     = "data: URLs, which no server answers"
	webSocket   = "websocket connections"
	otherScheme = "URLs that are neither http nor https"
	badURL      = "URLs that cannot be read"
)

var authority = regexp.MustCompile(`^[A-Za-z0-9._~:%\[\]-]+$`)

// setURL sets where a request went. It returns why that is nowhere to send it again,
// "" otherwise. Neither the fragment nor user and password are kept.
func (r *Request) setURL(text string) (why string) {
	scheme, rest, absolute := strings.Cut(text, "://")
	if !absolute {
		scheme, _, _ = strings.Cut(text, ":")
	}
	switch r.Scheme = strings.ToLower(scheme); {
	case r.Scheme == "data":
		return dataURL
	case r.Scheme == "ws" || r.Scheme == "wss":
		return webSocket
	case absolute && r.Scheme != "http" && r.Scheme != "https":
		return otherScheme
	case !absolute:
		return badURL
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	r.Host = strings.ToLower(rest[:end])
	if at := strings.LastIndexByte(r.Host, '@'); at >= 0 {
		r.Host, r.userinfo = r.Host[at+1:], true
	}
	r.Host = strings.TrimSuffix(r.Host, map[string]string{"http": ":80", "https": ":443"}[r.Scheme])
	if !authority.MatchString(r.Host) {
		return badURL
	}
	r.setTarget(rest[end:])
	return ""
}

// notInTarget finds what may not stand in a path or query, and percents with their digits.
var notInTarget = regexp.MustCompile(`%[0-9A-Fa-f]{2}|[^!#-;=?-~]|%`)

// setTarget sets path and query. What may not stand there is written in percents.
func (r *Request) setTarget(target string) {
	target, _, _ = strings.Cut(target, "#")
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	r.Target = notInTarget.ReplaceAllStringFunc(target, func(bad string) string {
		if len(bad) == 3 {
			return bad
		}
		return url.PathEscape(bad)
	})
}

// methods are those that a scenario can send.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

const (
	badFields   = "header fields with a name or characters that cannot be sent"
	otherMethod = "requests with methods other than GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS"
)
