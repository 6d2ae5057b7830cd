package functionurl

import (
	"encoding/base64"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

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
		Version: Version, RawPath: path, RawQueryString: r.URL.RawQuery,
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
