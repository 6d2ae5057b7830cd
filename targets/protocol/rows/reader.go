// Package rows is what rows of features and answers to them look like in the bodies of
// TensorFlow Serving, MLflow and SageMaker: JSON lists of numbers, records by the features'
// names, columns, or CSV. Each of these protocols puts its own keys around them.
package rows

import (
	"fmt"
	"math"
	"slices"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
	"servebench/targets/protocol/tensors"
)

// Reader reads rows of features into a batch. It goes on after a fault that leaves the
// body readable; Problem says what is wrong.
type Reader struct {
	jsonbody.Reader
	model *protocol.Served
	batch *protocol.Batch
	width int // of the first row; 0: not known yet
	found bool
}

// NewReader reads the body of a batch.
func NewReader(m *protocol.Served, b *protocol.Batch) *Reader {
	return &Reader{Reader: jsonbody.Reader{Scanner: jsonbody.Scanner{Src: b.Body}}, model: m, batch: b, width: len(m.Schema.Features)}
}

// Finish checks what was read. want says what the body has to hold.
func (r *Reader) Finish(want string) error {
	r.ExpectEnd()
	if r.Err == nil && len(r.Faults) == 0 {
		if !r.found {
			r.Fault("body: want %s", want)
		} else if fault := r.model.Fault(int64(r.batch.Rows), int64(r.width)); fault != "" {
			r.Fault("%s: %s", r.List, fault)
		}
	}
	return r.Problem()
}

// begin notes the list that the rows stand in, of which there may be one.
func (r *Reader) begin(list string) bool {
	if r.found {
		r.Fault("%s: the body has %s already", list, r.List)
		r.Skip()
		return false
	}
	r.List, r.found = list, true
	return true
}

// Rows reads a list of rows: each a list of numbers, a record of numbers by the features'
// names, or an object whose one key, tensors.InputName, holds a list of numbers.
func (r *Reader) Rows(list string) {
	if !r.begin(list) || !r.Expect('[', -1, list) {
		return
	}
	for i := range r.Array {
		if r.Peek() == '{' {
			r.record(i)
		} else {
			r.row(i)
		}
		r.batch.Rows++
	}
}

// row reads a list of numbers, or one number for a row of one feature.
func (r *Reader) row(i int) {
	start := len(r.batch.Features)
	switch r.Peek() {
	case '[':
		for range r.Array {
			r.number(i)
		}
	default:
		r.number(i)
	}
	n := len(r.batch.Features) - start
	if r.width == 0 {
		r.width = n
	}
	if n != r.width {
		r.Fault("%s[%d]: %d features in a row, want %d", r.List, i, n, r.width)
	}
}

func (r *Reader) number(i int) {
	v, problem := jsonbody.ReadNumber(&r.Scanner, generators.FP64)
	if problem == "" && math.IsInf(float64(float32(v)), 0) && !math.IsInf(v, 0) {
		problem = fmt.Sprintf("%g is out of the range of FP32, in which the model computes", v)
	}
	if problem != "" {
		r.Fault("%s[%d]: %s", r.List, i, problem)
	}
	r.batch.Features = append(r.batch.Features, float32(v))
}

// record reads a row by the names of the features.
func (r *Reader) record(i int) {
	start := len(r.batch.Features)
	r.batch.Features = slices.Grow(r.batch.Features, r.width)[:start+r.width]
	row := r.batch.Features[start:]
	seen := 0
	for key := range r.Object {
		if string(key) == tensors.InputName && r.Peek() == '[' {
			r.batch.Features = r.batch.Features[:start]
			r.row(i)
			row, seen = nil, r.width
			continue
		}
		at := r.feature(key)
		if at < 0 || row == nil {
			r.Fault("%s[%d]: unknown feature %q, want %s", r.List, i, jsonbody.Shorten(key), r.names())
			r.Skip()
			continue
		}
		v, problem := jsonbody.ReadNumber(&r.Scanner, generators.FP32)
		if problem != "" {
			r.Fault("%s[%d].%s: %s", r.List, i, key, problem)
		}
		row[at] = float32(v)
		seen++
	}
	if seen != r.width && r.Err == nil {
		r.Fault("%s[%d]: %d features, the model wants %d: %s", r.List, i, seen, r.width, r.names())
	}
}

func (r *Reader) feature(name []byte) int {
	return slices.IndexFunc(r.model.Schema.Features, func(f generators.Feature) bool { return f.Name == string(name) })
}

func (r *Reader) names() string {
	names := ""
	for i, f := range r.model.Schema.Features {
		if i > 0 {
			names += ", "
		}
		names += f.Name
	}
	if names == "" {
		return fmt.Sprintf("a list of numbers, or %q", tensors.InputName)
	}
	return names
}

// Columns reads an object of columns by the features' names, or one whose key,
// tensors.InputName, holds a list of rows.
func (r *Reader) Columns(list string) {
	if r.Peek() == '[' {
		r.Rows(list)
		return
	}
	if !r.begin(list) || !r.Expect('{', -1, list) {
		return
	}
	columns := make([][]float32, len(r.model.Schema.Features))
	for key := range r.Object {
		if string(key) == tensors.InputName {
			r.found = false
			r.Rows(list + "." + tensors.InputName)
			columns = nil
			continue
		}
		at := r.feature(key)
		if at < 0 || columns == nil {
			r.Fault("%s: unknown feature %q, want %s", list, jsonbody.Shorten(key), r.names())
			r.Skip()
			continue
		}
		columns[at] = r.column(list + "." + string(key))
	}
	r.transpose(list, columns)
}

// column reads a list of numbers, each perhaps a list of one.
func (r *Reader) column(name string) []float32 {
	values := []float32{}
	if !r.Expect('[', -1, name) {
		return values
	}
	read := func(i int) {
		v, problem := jsonbody.ReadNumber(&r.Scanner, generators.FP32)
		if problem != "" {
			r.Fault("%s[%d]: %s", name, i, problem)
		}
		values = append(values, float32(v))
	}
	for i := range r.Array {
		if r.Peek() != '[' {
			read(i)
			continue
		}
		for range r.Array {
			read(i)
		}
	}
	return values
}

func (r *Reader) transpose(list string, columns [][]float32) {
	if columns == nil || r.Err != nil {
		return
	}
	for i, c := range columns {
		if len(c) != len(columns[0]) || c == nil {
			r.Fault("%s: column %s has %d values, column %s has %d", list, r.model.Schema.Features[i].Name, len(c), r.model.Schema.Features[0].Name, len(columns[0]))
			return
		}
	}
	if len(columns) == 0 {
		return
	}
	r.batch.Rows = len(columns[0])
	for row := range r.batch.Rows {
		for _, c := range columns {
			r.batch.Features = append(r.batch.Features, c[row])
		}
	}
}

// Split reads an object with columns and data, as pandas writes a table with
// orient="split". The columns may stand in any order.
func (r *Reader) Split(list string) {
	if !r.Expect('{', -1, list) {
		return
	}
	var columns []string
	for key := range r.Object {
		switch string(key) {
		case "columns":
			if r.Expect('[', -1, list+".columns") {
				for range r.Array {
					if r.Expect('"', -1, list+".columns") {
						columns = append(columns, string(r.Text()))
					}
				}
			}
		case "data":
			r.Rows(list + ".data")
		default:
			r.Skip()
		}
	}
	r.reorder(list, columns)
}

// reorder puts the features of every row in the order of the model. Names that are not
// the model's are a fault where the model has names.
func (r *Reader) reorder(list string, columns []string) {
	features := r.model.Schema.Features
	if len(features) == 0 || columns == nil || r.Err != nil || len(r.Faults) > 0 {
		return
	}
	order := make([]int, len(features))
	for i, f := range features {
		if order[i] = slices.Index(columns, f.Name); order[i] < 0 {
			r.Fault("%s.columns: %q is missing, want %s", list, f.Name, r.names())
			return
		}
	}
	if len(columns) != len(features) {
		r.Fault("%s.columns: %d columns, the model wants %d: %s", list, len(columns), len(features), r.names())
		return
	}
	before := make([]float32, len(features))
	for row := range slices.Chunk(r.batch.Features, len(features)) {
		copy(before, row)
		for i, from := range order {
			row[i] = before[from]
		}
	}
}
