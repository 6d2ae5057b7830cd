package onnx

import (
	"encoding/binary"
	"io"
	"math"
)

// Perceptron is a multilayer perceptron for the classes 0 and 1, to be written. Its last layer
// has one output, the log-odds of class 1; Relu is between the layers.
type Perceptron struct {
	Features      []string
	Offset, Scale []float32 // of every feature x, the first layer takes (x − Offset)·Scale
	Layers        []Layer
	Metadata      map[string]string // beside the names of the features
}

// Layer is a fully connected layer.
type Layer struct {
	Weights []float32 // input by input, of each as many as there are outputs
	Bias    []float32 // one an output
}

// Write writes the model as a graph of Scaler, Gemm, Relu and Sigmoid. Equal models give equal
// bytes.
func (p Perceptron) Write(w io.Writer) error {
	return writeModel(w, p.graph(), p.Features, p.Metadata)
}

func (p Perceptron) graph() (graph message) {
	const input, output = "features", "probability"
	var constants []message
	value := input
	step := func(operator, result string, inputs []string, rest func(*message)) {
		var node message
		for _, name := range append([]string{value}, inputs...) {
			node.text(1, name)
		}
		node.text(2, result)
		node.text(3, result)
		node.text(4, operator)
		rest(&node)
		graph.message(1, node)
		value = result
	}
	constant := func(name string, values []float32, shape ...int64) string {
		constants = append(constants, constantTensor(name, values, shape))
		return name
	}
	nothing := func(*message) {}
	step("Scaler", "scaled", nil, func(node *message) {
		node.message(5, floatsAttribute("offset", p.Offset))
		node.message(5, floatsAttribute("scale", p.Scale))
		node.text(7, mlDomain)
	})
	for i, l := range p.Layers {
		of := numbered("layer", i+1)[i]
		outputs := int64(len(l.Bias))
		step("Gemm", of, []string{
			constant(of+".weight", l.Weights, int64(len(l.Weights))/outputs, outputs),
			constant(of+".bias", l.Bias, outputs),
		}, nothing)
		if i < len(p.Layers)-1 {
			step("Relu", of+".relu", nil, nothing)
		}
	}
	step("Sigmoid", output, nil, nothing)
	graph.text(2, "perceptron")
	for _, c := range constants {
		graph.message(5, c)
	}
	graph.message(11, tensorInfo(input, typeFloat, 0, int64(len(p.Features))))
	graph.message(12, tensorInfo(output, typeFloat, 0, 1))
	return graph
}

// constantTensor is a TensorProto of floats.
func constantTensor(name string, values []float32, shape []int64) (m message) {
	for _, size := range shape {
		m.int(1, size)
	}
	m.int(2, typeFloat)
	m.text(8, name)
	var raw message
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	m.message(9, raw)
	return m
}
