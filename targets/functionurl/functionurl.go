// Package functionurl is the form in which a Lambda function URL hands an HTTP
// request to a function and takes its answer back: payload format 2.0, both
// sides of it. The caller's side, which AWS keeps to itself, makes an event of
// a request (Event) and an HTTP answer of what the function returned (Read,
// ReadStream); targets/lambda is built on it. The function's side (Handler)
// lets an http.Handler serve those events; the reference server is built on
// that.
//
// The format is AWS's, see "Invoking Lambda function URLs" in the Lambda
// Developer Guide. Its types are those of aws-lambda-go.
package functionurl

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// version is the version of the payload format.
const version = "2.0"

// StreamType is the content type by which a function says that its answer is
// streamed: a JSON prelude, eight zero bytes, the body.
const StreamType = "application/vnd.awslambda.http-integration-response"

// isText reports whether a body travels as the text that it is. Others travel
// in base64: those that are no UTF-8, and those that their content type calls
// binary. Without a content type the bytes decide.
func isText(contentType string, body []byte) bool {
	return namesText(contentType) && utf8.Valid(body)
}

func namesText(contentType string) bool {
	if contentType == "" || contentType == "application/json" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch media {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+json") || strings.HasSuffix(media, "+xml")
}

// URL is the function URL that a request came to.
type URL struct {
	Account string // "123456789012"
	ID      string // the URL's own id, which begins its domain name
	Domain  string // "abc.lambda-url.us-east-1.on.aws"
}

// timeLayout is that of the common log format, in UTC.
const timeLayout = "02/Jan/2006:15:04:05 -0700"

// Event returns the event that a request becomes, whose body was read before.
// id is the request's, at is when it came.
func (u URL) Event(r *http.Request, body []byte, id string, at time.Time) *events.LambdaFunctionURLRequest {
	path := r.URL.EscapedPath()
	event := &events.LambdaFunctionURLRequest{
		Version: version, RawPath: path, RawQueryString: r.URL.RawQuery,
		Cookies: cookies(r.Header["Cookie"]), Headers: headers(r), QueryStringParameters: query(r),
		RequestContext: events.LambdaFunctionURLRequestContext{
			AccountID: u.Account, RequestID: id, APIID: u.ID, DomainName: u.Domain, DomainPrefix: u.ID,
			Time: at.UTC().Format(timeLayout), TimeEpoch: at.UnixMilli(),
			HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{
				Method: r.Method, Path: path, Protocol: r.Proto, SourceIP: sourceIP(r.RemoteAddr), UserAgent: r.UserAgent(),
			},
		},
	}
	if isText(r.Header.Get("Content-Type"), body) {
		event.Body = string(body)
	} else {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return event
}

// headers returns the request's headers by their names in lower case, several
// values of one joined by commas. Cookies stand apart. Those that the request
// travelled with, and the host, are among them as on AWS.
func headers(r *http.Request) map[string]string {
	all := make(map[string]string, len(r.Header)+1)
	for name, values := range r.Header {
		if name != "Cookie" {
			all[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	all["host"] = r.Host
	if r.ContentLength > 0 && all["content-length"] == "" {
		all["content-length"] = strconv.FormatInt(r.ContentLength, 10)
	}
	return all
}

// cookies returns the single cookies of the header's lines.
func cookies(lines []string) []string {
	var all []string
	for _, line := range lines {
		for cookie := range strings.SplitSeq(line, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				all = append(all, cookie)
			}
		}
	}
	return all
}

// query returns the parameters of the query, decoded, several values of one
// joined by commas; nil when there are none.
func query(r *http.Request) map[string]string {
	if r.URL.RawQuery == "" {
		return nil
	}
	values := r.URL.Query()
	all := make(map[string]string, len(values))
	for name, several := range values {
		all[name] = strings.Join(several, ",")
	}
	return all
}

// sourceIP drops the port from an address.
func sourceIP(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

// ErrOther says that an event is not one of a function URL.
var ErrOther = errors.New("the event is not one of a function URL")

// Request makes the HTTP request of an event, as a server would get it. It fails with
// ErrOther on what is no event of a function URL.
func Request(ctx context.Context, payload []byte) (*http.Request, error) {
	var event events.LambdaFunctionURLRequest
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOther, err)
	}
	at := &event.RequestContext.HTTP
	if event.Version != version || at.Method == "" {
		return nil, fmt.Errorf("%w: version %q and HTTP method %q, want version %q and a method", ErrOther, event.Version, at.Method, version)
	}
	uri := event.RawPath
	if event.RawQueryString != "" {
		uri += "?" + event.RawQueryString
	}
	if !strings.HasPrefix(uri, "/") {
		return nil, fmt.Errorf("the event's rawPath %q does not begin with a slash", event.RawPath)
	}
	where, err := url.ParseRequestURI(uri)
	if err != nil {
		return nil, fmt.Errorf("read the event's path: %w", err)
	}
	body := []byte(event.Body)
	if event.IsBase64Encoded {
		if body, err = base64.StdEncoding.DecodeString(event.Body); err != nil {
			return nil, fmt.Errorf("read the event's body: %w", err)
		}
	}
	protocol := cmp.Or(at.Protocol, "HTTP/1.1") // an event written by hand may leave it out
	major, minor, ok := http.ParseHTTPVersion(protocol)
	if !ok {
		return nil, fmt.Errorf("read the event: protocol %q is no HTTP, want one such as HTTP/1.1", protocol)
	}
	r := &http.Request{
		Method: at.Method, URL: where, RequestURI: uri, Proto: protocol, ProtoMajor: major, ProtoMinor: minor,
		Header: requestHeader(&event), Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		Host: event.RequestContext.DomainName, RemoteAddr: at.SourceIP,
	}
	if host := event.Headers["host"]; host != "" {
		r.Host = host
	}
	return r.WithContext(ctx), nil
}

// requestHeader is the event's headers and cookies. The host stands in the
// request itself, as everywhere in net/http.
func requestHeader(event *events.LambdaFunctionURLRequest) http.Header {
	all := make(http.Header, len(event.Headers)+1)
	for name, value := range event.Headers {
		if name = http.CanonicalHeaderKey(name); name != "Host" {
			all[name] = append(all[name], value)
		}
	}
	if len(event.Cookies) > 0 && len(all["Cookie"]) == 0 {
		all["Cookie"] = []string{strings.Join(event.Cookies, "; ")}
	}
	return all
}
