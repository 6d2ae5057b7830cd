package targets

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Answer says what a server answered, for the text of an error: the status, where a
// redirect leads to, and the beginning of the body.
func Answer(status string, header http.Header, body []byte) string {
	status = Redirect(status, header)
	if len(body) == 0 {
		return status
	}
	return status + ", " + Excerpt(header, body)
}

// Redirect returns a status with where it leads to, if it does.
func Redirect(status string, header http.Header) string {
	to := header.Get("Location")
	if to == "" {
		return status
	}
	return fmt.Sprintf("%s to %q, which is not followed", status, to)
}

// Excerpt returns the beginning of a body for people to read: text on one line, JSON and
// HTML as they are and all else between quotes, decoded where it is gzip; or what it is
// where it is no text. It is safe for terminals.
func Excerpt(header http.Header, body []byte) string {
	const most = 200
	encoding := encoding(header)
	if encoding == "gzip" {
		if decoded := unzipped(body, most+utf8.UTFMax); len(decoded) > 0 {
			return cut(decoded, most) + " (gzip)"
		}
	}
	if encoding != "" {
		return fmt.Sprintf("%d bytes of %s", len(body), encoding)
	}
	return cut(body, most)
}

// Mismatch returns why an answer is not right, or the likelier cause: its body is
// compressed, and was compared and read as it is.
func Mismatch(header http.Header, why string) string {
	encoding := encoding(header)
	if encoding == "" || why == "" {
		return why
	}
	return fmt.Sprintf("the body is compressed (Content-Encoding: %s), and is read as it is; have the server send it plain", encoding)
}

// encoding returns how an answer's body is compressed; "": not at all.
func encoding(header http.Header) string {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(header["Content-Encoding"], ", ")))
	switch encoding {
	case "identity":
		return ""
	case "x-gzip":
		return "gzip"
	}
	return encoding
}

// unzipped returns the first bytes of a body, which may be cut off itself.
func unzipped(body []byte, most int64) []byte {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	decoded, _ := io.ReadAll(io.LimitReader(z, most))
	return decoded
}

// cut returns the first bytes of a text on one line, and counts those of what is none.
func cut(body []byte, most int) string {
	text, more := string(body), ""
	if len(text) > most {
		text, more = text[:most], "…"
		for len(text) > most-utf8.UTFMax && !utf8.ValidString(text) { // a letter may be cut in two
			text = text[:len(text)-1]
		}
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, isBinary) {
		return fmt.Sprintf("%d bytes that are no text", len(body))
	}
	text = readable(text)
	if text != "" && strings.Contains(`{[<"`, text[:1]) { // whose end shows without quotes
		return text + more
	}
	return `"` + text + `"` + more
}

// readable returns a text as a terminal can print it: white space as single spaces, and
// characters that do not show, such as those that turn the direction, as in Go's strings.
func readable(text string) string {
	var b strings.Builder
	for _, c := range strings.Join(strings.Fields(text), " ") {
		if unicode.IsPrint(c) {
			b.WriteRune(c)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(c), "'"))
		}
	}
	return b.String()
}

// isBinary reports whether a character is in no text.
func isBinary(c rune) bool { return unicode.IsControl(c) && !strings.ContainsRune("\t\n\r\f", c) }
