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

const deepest = 32

// readContent makes a flat list of elements that may be nested, which gives their shape.
func (t *Tensor) readContent(part jsontext.Value) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(part), asWritten...)
	*t = Tensor{Name: t.Name, Data: append(make(jsontext.Value, 0, len(part)+2), '[')}
	leaf := -1 // how deep the elements are
	for {
		depth := d.StackDepth()
		switch d.PeekKind() {
		case 0: // the end of a value that was read already
			if t.kind == 0 || leaf != len(t.Shape) {
				return errTensor
			}
			t.Data[len(t.Data)-1] = ']' // over the last comma
			if leaf == 0 {
				t.Shape = []int64{1}
			}
			return nil
		case '[':
			if depth == deepest || depth == leaf {
				return errTensor
			}
			_, _ = d.ReadToken()
		case ']':
			_, size := d.StackIndex(depth)
			_, _ = d.ReadToken()
			for len(t.Shape) < depth {
				t.Shape = append(t.Shape, -1) // not known yet
			}
			if known := t.Shape[depth-1]; known >= 0 && known != size {
				return errTensor
			}
			t.Shape[depth-1] = size
		default:
			element, err := d.ReadValue()
			if err != nil || leaf >= 0 && leaf != depth || !t.add(element) {
				return errTensor
			}
			leaf = depth
		}
	}
}

// add appends an element; false of one of another kind than those before.
func (t *Tensor) add(element jsontext.Value) bool {
	kind := map[jsontext.Kind]byte{'0': 'i', '"': 's', 't': 'b', 'f': 'b'}[element.Kind()]
	if kind == 'i' && bytes.ContainsAny(element, ".eE") {
		kind = 'f'
	}
	switch {
	case t.kind == 0 || t.kind == 'i' && kind == 'f':
		t.kind = kind
	case t.kind != kind && !(t.kind == 'f' && kind == 'i'):
		return false
	}
	t.size++
	t.Data = append(append(t.Data, element...), ',')
	return kind != 0
}
