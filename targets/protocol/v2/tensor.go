package v2

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// tensor is an input or output as it stands in the document. Its data is not
// yet read, for the datatype and shape it is read by may follow it.
type tensor struct {
	index    int // in inputs or outputs
	name     []byte
	datatype []byte
	shaped   bool // a shape was given
	dims     int  // its dimensions, of which shape holds the first two
	shape    [2]int64
	data     []byte // the text of an array; nil when missing
}

func (t tensor) shapeText() string {
	switch {
	case !t.shaped:
		return "without a shape"
	case t.dims == 0:
		return "[]"
	case t.dims == 1:
		return fmt.Sprintf("[%d]", t.shape[0])
	case t.dims == 2:
		return fmt.Sprintf("[%d,%d]", t.shape[0], t.shape[1])
	}
	return fmt.Sprintf("[%d,%d,…], %d dimensions", t.shape[0], t.shape[1], t.dims)
}

func (r *reader) readTensor(i int) tensor {
	t := tensor{index: i}
	for key := range r.object {
		switch string(key) {
		case "name":
			if r.expect('"', i, "name") {
				t.name = r.str()
			}
		case "datatype":
			if r.expect('"', i, "datatype") {
				t.datatype = r.str()
			}
		case "shape":
			r.readShape(&t)
		case "data":
			if r.expect('[', i, "data") {
				start := r.pos
				r.skipValue()
				t.data = r.src[start:r.pos]
			}
		case "parameters":
			r.readParameters()
		default:
			r.skipValue()
		}
	}
	return t
}

func (r *reader) readShape(t *tensor) {
	if !r.expect('[', t.index, "shape") {
		return
	}
	t.shaped, t.dims = true, 0
	dimension := numeric{name: "INT32", kind: signed, bits: 32}
	for i := range r.array {
		size, problem := dimension.readValue(&r.scanner)
		if problem != "" {
			r.fault("%s[%d]: %s", r.field(t.index, "shape"), i, problem)
		}
		if i < len(t.shape) {
			t.shape[i] = int64(size)
		}
		t.dims++
	}
}

// readParameters looks for the mark of a binary tensor and tolerates all others.
func (r *reader) readParameters() {
	if r.peek() != '{' {
		r.skipValue()
		return
	}
	for key := range r.object {
		if string(key) == "binary_data_size" {
			r.binary = true
		}
		r.skipValue()
	}
}

// data reads a tensor's values: flat, or nested as its shape is.
type data[T float32 | float64] struct {
	*reader         // gets the faults
	text    scanner // of the values
	tensor  tensor
	typ     numeric
	rows    int
	width   int // values in a row
	values  []T // what there was before, and those read so far, row by row
	count   int // of those read so far
}

// readData appends to dst the values of t, rows × width of them. When they are
// not what the datatype and the shape say, that is a fault.
func readData[T float32 | float64](r *reader, t tensor, typ numeric, rows, width int, dst []T) []T {
	if t.data == nil {
		r.fault("%s: missing", r.field(t.index, "data"))
		return dst
	}
	d := data[T]{
		reader: r, text: scanner{src: t.data}, tensor: t,
		typ: typ, rows: rows, width: width, values: dst,
	}
	if t.dims == 2 && d.startsNested() {
		d.readRows()
	} else {
		d.readFlat()
	}
	return d.values
}

func (d *data[T]) startsNested() bool {
	ahead := d.text
	return ahead.accept('[') && ahead.peek() == '['
}

func (d *data[T]) readFlat() {
	for i := range d.text.array {
		if problem := d.readElement(); problem != "" {
			d.fault("%s[%d]: %s", d.field(d.tensor.index, "data"), i, problem)
		}
	}
	if want := d.rows * d.width; d.count != want {
		d.fault("%s: %s wants %d values, got %d", d.field(d.tensor.index, "shape"), d.tensor.shapeText(), want, d.count)
	}
}

func (d *data[T]) readRows() {
	rows := 0
	for row := range d.text.array {
		rows++
		if d.text.peek() != '[' {
			d.fault("%s[%d]: want an array, got %s", d.field(d.tensor.index, "data"), row, d.text.nextKind())
			d.text.skipValue()
			continue
		}
		d.readRow(row)
	}
	if rows != d.rows {
		d.fault("%s: %s wants %d rows, got %d", d.field(d.tensor.index, "shape"), d.tensor.shapeText(), d.rows, rows)
	}
}

func (d *data[T]) readRow(row int) {
	before := d.count
	for i := range d.text.array {
		if problem := d.readElement(); problem != "" {
			d.fault("%s[%d][%d]: %s", d.field(d.tensor.index, "data"), row, i, problem)
		}
	}
	if got := d.count - before; got != d.width {
		d.fault("%s[%d]: want %d values, got %d", d.field(d.tensor.index, "data"), row, d.width, got)
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

// maxFaults is how many faults of a document are reported at once.
const maxFaults = 8

// reader is a scanner that knows fields: it goes on after a fault that leaves
// the document readable, so that its sender learns of several at once.
type reader struct {
	scanner
	tensors string // the list being read: "inputs" or "outputs"
	faults  []string
	binary  bool // a tensor is marked as binary
}

func (r *reader) fault(format string, args ...any) {
	switch {
	case len(r.faults) < maxFaults:
		r.faults = append(r.faults, fmt.Sprintf(format, args...))
	case len(r.faults) == maxFaults:
		r.faults = append(r.faults, "and more")
	}
}

// problem is what is wrong with the document; nil when nothing is.
func (r *reader) problem() error {
	switch {
	case r.err != nil:
		return fmt.Errorf("body is not valid JSON: %w", r.err)
	case r.binary:
		return errBinary
	case len(r.faults) > 0:
		return errors.New(strings.Join(r.faults, "; "))
	}
	return nil
}

// field names a field of tensor i; i is -1 for a field of the document.
func (r *reader) field(i int, name string) string {
	if i < 0 {
		return name
	}
	if name == "" {
		return fmt.Sprintf("%s[%d]", r.tensors, i)
	}
	return fmt.Sprintf("%s[%d].%s", r.tensors, i, name)
}

// expect reports whether the next value starts with open. If not, it is a
// fault of the field, and skipped.
func (r *reader) expect(open byte, i int, name string) bool {
	if r.peek() == open {
		return true
	}
	if r.err == nil && r.pos < len(r.src) {
		want := map[byte]string{'{': "an object", '[': "an array", '"': "a string"}[open]
		r.fault("%s: want %s, got %s", r.field(i, name), want, r.nextKind())
	}
	r.skipValue()
	return false
}
