package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"servebench/generators"
	"servebench/targets/protocol"

	"github.com/theory/jsonpath"
)

// finder finds the answer in a response.
type finder interface {
	find(protocol.Response) (generators.Value, error)
}

// find returns the finder of a place; nil where none is named.
func find(l protocol.Locator) (finder, error) {
	switch {
	case l.JSON != "":
		path, err := jsonpath.Parse(l.JSON)
		if err != nil {
			return nil, &protocol.TemplateError{Key: "answer.json", Problem: strings.TrimPrefix(err.Error(), "jsonpath: "), Want: "a JSONPath as in RFC 9535, such as $.prediction"}
		}
		return inJSON{path}, nil
	case l.Header != "":
		return inHeader(http.CanonicalHeaderKey(l.Header)), nil
	case l.Text:
		return wholeBody{}, nil
	}
	return nil, nil
}

// inJSON finds what a JSONPath selects from the body.
type inJSON struct{ path *jsonpath.Path }

func (f inJSON) find(r protocol.Response) (generators.Value, error) {
	dec := json.NewDecoder(bytes.NewReader(r.Body))
	dec.UseNumber() // as they are written
	var body any
	if err := dec.Decode(&body); err != nil {
		return generators.Value{}, fmt.Errorf("the body is not JSON: %w", notEOF(err))
	}
	if _, err := dec.Token(); err != io.EOF {
		return generators.Value{}, errors.New("the body is not JSON: there is more behind the first value")
	}
	var selected any
	switch nodes := f.path.Select(body); len(nodes) {
	case 0:
		return generators.Value{}, fmt.Errorf("the body has nothing at %s", f.path)
	case 1:
		selected = nodes[0]
	default:
		selected = []any(nodes)
	}
	text := &bytes.Buffer{}
	enc := json.NewEncoder(text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(selected); err != nil {
		return generators.Value{}, err
	}
	return generators.Value{Text: strings.TrimSuffix(text.String(), "\n"), JSON: true}, nil
}

func notEOF(err error) error {
	if err == io.EOF {
		return errors.New("it is empty")
	}
	return err
}

// inHeader is the header field with the answer, by its canonical name.
type inHeader string

func (f inHeader) find(r protocol.Response) (generators.Value, error) {
	values := r.Header[string(f)]
	if len(values) == 0 {
		return generators.Value{}, fmt.Errorf("the response has no header field %s", string(f))
	}
	return generators.Value{Text: values[0]}, nil
}

// wholeBody is the body as text, without the line's end that it may end with.
type wholeBody struct{}

func (wholeBody) find(r protocol.Response) (generators.Value, error) {
	return generators.Value{Text: strings.TrimRight(string(r.Body), "\r\n")}, nil
}
