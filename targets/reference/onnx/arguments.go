package onnx

import (
	"errors"
	"fmt"
	"slices"
)

// arguments are the inputs and attributes of a node that is being compiled. What is wrong
// with them is collected; err returns it.
type arguments struct {
	compiler *compiler
	node     *node
	read     map[string]bool // attributes that were asked for
	output   int             // which output the operator makes; the first by default
	faults   []error
}

func newArguments(c *compiler, n *node) *arguments {
	return &arguments{compiler: c, node: n, read: map[string]bool{}}
}

func (a *arguments) refuse(format string, args ...any) {
	a.faults = append(a.faults, fmt.Errorf(format, args...))
}

// err returns every fault: an attribute that nobody asked for is one, for it would change
// what the operator does.
func (a *arguments) err() error {
	for _, t := range a.node.attributes {
		if !a.read[t.name] {
			a.refuse("attribute %q is not supported", t.name)
		}
	}
	if len(a.node.outputs) <= a.output {
		a.refuse("it has %d outputs, want %d", len(a.node.outputs), a.output+1)
	}
	return errors.Join(a.faults...)
}

// input returns the operand of input i.
func (a *arguments) input(i int) operand {
	if i >= len(a.node.inputs) || a.node.inputs[i] == "" {
		a.refuse("it has %d inputs, want %d", len(a.node.inputs), i+1)
		return operand{constant: &tensor{}}
	}
	name := a.node.inputs[i]
	o, known := a.compiler.operands[name]
	switch {
	case !known:
		a.refuse("it reads %q, which is no input, no initializer and made by no node before it", name)
		return operand{constant: &tensor{}}
	case o.zipped:
		a.refuse("it reads %q, a list of maps", name)
	}
	return o
}

// rows returns input i, which must not be a constant.
func (a *arguments) rows(i int) operand {
	o := a.input(i)
	if o.constant != nil && len(a.faults) == 0 {
		a.refuse("input %q is a constant, want rows", a.node.inputs[i])
	}
	return o
}

// constant returns input i, which must be a constant of that element type.
func (a *arguments) constant(i int, element int64) *tensor {
	o := a.input(i)
	if len(a.faults) > 0 {
		return &tensor{}
	}
	if o.constant == nil {
		a.refuse("input %q is computed, want a constant", a.node.inputs[i])
		return &tensor{}
	}
	return a.checked(a.node.inputs[i], o.constant, element)
}

// checked refuses a constant of another type, and one that is not finite.
func (a *arguments) checked(name string, t *tensor, element int64) *tensor {
	if t.element != element {
		a.refuse("constant %q is of %s, want %s", name, typeName(t.element), typeName(element))
		return &tensor{}
	}
	if i := slices.IndexFunc(t.floats, notFinite); i >= 0 {
		a.refuse("value %d of constant %q is %v, want a finite number", i, name, t.floats[i])
	}
	return t
}

func notFinite(v float32) bool { return v-v != 0 }

// inputs refuses a node with more inputs than that.
func (a *arguments) inputs(most int) {
	if n := len(a.node.inputs); n > most {
		a.refuse("it has %d inputs, want at most %d", n, most)
	}
}

// attribute returns the attribute of that name and one of these types; nil: there is none.
func (a *arguments) attribute(name string, kind int64) *attribute {
	a.read[name] = true
	i := slices.IndexFunc(a.node.attributes, func(t attribute) bool { return t.name == name })
	if i < 0 {
		return nil
	}
	t := &a.node.attributes[i]
	if t.kind != kind {
		a.refuse("attribute %q is of type %d, want %d", name, t.kind, kind)
		return nil
	}
	return t
}

func (a *arguments) int(name string, otherwise int64) int64 {
	if t := a.attribute(name, attributeInt); t != nil {
		return t.int
	}
	return otherwise
}

func (a *arguments) float(name string, otherwise float32) float32 {
	if t := a.attribute(name, attributeFloat); t != nil {
		if notFinite(t.float) {
			a.refuse("attribute %q is %v, want a finite number", name, t.float)
		}
		return t.float
	}
	return otherwise
}

func (a *arguments) text(name, otherwise string) string {
	if t := a.attribute(name, attributeString); t != nil {
		return t.text
	}
	return otherwise
}

func (a *arguments) ints(name string) []int64 {
	if t := a.attribute(name, attributeInts); t != nil {
		return t.ints
	}
	return nil
}

func (a *arguments) floats(name string) []float32 {
	t := a.attribute(name, attributeFloats)
	if t == nil {
		return nil
	}
	if i := slices.IndexFunc(t.floats, notFinite); i >= 0 {
		a.refuse("value %d of attribute %q is %v, want a finite number", i, name, t.floats[i])
	}
	return t.floats
}

func (a *arguments) strings(name string) []string {
	if t := a.attribute(name, attributeStrings); t != nil {
		return t.strings
	}
	return nil
}

// want refuses an attribute with another value than that.
func (a *arguments) want(name string, have, want any) {
	if have != want {
		a.refuse("attribute %q is %v, want %v", name, have, want)
	}
}

// result returns a new buffer and, where nothing is wrong so far, makes the step part of
// the model. The step is told the operand.
func (a *arguments) result(width int, build func(out operand) step) operand {
	if len(a.faults) > 0 {
		return operand{}
	}
	out, err := a.compiler.buffer(width)
	if err != nil {
		a.faults = append(a.faults, err)
		return out
	}
	a.compiler.model.steps = append(a.compiler.model.steps, build(out))
	return out
}
