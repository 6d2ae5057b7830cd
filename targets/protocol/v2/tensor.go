package v2

import (
	"fmt"
	"math"
	"strconv"

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
	// binary is how many bytes behind the document the data takes; -1: none.
	binary     int64
	wantBinary bool // of an output asked for
}

// maxDims is the most dimensions of a tensor that is kept as one.
const maxDims = 8

func (t *tensor) shapeText() string {
	switch {
	case !t.shaped:
		return "without a shape"
	case t.dims > maxDims:
		return fmt.Sprintf("[%d,%d,…] of %d dimensions", t.shape[0], t.shape[1], t.dims)
	}
	return generators.Tensor{Shape: t.shape[:t.dims]}.ShapeText()
}

// reader reads a document that holds tensors.
type reader struct {
	jsonbody.Reader
	tensor tensor // that was read last
	raw    []byte // what stands behind the document and no tensor has taken yet
}

// newReader reads the document at the beginning of a body. head is what the header
// binaryHeader says of its length; "": it is the whole body.
func newReader(body []byte, head string) (reader, error) {
	r := reader{Reader: jsonbody.Reader{Scanner: jsonbody.Scanner{Src: body}}}
	if head == "" {
		return r, nil
	}
	n, err := strconv.ParseUint(head, 10, 31)
	if err != nil || n > uint64(len(body)) {
		return r, fmt.Errorf("header %s: %.40q is not the length of the JSON that a body of %d bytes begins with", binaryHeader, head, len(body))
	}
	r.Src, r.raw = body[:n], body[n:]
	return r, nil
}

// takeBinary takes the data of a tensor from behind the document.
func (r *reader) takeBinary(t *tensor) []byte {
	if t.binary < 0 {
		return nil
	}
	if t.data != nil {
		r.Fault("%s: there is binary data as well", r.Field(t.index, "data"))
	}
	if t.binary > int64(len(r.raw)) {
		r.Fault("%s: %d bytes, where %d are left behind the JSON", r.Field(t.index, "parameters.binary_data_size"), t.binary, len(r.raw))
		return nil
	}
	data := r.raw[:t.binary:t.binary]
	r.raw = r.raw[t.binary:]
	return data
}

// checkRest makes data that no tensor has taken a fault.
func (r *reader) checkRest() {
	if len(r.raw) > 0 {
		r.Fault("body: %d bytes behind the JSON belong to no tensor", len(r.raw))
	}
}

// readTensor reads item i of a list of tensors.
func (r *reader) readTensor(t *tensor, i int) {
	*t = tensor{index: i, binary: -1}
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
			r.readParameters(t)
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

// readParameters looks for what the binary tensor extension says, and passes over all
// others.
func (r *reader) readParameters(t *tensor) {
	if r.Peek() != '{' {
		r.Skip()
		return
	}
	for key := range r.Object {
		switch string(key) {
		case "binary_data_size":
			size, problem := jsonbody.ReadNumber(&r.Scanner, generators.UINT32)
			if problem != "" {
				r.Fault("%s: %s", r.Field(t.index, "parameters.binary_data_size"), problem)
			}
			t.binary = int64(size)
		case "binary_data":
			t.wantBinary = r.Peek() == 't'
			r.Skip()
		default:
			r.Skip()
		}
	}
}

// data reads a tensor's values: flat, or nested as its shape is.
type data struct {
	*reader                  // gets the faults
	text    jsonbody.Scanner // of the values
	tensor  *tensor
	typ     generators.Datatype
	rows    int
	width   int       // values in a row
	values  []float32 // what there was before, and those read so far, row by row
	count   int       // of those read so far
}

// readData appends to dst the values of t, rows × width of them. When they are
// not what the datatype and the shape say, that is a fault.
func readData(r *reader, t *tensor, typ generators.Datatype, rows, width int, dst []float32) []float32 {
	if t.data == nil {
		r.Fault("%s: missing", r.Field(t.index, "data"))
		return dst
	}
	d := data{
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

func (d *data) readFlat() {
	for i := range d.text.Array {
		if problem := d.readElement(); problem != "" {
			d.Fault("%s[%d]: %s", d.Field(d.tensor.index, "data"), i, problem)
		}
	}
	if want := d.rows * d.width; d.count != want {
		d.Fault("%s: %s wants %d values, got %d", d.Field(d.tensor.index, "shape"), d.tensor.shapeText(), want, d.count)
	}
}

func (d *data) readRows() {
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

func (d *data) readRow(row int) {
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

func (d *data) readElement() (problem string) {
	x, problem := jsonbody.ReadNumber(&d.text, d.typ)
	if v := float32(x); math.IsInf(float64(v), 0) && !math.IsInf(x, 0) {
		problem = fmt.Sprintf("%g is out of the range of FP32, in which the model computes", x)
	}
	d.count++
	d.values = append(d.values, float32(x))
	return problem
}
