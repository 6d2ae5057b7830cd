package v2

import (
	"fmt"
	"math"

	"servebench/generators"
	"servebench/targets/protocol/jsonbody"
)

// tensor is an input or output as it stands in the document. Its data is not
// yet read, for the datatype and shape it is read by may follow it.
type tensor struct {
	index    int // in inputs or outputs
	name     []byte
	datatype []byte
	shaped   bool // a shape was given
	dims     int  // its dimensions, of which shape holds the first
	shape    [maxDims]int64
	data     []byte // the text of an array; nil when missing
}

// maxDims is the most dimensions of a tensor that is kept as one.
const maxDims = 8

func (t *tensor) shapeText() string {
	switch {
	case !t.shaped:
		return "without a shape"
	case t.dims > maxDims:
		return fmt.Sprintf("[%d,%d,…], %d dimensions", t.shape[0], t.shape[1], t.dims)
	}
	return generators.Tensor{Shape: t.shape[:t.dims]}.ShapeText()
}

// reader reads a document that holds tensors.
type reader struct {
	jsonbody.Reader
	tensor tensor // that was read last
	binary bool   // a tensor is marked as binary
}

// problem is what is wrong with the document; nil when nothing is.
func (r *reader) problem() error {
	if r.Err == nil && r.binary {
		return errBinary
	}
	return r.Problem()
}

// readTensor reads item i of a list of tensors.
func (r *reader) readTensor(t *tensor, i int) {
	*t = tensor{index: i}
	for key := range r.Object {
		switch string(key) {
		case "name":
			if r.Expect('"', i, "name") {
				t.name = r.Text()
			}
		case "datatype":
			if r.Expect('"', i, "datatype") {
				t.datatype = r.Text()
			}
		case "shape":
			r.readShape(t)
		case "data":
			if r.Expect('[', i, "data") {
				t.data = r.Raw()
			}
		case "parameters":
			r.readParameters()
		default:
			r.Skip()
		}
	}
}

func (r *reader) readShape(t *tensor) {
	if !r.Expect('[', t.index, "shape") {
		return
	}
	t.shaped, t.dims = true, 0
	for i := range r.Array {
		size, problem := jsonbody.ReadNumber(&r.Scanner, generators.INT32)
		if problem != "" {
			r.Fault("%s[%d]: %s", r.Field(t.index, "shape"), i, problem)
		}
		if i < len(t.shape) {
			t.shape[i] = int64(size)
		}
		t.dims++
	}
}

// readParameters looks for the mark of a binary tensor and tolerates all others.
func (r *reader) readParameters() {
	if r.Peek() != '{' {
		r.Skip()
		return
	}
	for key := range r.Object {
		if string(key) == "binary_data_size" {
			r.binary = true
		}
		r.Skip()
	}
}

// data reads a tensor's values: flat, or nested as its shape is.
type data[T float32 | float64] struct {
	*reader                  // gets the faults
	text    jsonbody.Scanner // of the values
	tensor  *tensor
	typ     elementType
	rows    int
	width   int // values in a row
	values  []T // what there was before, and those read so far, row by row
	count   int // of those read so far
}

// readData appends to dst the values of t, rows × width of them. When they are
// not what the datatype and the shape say, that is a fault.
func readData[T float32 | float64](r *reader, t *tensor, typ elementType, rows, width int, dst []T) []T {
	if t.data == nil {
		r.Fault("%s: missing", r.Field(t.index, "data"))
		return dst
	}
	d := data[T]{
		reader: r, text: jsonbody.Scanner{Src: t.data}, tensor: t,
		typ: typ, rows: rows, width: width, values: dst,
	}
	if t.dims == 2 && d.text.StartsNested() {
		d.readRows()
	} else {
		d.readFlat()
	}
	return d.values
}

func (d *data[T]) readFlat() {
	for i := range d.text.Array {
		if problem := d.readElement(); problem != "" {
			d.Fault("%s[%d]: %s", d.Field(d.tensor.index, "data"), i, problem)
		}
	}
	if want := d.rows * d.width; d.count != want {
		d.Fault("%s: %s wants %d values, got %d", d.Field(d.tensor.index, "shape"), d.tensor.shapeText(), want, d.count)
	}
}

func (d *data[T]) readRows() {
	rows := 0
	for row := range d.text.Array {
		rows++
		if d.text.Peek() != '[' {
			d.Fault("%s[%d]: want an array, got %s", d.Field(d.tensor.index, "data"), row, d.text.Kind())
			d.text.Skip()
			continue
		}
		d.readRow(row)
	}
	if rows != d.rows {
		d.Fault("%s: %s wants %d rows, got %d", d.Field(d.tensor.index, "shape"), d.tensor.shapeText(), d.rows, rows)
	}
}

func (d *data[T]) readRow(row int) {
	before := d.count
	for i := range d.text.Array {
		if problem := d.readElement(); problem != "" {
			d.Fault("%s[%d][%d]: %s", d.Field(d.tensor.index, "data"), row, i, problem)
		}
	}
	if got := d.count - before; got != d.width {
		d.Fault("%s[%d]: want %d values, got %d", d.Field(d.tensor.index, "data"), row, d.width, got)
	}
}

func (d *data[T]) readElement() (problem string) {
	x, problem := d.typ.readValue(&d.text)
	if v := T(x); math.IsInf(float64(v), 0) && !math.IsInf(x, 0) {
		problem = fmt.Sprintf("%g is out of the range of FP32, in which the model computes", x)
	}
	d.count++
	d.values = append(d.values, T(x))
	return problem
}
