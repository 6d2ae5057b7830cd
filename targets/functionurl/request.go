package functionurl

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// request makes the HTTP request of an event, as a server would get it.
func request(ctx context.Context, event *events.LambdaFunctionURLRequest) (*http.Request, error) {
	at := &event.RequestContext.HTTP
	if event.Version != Version || at.Method == "" {
		return nil, fmt.Errorf("the event is not one of a function URL: version %q and HTTP method %q, want version %q and a method", event.Version, at.Method, Version)
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
		Header: requestHeader(event), Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
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
