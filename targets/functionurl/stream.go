package functionurl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// The end of a streamed answer's prelude, and the most bytes before it.
const (
	preludeEnd = "\x00\x00\x00\x00\x00\x00\x00\x00"
	preludeMax = 1 << 20
)

// ReadStream reads the prelude of a streamed answer: status and headers, no
// body. What it returns beside them is the body, which goes on as the function
// writes it. It fails on a prelude that is not one, or longer than 1 MiB.
func ReadStream(from io.Reader) (*Answer, io.Reader, error) {
	var read []byte
	for chunk := make([]byte, 4096); ; {
		n, err := from.Read(chunk)
		searched := max(0, len(read)-len(preludeEnd)+1)
		read = append(read, chunk[:n]...)
		if at := bytes.Index(read[searched:], []byte(preludeEnd)); at >= 0 {
			end := searched + at
			a, failed := readPrelude(read[:end])
			return a, io.MultiReader(bytes.NewReader(read[end+len(preludeEnd):]), from), failed
		}
		switch {
		case len(read) > preludeMax:
			return nil, nil, fmt.Errorf("read the function's stream: its prelude does not end within %d bytes", preludeMax)
		case errors.Is(err, io.EOF):
			return nil, nil, errors.New("read the function's stream: it ends before its prelude does")
		case err != nil:
			return nil, nil, fmt.Errorf("read the function's stream: %w", err)
		}
	}
}

// readPrelude opens a prelude. Without a status it means 200, and without a
// content type octets, see "Response streaming" in the Lambda Developer Guide.
func readPrelude(text []byte) (*Answer, error) {
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, fmt.Errorf("read the function's stream: its prelude: %w", err)
	}
	if e.StatusCode == nil {
		e.StatusCode = new(200)
	}
	typed := false
	for name := range e.Headers {
		typed = typed || len(name) == len("Content-Type") && bytes.EqualFold([]byte(name), []byte("Content-Type"))
	}
	e.Body, e.IsBase64Encoded = nil, false
	a, err := e.answer()
	if err == nil && !typed {
		a.Header["Content-Type"] = []string{"application/octet-stream"}
	}
	return a, err
}
