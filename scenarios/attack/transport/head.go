package transport

import (
	"bytes"
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/net/http/httpguts"
)

// head is the head of an answer: its status line and header. It is shared by all
// answers that begin with the same bytes, and does not change.
type head struct {
	block  string // the bytes, blank line included
	status int
	text   string // "200 OK"
	minor  int    // of HTTP/1
	header http.Header
	// length is the Content-Length, -1 without one.
	length  int64
	chunked bool
	// last says that the server closes the connection after this answer, or that it
	// is not safe to believe otherwise.
	last bool
}

// maxHead bounds an answer's head, interim answers before it included, in bytes.
const maxHead = 1 << 20

// endOfHead returns the length of the head that b begins with, 0 when b does not
// hold the whole of it. Lines before from are known to hold no end.
func endOfHead(b []byte, from int) int {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return 0
		}
		from += i + 1
		switch rest := b[from:]; {
		case len(rest) > 0 && rest[0] == '\n':
			return from + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return from + 2
		}
	}
}

// parseHead reads a whole head (RFC 9112, 4 and 5). It is no laxer than net/http.
func parseHead(block []byte) (*head, error) {
	h := &head{block: string(block), length: -1}
	lines := h.block
	line, lines := cutLine(lines)
	if err := h.parseStatus(line); err != nil {
		return nil, err
	}
	var err error
	if h.header, err = parseFields(lines); err != nil {
		return nil, err
	}
	if err := h.parseFraming(); err != nil {
		return nil, err
	}
	return h, nil
}

func cutLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// parseStatus reads a status line: HTTP/1.1 200 OK.
func (h *head) parseStatus(line string) error {
	malformed := fmt.Errorf("status line %.100q: want HTTP/1.1, a status of three digits and its text", line)
	version, text, ok := strings.Cut(line, " ")
	if !ok || !httpguts.ValidHeaderFieldValue(line) {
		return malformed
	}
	switch version {
	case "HTTP/1.1":
		h.minor = 1
	case "HTTP/1.0":
	default:
		return malformed
	}
	code, _, _ := strings.Cut(text, " ")
	if len(code) != 3 || code[0] < '1' || code[0] > '9' || !isDigits(code) {
		return malformed
	}
	h.text = text
	h.status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	return nil
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// parseFields reads header fields up to the blank line at the end. A line that
// begins with a blank continues the one before (RFC 9112, 5.2).
func parseFields(lines string) (http.Header, error) {
	header := make(http.Header)
	values := make([]string, 0, strings.Count(lines, "\n")) // one allocation for all
	key := ""
	for {
		var line string
		if line, lines = cutLine(lines); line == "" {
			return header, nil
		}
		if !httpguts.ValidHeaderFieldValue(line) {
			return nil, fmt.Errorf("header line %.100q: want no control characters", line)
		}
		if line[0] == ' ' || line[0] == '\t' {
			if key == "" {
				return nil, fmt.Errorf("header line %.100q: want a field's name first", line)
			}
			vs := header[key]
			vs[len(vs)-1] += " " + trimBlanks(line)
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !httpguts.ValidHeaderFieldName(name) {
			return nil, fmt.Errorf("header line %.100q: want NAME: VALUE", line)
		}
		key = textproto.CanonicalMIMEHeaderKey(name)
		if vs, ok := header[key]; ok {
			header[key] = append(vs, trimBlanks(value))
			continue
		}
		n := len(values)
		values = append(values, trimBlanks(value))
		header[key] = values[n : n+1 : n+1]
	}
}

func trimBlanks(s string) string { return strings.Trim(s, " \t") }

// parseFraming finds out how the body is delimited and whether the connection
// outlives it (RFC 9112, 6.3 and 9.3). Transfer-Encoding and Trailer leave the
// header, as they do in net/http.
func (h *head) parseFraming() error {
	h.last = httpguts.HeaderValuesContainsToken(h.header["Connection"], "close") ||
		h.minor == 0 && !httpguts.HeaderValuesContainsToken(h.header["Connection"], "keep-alive")
	encodings := h.header["Transfer-Encoding"]
	lengths := h.header["Content-Length"]
	delete(h.header, "Transfer-Encoding")
	if h.minor == 1 && len(encodings) > 0 {
		if len(encodings) > 1 || !strings.EqualFold(encodings[0], "chunked") {
			return fmt.Errorf("Transfer-Encoding %.100q: want chunked", encodings)
		}
		h.chunked = true
		delete(h.header, "Trailer")
	}
	if len(lengths) == 0 {
		return nil
	}
	length, err := parseContentLength(lengths)
	if err != nil {
		return err
	}
	if h.chunked {
		// Someone on the way may have believed the other one (RFC 9112, 6.3): read
		// the chunks, and do not trust the connection afterwards.
		delete(h.header, "Content-Length")
		h.last = true
		return nil
	}
	h.length = length
	return nil
}

// parseContentLength reads Content-Length, which may be repeated but not differ.
func parseContentLength(values []string) (int64, error) {
	for _, v := range values[1:] {
		if v != values[0] {
			return 0, fmt.Errorf("Content-Length %.100q: want one length", values)
		}
	}
	n, err := strconv.ParseUint(values[0], 10, 63)
	if err != nil {
		return 0, fmt.Errorf("Content-Length %.100q: want a number of bytes", values[0])
	}
	return int64(n), nil
}

func (h *head) isBodiless(method string) bool {
	return method == http.MethodHead || h.status == http.StatusNoContent || h.status == http.StatusNotModified
}

// heads remembers the heads that were parsed last. The heads of one server's
// answers repeat until the second in Date changes, so nearly all are found here.
type heads struct {
	ring [32]atomic.Pointer[head]
	mu   sync.Mutex
	next int
}

// maxRemembered is the longest head worth comparing, in bytes.
const maxRemembered = 4 << 10

func (hs *heads) find(b []byte) *head {
	for i := range hs.ring {
		h := hs.ring[i].Load()
		if h == nil {
			return nil
		}
		if h.begins(b) {
			return h
		}
	}
	return nil
}

func (h *head) begins(b []byte) bool {
	return len(b) >= len(h.block) && string(b[:len(h.block)]) == h.block
}

// remember keeps a head, in the place of the oldest.
func (hs *heads) remember(h *head) {
	if len(h.block) > maxRemembered {
		return
	}
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.ring[hs.next].Store(h)
	hs.next = (hs.next + 1) % len(hs.ring)
}
