package recording

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"servebench/generators"
	"servebench/generators/datafile"
	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
)

// plan is how requests to one host are written, and what the scenario says.
type plan struct {
	*hostSurvey
	constant   []Field  // header fields that all requests share
	varying    []string // names of the others
	columns    []string // their names in the file of requests
	path       string   // that all requests share; "": the file has it
	references []*reference
	inScenario *strings.Replacer // of marks by variables
	inFile     *strings.Replacer // of marks as they stand in JSON
	literal    *strings.Replacer // of what only looks like a variable, in JSON
	timed      bool              // replay at recorded times
	jsonAnswer bool              // answers are compared as JSON
	compare    bool              // answers are compared
	inputs     []inputTensor
}

func (h *hostSurvey) plan(o *Options, references map[string]*reference) (*plan, error) {
	p := &plan{hostSurvey: h, timed: h.timed > 0 && o.Rate == 0}
	p.compare = h.answers > 0 && (o.Answers || o.format.answers)
	p.jsonAnswer = p.compare && h.jsonAnswers == h.answers
	for _, name := range slices.Sorted(maps.Keys(h.fields)) {
		switch use := h.fields[name]; {
		case p.compare && name == "Accept-Encoding": // answers are recorded as they read
		case use.count == h.requests && !use.varies:
			p.constant = append(p.constant, Field{name, use.value})
		default:
			p.varying = append(p.varying, name)
			p.columns = append(p.columns, columnOf(name, p.columns))
		}
	}
	if h.requests > 1 && !h.targets.varies {
		p.path = h.targets.value
	}
	p.settleReferences(references)
	return p, p.settleTensors(o)
}

// settleReferences gives variables their names, and finds out which of them stand in the
// file of requests.
func (p *plan) settleReferences(references map[string]*reference) {
	var inScenario, inFile, literal []string
	for _, mark := range slices.SortedFunc(maps.Keys(references), func(a, b string) int {
		return cmp.Or(cmp.Compare(references[a].where, references[b].where), cmp.Compare(references[a].name, references[b].name))
	}) {
		r := references[mark]
		r.variable = variableOf(r.name)
		for slices.ContainsFunc(p.references, func(o *reference) bool { return o.variable == r.variable }) {
			r.variable += "_PARAMETER"
		}
		p.references = append(p.references, r)
		name := "${" + r.variable + "}"
		inScenario = append(inScenario, mark, name)
		if r.inFile = r.where == inParameter && p.path == "" || r.where == inHeader && slices.Contains(p.varying, r.name); r.inFile {
			inFile = append(inFile, strings.ReplaceAll(mark, "\x00", `\u0000`), name)
			literal = append(literal, name, `\u0024`+name[1:])
		}
	}
	p.inScenario, p.inFile, p.literal = strings.NewReplacer(inScenario...), strings.NewReplacer(inFile...), strings.NewReplacer(literal...)
}

var notVariable = regexp.MustCompile(`^[0-9]*|[^A-Z0-9_]+`)

// variableOf is the environment's variable for a secret.
func variableOf(name string) string {
	variable := notVariable.ReplaceAllString(secret.Variable(name), "")
	return cmp.Or(variable, "SECRET")
}

// inputTensor is a tensor that the model takes, as a scenario says it: "FP32[3,-1]".
type inputTensor struct {
	name, is string
	guessed  string  // its datatype, which the recording does not hold
	kind     byte    // of most of them
	shape    []int64 // -1 where it varies
	said     bool    // the shape was said besides the recording
}

// guessedTypes are the datatypes that elements of JSON most often stand for.
var guessedTypes = map[byte]string{'i': "INT64", 'f': "FP32", 's': "BYTES", 'b': "BOOL"}

// settleTensors finds out what tensors the model takes: those that most requests have.
func (p *plan) settleTensors(o *Options) error {
	var faults decode.Faults
	refuse := func(problem, want string) {
		faults = append(faults, decode.Fault{Problem: problem, Want: want})
	}
	names := slices.Sorted(maps.Keys(p.tensors))
	for _, name := range slices.Sorted(maps.Keys(o.Tensors)) {
		if p.tensors[name] == nil {
			refuse(fmt.Sprintf("--tensor %s: the recording has no such input%s", name, decode.Suggest(name, names)), decode.OneOf(names))
		}
	}
	for _, name := range names {
		use := p.tensors[name]
		if 2*use.count <= p.requests {
			continue
		}
		example := fmt.Sprintf("--tensor '%s=FP32[3,224,224]'", name)
		t := inputTensor{name: name, kind: use.kind(), shape: use.shapes[most(use.ranks)]}
		datatype := ""
		switch {
		case o.Tensors[name] != "":
			text := o.Tensors[name]
			if t.said = strings.Contains(text, "["); !t.said {
				text += "[]"
			}
			is, err := datafile.ParseTensorType(name, text)
			if err != nil {
				refuse(fmt.Sprintf("--tensor %s: %q is not a datatype with a shape", name, o.Tensors[name]), "such as "+example+"; datatypes are "+datatypes())
				continue
			}
			if datatype = is.Datatype.String(); t.said {
				t.shape = is.Shape
			}
		case t.kind == 'r':
			refuse(fmt.Sprintf("the input %s is given as bytes, without its datatype", name), "it and the shape, such as "+example)
			continue
		default:
			datatype = guessedTypes[t.kind]
			t.guessed = datatype
		}
		if t.shape == nil {
			refuse(fmt.Sprintf("the shape of the input %s is not recorded", name), "it, such as "+example)
			continue
		}
		t.is = datatype + string(generators.Tensor{Shape: t.shape}.AppendShape(nil))
		p.inputs = append(p.inputs, t)
	}
	if faults != nil {
		return faults
	}
	return nil
}

// datatypes lists what the elements of tensors may be.
func datatypes() string {
	var names []string
	for d := generators.BOOL; d <= generators.BYTES; d++ {
		names = append(names, d.String())
	}
	return strings.Join(names, ", ")
}

const otherTensors = "steps whose inputs are not those of the others, in name, shape or kind"

// unfit returns why a request cannot be written like the others, "" where it can.
func (p *plan) unfit(r *Request) (why string) {
	if len(r.Inputs) != len(p.inputs) {
		return otherTensors
	}
	for i, t := range r.Inputs { // both in the order of their names
		if !p.inputs[i].takes(t) {
			return otherTensors
		}
	}
	return ""
}

func (t inputTensor) takes(x Tensor) bool {
	switch {
	case t.name != x.Name || t.kind != x.kind && !(t.kind == 'f' && x.kind == 'i'):
		return false
	case !t.said:
		return x.rank() == len(t.shape)
	case x.kind == 'r':
		return true
	}
	size := int64(1)
	for _, n := range t.shape {
		size *= n
	}
	return size == x.size || slices.Contains(t.shape, -1)
}
