package recording

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// perfAnalyzer is the input data of Triton's perf_analyzer: tensors, without the model
// that takes them, their datatypes, and often without their shapes.
func perfAnalyzer() Format {
	return Format{
		Name: "perf-analyzer", Doc: "Input data of Triton's perf_analyzer, with its validation_data.",
		unit: "step", answers: true,
		starts: func(head []byte) bool {
			keys := firstKeys(head)
			return keys["data"] || keys["validation_data"]
		},
		read: readPerfAnalyzer,
	}
}

const (
	badTensors    = "steps that cannot be read"
	rawOutput     = "right answers as b64, whose datatypes are not recorded"
	badValidation = "steps whose validation_data cannot be read"
)

// step is one request, or the answer to it.
type step struct {
	tensors []Tensor
	bad     bool
}

// readPerfAnalyzer reads the file in two places: the inputs, and what answers them.
func readPerfAnalyzer(in *input, yield func(*Request) error) error {
	beside, err := openInput(in.path, in.options)
	if err != nil {
		return err
	}
	defer beside.close()
	inputs, answers := newSteps(in, "data"), newSteps(beside, "validation_data")
	nextAnswer, stop := iter.Pull(answers.all)
	defer stop()
	number := 0
	var failed error
	for given := range inputs.all {
		number++
		answer, hasAnswer := nextAnswer()
		switch {
		case answers.err != nil:
			failed = answers.finish(answers.err, number)
		case given.bad:
			in.leaveOut(badTensors, number)
		case answer.bad:
			in.leaveOut(badValidation, number)
		case !hasAnswer && answers.found && beside.cutOff == "":
			failed = in.fault(0, "validation_data", fmt.Sprintf("it has %d steps, data more", number-1), "one for each step of data")
		default:
			outputs := slices.DeleteFunc(answer.tensors, func(t Tensor) bool {
				if t.kind == 'r' {
					in.leaveOut(rawOutput, number)
				}
				return t.kind == 'r'
			})
			failed = yield(&Request{Place: number, Inputs: given.tensors, Outputs: outputs})
		}
		if failed != nil {
			return failed
		}
	}
	if err := inputs.finish(inputs.err, number); err != nil {
		return err
	}
	if !inputs.found {
		return in.fault(0, "data", "it has no list of inputs", `one, such as {"data": [{"INPUT0": [1, 2]}]}`)
	}
	if _, more := nextAnswer(); more && in.cutOff == "" {
		return in.fault(0, "validation_data", fmt.Sprintf("it has more steps than data, which has %d", number), "one for each step of data")
	}
	return nil
}

// steps are the steps under a key, of all sequences one after the other.
type steps struct {
	stream
	key   string
	found bool
	err   error // what ended them
}

func newSteps(in *input, key string) *steps { return &steps{stream: newStream(in), key: key} }

func (s *steps) all(yield func(step) bool) {
	s.err = s.members("", func(name string) (bool, error) {
		if name != s.key {
			return false, nil
		}
		s.found = true
		return true, s.list(yield)
	})
}

func (s *steps) list(yield func(step) bool) error {
	return s.elements(s.key, func() error {
		if s.PeekKind() == '[' { // a sequence
			return s.list(yield)
		}
		text, err := s.ReadValue()
		if err != nil {
			return s.failed(err)
		}
		if !yield(readStep(text)) {
			return errStop
		}
		return nil
	})
}

// readStep reads the tensors of an object, in the order of their names.
func readStep(text jsontext.Value) step {
	var inputs map[string]jsontext.Value
	if json.Unmarshal(text, &inputs, asWritten...) != nil || len(inputs) == 0 {
		return step{bad: true}
	}
	var s step
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		t := Tensor{Name: name}
		if t.read(inputs[name]) != nil {
			return step{bad: true}
		}
		s.tensors = append(s.tensors, t)
	}
	return s
}

var errTensor = errors.New("not a tensor")

// read reads what stands for a tensor: its elements, or an object with them as content
// or as the bytes of b64, and perhaps their shape.
func (t *Tensor) read(value jsontext.Value) error {
	if value.Kind() != '{' {
		return t.readContent(value)
	}
	var given struct {
		Content jsontext.Value `json:"content"`
		B64     *[]byte        `json:"b64"`
		Shape   *[]int64       `json:"shape"`
	}
	err := json.Unmarshal(value, &given, asWritten...)
	switch {
	case err != nil:
		return err
	case given.Content != nil:
		err = t.readContent(given.Content)
	case given.B64 != nil:
		t.Data, t.kind = appendBase64(nil, *given.B64), 'r'
	default:
		err = errTensor
	}
	if err != nil || given.Shape == nil {
		return err
	}
	size := int64(1)
	for _, n := range *given.Shape {
		if n < 1 || n > 1<<40 {
			return errTensor
		}
		if size *= n; size > 1<<40 {
			return errTensor
		}
	}
	if t.kind != 'r' && size != t.size {
		return errTensor
	}
	t.Shape = *given.Shape
	return nil
}

// readContent makes a flat list of elements that may be nested, which gives their shape.
func (t *Tensor) readContent(part jsontext.Value) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(part), asWritten...)
	t.Data, t.Shape, t.kind, t.size = append(make(jsontext.Value, 0, len(part)+2), '['), nil, 0, 0
	if err := t.flatten(d, 0); err != nil {
		return err
	}
	if t.kind == 0 { // no element
		return errTensor
	}
	t.Data[len(t.Data)-1] = ']' // over the last comma
	if part.Kind() != '[' {
		t.Shape = []int64{1}
	}
	return nil
}

const deepest = 32

func (t *Tensor) flatten(d *jsontext.Decoder, depth int) error {
	if d.PeekKind() == '[' {
		if depth == deepest {
			return errTensor
		}
		_, _ = d.ReadToken() // which was peeked at
		size := int64(0)
		isNew := len(t.Shape) == depth
		if isNew {
			t.Shape = append(t.Shape, 0)
		}
		for d.PeekKind() != ']' {
			if d.PeekKind() == 0 {
				return errTensor
			}
			if err := t.flatten(d, depth+1); err != nil {
				return err
			}
			size++
		}
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		if isNew {
			t.Shape[depth] = size
		}
		if t.Shape[depth] != size {
			return errTensor
		}
		return nil
	}
	if t.kind != 0 && depth != len(t.Shape) { // nested less deeply than those before
		return errTensor
	}
	element, err := d.ReadValue()
	if err != nil {
		return err
	}
	kind := map[jsontext.Kind]byte{'0': 'i', '"': 's', 't': 'b', 'f': 'b'}[element.Kind()]
	if kind == 'i' && bytes.ContainsAny(element, ".eE") {
		kind = 'f'
	}
	switch {
	case kind == 0:
		return errTensor
	case t.kind == 0 || t.kind == 'i' && kind == 'f':
		t.kind = kind
	case t.kind != kind && !(t.kind == 'f' && kind == 'i'):
		return errTensor
	}
	t.size++
	t.Data = append(append(t.Data, element...), ',')
	return nil
}
