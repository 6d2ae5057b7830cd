package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"servebench/generators"
	"servebench/targets/protocol"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
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
		steps, simple := stepsOf(path)
		return inJSON{path, steps, simple}, nil
	case l.Header != "":
		return inHeader(http.CanonicalHeaderKey(l.Header)), nil
	case l.Text:
		return wholeBody{}, nil
	case l.Status:
		return status{}, nil
	}
	return nil, nil
}

// inJSON finds what a JSONPath selects from the body.
type inJSON struct {
	path   *jsonpath.Path
	steps  []any // names and indices, of a path that is made of nothing else
	simple bool
}

// stepsOf are the names and the indices that a path is made of, if it has nothing else.
func stepsOf(path *jsonpath.Path) (steps []any, simple bool) {
	for _, segment := range path.Query().Segments() {
		selectors := segment.Selectors()
		if len(selectors) != 1 || segment.IsDescendant() {
			return nil, false
		}
		switch s := selectors[0].(type) {
		case spec.Name:
			steps = append(steps, string(s))
		case spec.Index:
			if s < 0 {
				return nil, false
			}
			steps = append(steps, int(s))
		default:
			return nil, false
		}
	}
	return steps, len(steps) > 0
}

// walk reads what the steps lead to, which is far cheaper than to make values of all of the
// body. ok is false where they lead nowhere, or the body is not JSON.
func (f inJSON) walk(body []byte) (value generators.Value, ok bool) {
	d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for _, step := range f.steps {
		if !enter(d, step) {
			return value, false
		}
	}
	text, err := d.ReadValue()
	value = generators.Value{Text: string(text), JSON: true}
	for err == nil && d.StackDepth() > 0 {
		if kind := d.PeekKind(); kind == '}' || kind == ']' {
			_, err = d.ReadToken()
		} else {
			err = d.SkipValue()
		}
	}
	if err == nil {
		_, err = d.ReadToken()
	}
	return value, err == io.EOF && value.Text != ""
}

// enter reads up to a member of the object, or an element of the array, that comes next.
func enter(d *jsontext.Decoder, step any) bool {
	open, err := d.ReadToken()
	if err != nil {
		return false
	}
	name, named := step.(string)
	if named && open.Kind() != '{' || !named && open.Kind() != '[' {
		return false
	}
	for i := 0; d.PeekKind() != '}' && d.PeekKind() != ']'; i++ {
		if named {
			key, err := d.ReadToken()
			if err != nil {
				return false
			}
			if key.String() == name {
				return true
			}
		} else if i == step {
			return true
		}
		if d.SkipValue() != nil {
			return false
		}
	}
	return false
}

func (f inJSON) find(r protocol.Response) (generators.Value, error) {
	if f.simple {
		if value, ok := f.walk(r.Body); ok {
			return value, nil
		}
	}
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

// status is the answer of which nothing but the status matters.
type status struct{}

func (status) find(r protocol.Response) (generators.Value, error) {
	return generators.Value{Text: strconv.Itoa(r.Status), JSON: true}, nil
}
