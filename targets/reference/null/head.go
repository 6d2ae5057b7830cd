package null

import (
	"bytes"
	"strconv"
)

// head is what matters of a request's head.
type head struct {
	length   int64 // of the body, in bytes
	closes   bool  // the connection is to be closed after the answer
	bodiless bool  // the answer is to have no body
}

// parse reads a request's head, without the empty line that ends it. ok is false
// where it is malformed or its body comes in chunks, which this server does not
// read.
func parse(text []byte) (h head, ok bool) {
	line, fields := cutLine(text)
	method, rest, _ := bytes.Cut(line, []byte(" "))
	target, version, _ := bytes.Cut(rest, []byte(" "))
	old := string(version) == "HTTP/1.0"
	if len(method) == 0 || len(target) == 0 || !old && string(version) != "HTTP/1.1" {
		return head{}, false
	}
	h = head{length: -1, closes: old, bodiless: string(method) == "HEAD"}
	for len(fields) > 0 {
		line, fields = cutLine(fields)
		if !h.field(line) {
			return head{}, false
		}
	}
	h.length = max(h.length, 0)
	return h, true
}

func cutLine(text []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(text, []byte("\r\n"))
	return line, rest
}

// field reads one header field. It reports whether it is well formed.
func (h *head) field(line []byte) bool {
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found || len(name) == 0 || bytes.ContainsAny(name, " \t") {
		return false
	}
	switch {
	case len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")):
		n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 63)
		if err != nil || h.length >= 0 && h.length != int64(n) {
			return false
		}
		h.length = int64(n)
	case len(name) == len("Connection") && bytes.EqualFold(name, []byte("Connection")):
		h.closes = h.closes || bytes.EqualFold(bytes.TrimSpace(value), []byte("close"))
	case len(name) == len("Transfer-Encoding") && bytes.EqualFold(name, []byte("Transfer-Encoding")):
		return false
	}
	return true
}
