package v2

import (
	"fmt"
	"math"
)

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
		if problem := d.element(); problem != "" {
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
			d.fault("%s[%d]: want an array, got %s", d.field(d.tensor.index, "data"), row, d.text.next())
			d.text.skip()
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
		if problem := d.element(); problem != "" {
			d.fault("%s[%d][%d]: %s", d.field(d.tensor.index, "data"), row, i, problem)
		}
	}
	if got := d.count - before; got != d.width {
		d.fault("%s[%d]: want %d values, got %d", d.field(d.tensor.index, "data"), row, d.width, got)
	}
}

// element reads one value.
func (d *data[T]) element() (problem string) {
	x, problem := d.typ.value(&d.text)
	if v := T(x); math.IsInf(float64(v), 0) && !math.IsInf(x, 0) {
		problem = fmt.Sprintf("%g is out of the range of FP32, in which the model computes", x)
	}
	d.count++
	d.values = append(d.values, T(x))
	return problem
}
