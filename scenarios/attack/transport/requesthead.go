package transport

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// atOnce is how long a request may be to be sent in one write before anything is
// read: a socket takes as much without the server's having read any of it.
const atOnce = 16 << 10

// userAgent is said of the client by a request that says nothing itself.
const userAgent = "servebench"

// agentOf returns what a request says of the client; "": nothing, as an empty field
// asks for.
func agentOf(header http.Header) string {
	if _, ok := header["User-Agent"]; !ok {
		return userAgent
	}
	return header.Get("User-Agent")
}

// withAgent returns the header with what it says of the client written out, for
// net/http, which has another default.
func withAgent(header http.Header) http.Header {
	if _, ok := header["User-Agent"]; ok {
		return header
	}
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header["User-Agent"] = []string{userAgent}
	return header
}

// appendHead appends the head of an HTTP/1.1 request: the request line, Host, the
// header's fields in order of their names, the length of the body, the blank line.
func appendHead(b []byte, r *http.Request) ([]byte, error) {
	method, host, target := cmp.Or(r.Method, http.MethodGet), cmp.Or(r.Host, r.URL.Host), r.URL.RequestURI()
	if !isToken(method) {
		return nil, fmt.Errorf("method %q: want letters, as in GET", method)
	}
	if host == "" || !isVisible(host) {
		return nil, fmt.Errorf("host %q: want a name or an address of printable ASCII", host)
	}
	if !isVisible(target) {
		return nil, fmt.Errorf("path %q: want printable ASCII without spaces", target)
	}
	b = append(b, method+" "+target+" HTTP/1.1\r\n"...)
	b = appendField(b, "Host", host)
	if agent := agentOf(r.Header); agent != "" {
		b = appendField(b, "User-Agent", agent)
	}
	b, err := appendFields(b, r.Header)
	if err != nil {
		return nil, err
	}
	if r.Close {
		b = appendField(b, "Connection", "close")
	}
	return append(appendLength(b, r), "\r\n"...), nil
}

// isOwn reports whether the client writes the field itself.
func isOwn(key string) bool {
	switch key {
	case "Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer":
		return true
	}
	return false
}

func appendFields(b []byte, header http.Header) ([]byte, error) {
	for _, key := range slices.Sorted(maps.Keys(header)) {
		if isOwn(key) {
			continue
		}
		if !isToken(key) {
			return nil, fmt.Errorf("header field %q: want a name of letters, digits and hyphens", key)
		}
		for _, value := range header[key] {
			if !isFieldValue(value) {
				return nil, fmt.Errorf("header field %s: value %q: want no control characters", key, value)
			}
			b = appendField(b, key, strings.Trim(value, " \t"))
		}
	}
	return b, nil
}

func appendField(b []byte, key, value string) []byte {
	return append(b, key+": "+value+"\r\n"...)
}

// appendLength says how long the body is. A request of a method that has a body
// says so even of an empty one (RFC 9110, 8.6).
func appendLength(b []byte, r *http.Request) []byte {
	switch length := bodyLength(r); {
	case length < 0:
		return appendField(b, "Transfer-Encoding", "chunked")
	case length > 0, r.Method == http.MethodPost, r.Method == http.MethodPut, r.Method == http.MethodPatch:
		return appendField(b, "Content-Length", strconv.FormatInt(length, 10))
	}
	return b
}

// bodyLength returns the length of a request's body in bytes, -1 when it is not
// known ahead.
func bodyLength(r *http.Request) int64 {
	switch {
	case r.ContentLength != 0:
		return max(r.ContentLength, -1)
	case r.Body == nil, r.Body == http.NoBody:
		return 0
	}
	return -1
}
