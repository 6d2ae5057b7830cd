package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The versions of the operators that are known here.
const (
	oldestOpset, newestOpset     = 7, 28 // of ai.onnx; before 7, Add and Mul broadcast in other ways
	oldestMLOpset, newestMLOpset = 1, 5  // of ai.onnx.ml
	mlDomain                     = "ai.onnx.ml"
)

const (
	maxFeatures = 1 << 16 // sizes a row
	maxWidth    = 1 << 20 // all buffers together, in numbers a row
	maxClasses  = 1 << 12 // sizes an answer
)

// meaning is what is known of the numbers that an operator makes.
type meaning int

const (
	anything    meaning = iota
	chances             // each is a probability, as Sigmoid makes them
	likelihoods         // the probabilities of classes, as Softmax makes them
)

// operand is what a name of the graph stands for.
type operand struct {
	constant *tensor // nil: a buffer
	buffer   int
	width    int  // numbers a row
	flat     bool // of shape [rows], not [rows, 1]
	meaning  meaning
	classes  []string // where they are known
	zipped   bool     // a list of maps, by ZipMap: nothing but an answer
}

// compiler turns a graph into the steps of a model.
type compiler struct {
	model    *Model
	file     *file
	operands map[string]operand
	sumWidth int
	oneRow   bool // the graph was written for batches of one row
}

func compile(f *file) (*Model, error) {
	if err := f.checkOpsets(); err != nil {
		return nil, err
	}
	c := &compiler{model: &Model{attributes: f.metadata}, file: f, operands: map[string]operand{}}
	for name, t := range f.graph.constants {
		c.operands[name] = operand{constant: t}
	}
	answer, labelled, err := f.graph.answer()
	if err != nil {
		return nil, err
	}
	if err := c.setInput(); err != nil {
		return nil, err
	}
	needed := f.graph.needed(answer)
	if err := supported(needed); err != nil {
		return nil, err
	}
	for _, n := range needed {
		if err := c.add(n); err != nil {
			return nil, fmt.Errorf("%v: %w", n, err)
		}
	}
	return c.model, c.setAnswer(answer, labelled)
}

func (f *file) checkOpsets() error {
	for domain, version := range f.opsets {
		switch {
		case domain == "" && (version < oldestOpset || version > newestOpset):
			return fmt.Errorf("its operators are of opset %d, want %d to %d: convert with target_opset=%d", version, oldestOpset, newestOpset, newestOpset)
		case domain == mlDomain && (version < oldestMLOpset || version > newestMLOpset):
			return fmt.Errorf("its operators are of opset %d of %s, want %d to %d", version, mlDomain, oldestMLOpset, newestMLOpset)
		}
	}
	return nil
}

// answer returns the output that holds probabilities or values, and whether another one
// holds labels.
func (g *graph) answer() (name string, labelled bool, err error) {
	var scores, others []string
	for _, o := range g.outputs {
		switch o.element {
		case typeFloat, 0: // 0: a list of maps, by ZipMap
			scores = append(scores, o.name)
		case typeInt64, typeInt32, typeString:
			labelled = true
			fallthrough
		default:
			others = append(others, fmt.Sprintf("%s of %s", o.name, typeName(o.element)))
		}
	}
	if len(scores) != 1 {
		return "", false, fmt.Errorf("its outputs of FLOAT are [%s], the others [%s]; want one of FLOAT, with the probabilities or the value",
			strings.Join(scores, ", "), strings.Join(others, ", "))
	}
	return scores[0], labelled, nil
}

// setInput makes buffer 0 of the graph's only input that is not a constant.
func (c *compiler) setInput() (err error) {
	var names []string
	var input valueInfo
	for _, v := range c.file.graph.inputs {
		if c.file.graph.constants[v.name] == nil {
			names, input = append(names, v.name), v
		}
	}
	if len(names) != 1 {
		return fmt.Errorf("it has %d inputs [%s], want one, of shape [rows, features]", len(names), strings.Join(names, ", "))
	}
	if input.element != typeFloat {
		return fmt.Errorf("input %q is of %s, want FLOAT", input.name, typeName(input.element))
	}
	s := input.shape
	if len(s) != 2 || s[0] < 0 || s[0] > 1 || s[1] < 1 || s[1] > maxFeatures {
		return fmt.Errorf("input %q has shape %v (0 is any number), want [0 n], any number of rows of n features, from 1 to %d", input.name, s, maxFeatures)
	}
	c.oneRow = s[0] == 1
	c.model.features, err = featureNames(c.file.metadata, int(s[1]))
	c.operands[input.name] = operand{width: int(s[1])}
	c.model.widths = []int{int(s[1])}
	return err
}

// needed returns the nodes that the answer depends on, in their order. That is an order to
// compute them in, by the definition of ONNX: what it is not, add refuses.
func (g *graph) needed(answer string) []*node {
	names := map[string]bool{answer: true}
	var needed []*node
	for i := range slices.Backward(g.nodes) {
		n := &g.nodes[i]
		if slices.ContainsFunc(n.outputs, func(name string) bool { return name != "" && names[name] }) {
			needed = append(needed, n)
			for _, name := range n.inputs {
				names[name] = true
			}
		}
	}
	slices.Reverse(needed)
	return needed
}

// supported names every operator that is not.
func supported(nodes []*node) error {
	known := operators()
	var faults []string
	for _, n := range nodes {
		if known[n.key()] == nil {
			faults = append(faults, fmt.Sprintf("%s of domain %q in %v", n.operator, n.domain, n))
		}
	}
	const most = 10
	if more := len(faults) - most; more > 0 {
		faults = append(faults[:most], fmt.Sprintf("%d more", more))
	}
	if len(faults) == 0 {
		return nil
	}
	return fmt.Errorf("operators that are not supported: %s; supported are %s", strings.Join(faults, "; "), strings.Join(Operators(), ", "))
}

// key is the name of the node's operator in operators.
func (n *node) key() string {
	if n.domain == "" {
		return n.operator
	}
	return n.domain + "." + n.operator
}

// add compiles a node.
func (c *compiler) add(n *node) error {
	a := newArguments(c, n)
	result := operators()[n.key()](a)
	if err := a.err(); err != nil {
		return err
	}
	return c.define(n.outputs[a.output], result)
}

func (c *compiler) define(name string, o operand) error {
	if _, known := c.operands[name]; known {
		return fmt.Errorf("its output %q is there already", name)
	}
	c.operands[name] = o
	return nil
}

// buffer returns a new buffer of rows of that width.
func (c *compiler) buffer(width int) (operand, error) {
	if c.sumWidth += width; width < 1 || c.sumWidth > maxWidth {
		return operand{}, fmt.Errorf("it makes %d numbers a row, want 1 or more, and at most %d in all nodes together", width, maxWidth)
	}
	c.model.widths = append(c.model.widths, width)
	return operand{buffer: len(c.model.widths) - 1, width: width}, nil
}

// setAnswer says what the numbers of the output are.
func (c *compiler) setAnswer(name string, labelled bool) error {
	o, known := c.operands[name]
	m := c.model
	classes := labelled || o.zipped || o.meaning == likelihoods
	switch {
	case !known || o.constant != nil:
		return fmt.Errorf("output %q is made by no node", name)
	case o.width > maxClasses:
		return fmt.Errorf("output %q has %d numbers a row, want at most %d", name, o.width, maxClasses)
	case o.width == 1 && o.meaning == chances:
		m.binary, m.classes = true, []string{"0", "1"}
	case o.width == 1 && classes:
		return fmt.Errorf("output %q has one number a row beside labels, and it is not known to be a probability: want it by Sigmoid, or one for every class", name)
	case o.width > 1 && !classes:
		return fmt.Errorf("output %q has %d numbers a row that are not known to be the probabilities of classes: want them by Softmax, or one number a row", name, o.width)
	case o.width > 1:
		m.classes = o.classes
		if len(m.classes) == 0 {
			m.classes = numbered("", o.width)
		}
		if len(m.classes) != o.width {
			return errors.New("output " + name + " has as many numbers a row as there are no classes")
		}
	}
	m.answer = o.buffer
	return nil
}
