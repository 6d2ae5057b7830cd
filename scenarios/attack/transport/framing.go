package transport

import (
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// parseFraming finds out how the body is delimited and whether the connection
// outlives it (RFC 9112, 6.3 and 9.3). Transfer-Encoding and Trailer leave the
// header, as they do in net/http.
func (h *head) parseFraming() error {
	h.last = hasOption(h.header["Connection"], "close") ||
		h.minor == 0 && !hasOption(h.header["Connection"], "keep-alive")
	encodings := h.header["Transfer-Encoding"]
	lengths := h.header["Content-Length"]
	delete(h.header, "Transfer-Encoding")
	if h.minor == 1 && len(encodings) > 0 {
		if len(encodings) > 1 || !strings.EqualFold(encodings[0], "chunked") {
			return fmt.Errorf("Transfer-Encoding %.100q: want chunked", encodings)
		}
		h.chunked = true
		h.trailers = announced(h.header["Trailer"])
		delete(h.header, "Trailer")
	}
	if len(lengths) == 0 {
		return nil
	}
	length, err := contentLength(lengths)
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

// contentLength reads Content-Length, which may be repeated but not differ.
func contentLength(values []string) (int64, error) {
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

// hasOption reports whether a list such as Connection's holds the option.
func hasOption(values []string, option string) bool {
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(trimBlanks(item), option) {
				return true
			}
		}
	}
	return false
}

// announced returns the names of a Trailer field.
func announced(values []string) []string {
	var keys []string
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			if key := trimBlanks(item); isToken(key) {
				keys = append(keys, textproto.CanonicalMIMEHeaderKey(key))
			}
		}
	}
	return keys
}

// bodiless reports whether an answer has no body whatever its header says.
func bodiless(method string, status int) bool {
	return method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified
}
