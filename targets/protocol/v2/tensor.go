package v2

import "fmt"

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

// shapeText is the shape for messages.
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

// tensor consumes the object that is the i-th of its list.
func (r *reader) tensor(i int) tensor {
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
			r.shape(&t)
		case "data":
			if r.expect('[', i, "data") {
				start := r.pos
				r.skip()
				t.data = r.src[start:r.pos]
			}
		case "parameters":
			r.parameters()
		default:
			r.skip()
		}
	}
	return t
}

func (r *reader) shape(t *tensor) {
	if !r.expect('[', t.index, "shape") {
		return
	}
	t.shaped, t.dims = true, 0
	dimension := numeric{name: "INT32", kind: signed, bits: 32}
	for i := range r.array {
		size, problem := dimension.value(&r.scanner)
		if problem != "" {
			r.fault("%s[%d]: %s", r.field(t.index, "shape"), i, problem)
		}
		if i < len(t.shape) {
			t.shape[i] = int64(size)
		}
		t.dims++
	}
}

// parameters looks for the mark of a binary tensor and tolerates all others.
func (r *reader) parameters() {
	if r.peek() != '{' {
		r.skip()
		return
	}
	for key := range r.object {
		if string(key) == "binary_data_size" {
			r.binary = true
		}
		r.skip()
	}
}
