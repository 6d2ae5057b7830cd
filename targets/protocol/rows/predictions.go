package rows

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
	"servebench/targets/protocol/tensors"
)

// Decode reads the answers of a response whose body is an object with the predictions at
// one of the keys: a list of them, or an object of such lists by the names of outputs.
// Names that a protocol has of its own are replaced by rename.
func Decode(resp protocol.Response, cfg protocol.Config, rename map[string]string, keys ...string) (protocol.Reply, error) {
	r := &jsonbody.Reader{Scanner: jsonbody.Scanner{Src: resp.Body}}
	var outputs []generators.Tensor
	if r.Expect('{', -1, "body") {
		for key := range r.Object {
			if name := string(key); slices.Contains(keys, name) {
				outputs = readOutputs(r, name, rename)
			} else {
				r.Skip()
			}
		}
	}
	r.ExpectEnd()
	if len(outputs) == 0 || r.Err != nil || len(r.Faults) > 0 {
		err := r.Problem()
		if err == nil {
			err = fmt.Errorf("body: no %q", keys[0])
		}
		return protocol.Reply{}, fmt.Errorf("decode: %w", err)
	}
	answers, err := answersOf(outputs, cfg)
	if err != nil {
		return protocol.Reply{}, fmt.Errorf("decode: %w", err)
	}
	return protocol.Reply{Answers: answers}, nil
}

// predictions reads the list of predictions that is next, one for each example: a number,
// a text, arrays of those, or an object of such by the names of outputs. An unnamed output
// is called "output".
func predictions(r *jsonbody.Reader, list string, rename map[string]string) []generators.Tensor {
	r.List = list
	if !r.Expect('[', -1, list) {
		return nil
	}
	var c columns
	for i := range r.Array {
		if r.Peek() != '{' {
			c.add(r, i, "output")
			continue
		}
		for key := range r.Object {
			name := string(key)
			if other, ok := rename[name]; ok {
				name = other
			}
			c.add(r, i, name)
		}
	}
	return c.tensors(r)
}

// readOutputs reads the columns that are next: a list of predictions, or an object of such lists
// by the names of outputs.
func readOutputs(r *jsonbody.Reader, list string, rename map[string]string) []generators.Tensor {
	if r.Peek() != '{' {
		return predictions(r, list, rename)
	}
	var all []generators.Tensor
	for key := range r.Object {
		for _, t := range predictions(r, list+"."+string(key), rename) {
			if t.Name = string(key); rename[t.Name] != "" {
				t.Name = rename[t.Name]
			}
			all = append(all, t)
		}
	}
	return all
}

// answersOf are what predictions say, see tensors.Answers. An unnamed output of one floating
// number for each example is the probability of class 1 where there are two classes.
func answersOf(outputs []generators.Tensor, cfg protocol.Config) ([]generators.Answer, error) {
	if len(outputs) == 1 && outputs[0].Name == "output" && outputs[0].Datatype.IsFloat() && len(cfg.Schema.Classes) == 2 && outputs[0].Len() == int(outputs[0].Shape[0]) {
		outputs[0].Name = tensors.Probability.Name()
	}
	return tensors.Answers(outputs, cfg)
}

// columns are the outputs of the examples read so far.
type columns []*column

type column struct {
	name  string
	rows  int
	shape []int64 // of the first row
	kind  generators.Datatype
	data  []byte // of numbers as FP64
	whole []byte // of numbers as INT64, while all are
	texts []byte // as a Tensor holds BYTES
}

func (c *columns) add(r *jsonbody.Reader, i int, name string) {
	at := slices.IndexFunc(*c, func(x *column) bool { return x.name == name })
	if at < 0 {
		at = len(*c)
		*c = append(*c, &column{name: name, kind: generators.INT64})
	}
	x := (*c)[at]
	if x.rows != i {
		r.Fault("%s[%d]: %q is not in every prediction, or twice in one", r.List, i, jsonbody.Shorten([]byte(name)))
	}
	x.rows++
	shape := x.read(r, i, nil)
	if i == 0 {
		x.shape = shape
	} else if !slices.Equal(shape, x.shape) {
		r.Fault("%s[%d]: %q has the shape %v, that of the first is %v", r.List, i, jsonbody.Shorten([]byte(name)), shape, x.shape)
	}
}

// read reads a value, arrays within arrays or one element, and returns its shape.
func (x *column) read(r *jsonbody.Reader, i int, shape []int64) []int64 {
	if r.Peek() != '[' {
		x.element(r, i)
		return shape
	}
	var first []int64
	n := int64(0)
	for j := range r.Array {
		if below := x.read(r, i, nil); j == 0 {
			first = below
		} else if !slices.Equal(below, first) {
			r.Fault("%s[%d]: the arrays of %q are not of one length", r.List, i, jsonbody.Shorten([]byte(x.name)))
		}
		n++
	}
	return append(append(shape, n), first...)
}

func (x *column) element(r *jsonbody.Reader, i int) {
	var v float64
	var whole int64
	switch c := r.Peek(); c {
	case '"':
		text := r.Text()
		x.texts = generators.AppendBytes(x.texts, text)
		x.kind = generators.BYTES
		return
	case 't', 'f':
		if r.Skip(); c == 't' {
			v, whole = 1, 1
		}
	case '{', 'n':
		r.Fault("%s[%d]: want a number or a text, got %s", r.List, i, r.Kind())
		r.Skip()
	default:
		token := string(r.Number())
		var err error
		if v, err = strconv.ParseFloat(token, 64); err != nil && r.Err == nil {
			r.Fault("%s[%d]: %s is out of the range of FP64", r.List, i, jsonbody.Shorten([]byte(token)))
		}
		whole, err = strconv.ParseInt(token, 10, 64)
		if err != nil && x.kind == generators.INT64 {
			x.kind = generators.FP64
		}
	}
	if x.kind == generators.INT64 {
		x.whole = binary.LittleEndian.AppendUint64(x.whole, uint64(whole))
	}
	x.data = binary.LittleEndian.AppendUint64(x.data, math.Float64bits(v))
}

// tensors are the columns as tensors: of texts, of whole numbers, or of numbers.
func (c columns) tensors(r *jsonbody.Reader) []generators.Tensor {
	var all []generators.Tensor
	for _, x := range c {
		t := generators.Tensor{Name: x.name, Datatype: x.kind, Shape: append([]int64{int64(x.rows)}, x.shape...), Data: x.data}
		switch {
		case x.rows != c[0].rows:
			r.Fault("%s: %q is in %d of %d predictions", r.List, jsonbody.Shorten([]byte(x.name)), x.rows, c[0].rows)
		case x.kind == generators.BYTES && len(x.data) > 0:
			r.Fault("%s: %q holds both texts and numbers", r.List, jsonbody.Shorten([]byte(x.name)))
		case x.kind == generators.BYTES:
			t.Data = x.texts
		case x.kind == generators.INT64:
			t.Data = x.whole
		}
		all = append(all, t)
	}
	return all
}

// AppendProbabilities appends what a model says to rows: for each the list of the
// probabilities of its classes, or the value of a regression.
func AppendProbabilities(dst []byte, m *protocol.Served, scores []float32) []byte {
	dst = append(dst, '[')
	for i := 0; i < len(scores); i += m.Scores() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(m.Schema.Classes) == 0 {
			dst = jsonbody.AppendFloat(dst, scores[i])
			continue
		}
		for j, p := range scores[i : i+m.Scores()] {
			dst = append(dst, "[,"[min(j, 1)])
			dst = jsonbody.AppendFloat(dst, p)
		}
		dst = append(dst, ']')
	}
	return append(dst, ']')
}

// AppendLabelled appends for each row an object of the label and the probabilities under
// these names, or the value of a regression.
func AppendLabelled(dst []byte, m *protocol.Served, scores []float32, label, probabilities string) []byte {
	dst = append(dst, '[')
	width := m.Scores()
	for i := 0; i < len(scores); i += width {
		if i > 0 {
			dst = append(dst, ',')
		}
		row := scores[i : i+width]
		if len(m.Schema.Classes) == 0 {
			dst = jsonbody.AppendFloat(dst, row[0])
			continue
		}
		dst = append(append(append(dst, `{"`...), label...), `":`...)
		dst = jsonbody.AppendInt(dst, generators.MostLikely(row))
		dst = append(append(append(dst, `,"`...), probabilities...), `":`...)
		for j, p := range row {
			dst = append(dst, "[,"[min(j, 1)])
			dst = jsonbody.AppendFloat(dst, p)
		}
		dst = append(dst, `]}`...)
	}
	return append(dst, ']')
}
