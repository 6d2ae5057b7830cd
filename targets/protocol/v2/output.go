package v2

import (
	"strings"

	"servebench/targets/protocol"
)

// outputKind is one output tensor that a model offers. Every output has shape
// [rows].
type outputKind int

const (
	labelOutput       outputKind = iota // INT64: 1 where the probability is at least threshold, else 0
	probabilityOutput                   // FP32: of class 1
	classOutput                         // BYTES: the label's name in the schema
)

// threshold is the probability of class 1 from which on the label is 1.
const threshold = 0.5

// outputKinds are what a request gets that names no outputs, in this order.
var outputKinds = [...]outputKind{labelOutput, probabilityOutput, classOutput}

func (k outputKind) name() string     { return [...]string{"label", "probability", "class"}[k] }
func (k outputKind) datatype() string { return [...]string{"INT64", "FP32", "BYTES"}[k] }

func outputNamed(name []byte) (outputKind, bool) {
	for _, kind := range outputKinds {
		if string(name) == kind.name() {
			return kind, true
		}
	}
	return 0, false
}

func outputNames() string {
	var names []string
	for _, kind := range outputKinds {
		names = append(names, kind.name())
	}
	return strings.Join(names, ", ")
}

func labelOf[T float32 | float64](probability T) int {
	if probability >= threshold {
		return 1
	}
	return 0
}

func className(m *protocol.Model, label int) string {
	if label < len(m.Schema.Classes) {
		return m.Schema.Classes[label]
	}
	return [...]string{"0", "1"}[label]
}

// appendAnswer appends the response to an infer request whose rows have the
// probabilities. They must be finite.
func appendAnswer(dst []byte, m *protocol.Model, req *request, probabilities []float32) []byte {
	dst = append(dst, `{"model_name":`...)
	dst = appendString(dst, []byte(m.Name))
	dst = append(dst, `,"model_version":`...)
	dst = appendString(dst, []byte(m.Version))
	if len(req.id) > 0 {
		dst = append(dst, `,"id":`...)
		dst = appendString(dst, req.id)
	}
	dst = append(dst, `,"outputs":[`...)
	outputs := req.outputs
	if len(outputs) == 0 {
		outputs = outputKinds[:]
	}
	for i, kind := range outputs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendOutput(dst, m, kind, probabilities)
	}
	return append(dst, "]}"...)
}

func appendOutput(dst []byte, m *protocol.Model, kind outputKind, probabilities []float32) []byte {
	dst = append(dst, `{"name":"`...)
	dst = append(dst, kind.name()...)
	dst = append(dst, `","datatype":"`...)
	dst = append(dst, kind.datatype()...)
	dst = append(dst, `","shape":[`...)
	dst = appendInt(dst, len(probabilities))
	dst = append(dst, `],"data":[`...)
	for i, p := range probabilities {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch kind {
		case labelOutput:
			dst = appendInt(dst, labelOf(p))
		case probabilityOutput:
			dst = appendFloat(dst, p)
		case classOutput:
			dst = appendString(dst, []byte(className(m, labelOf(p))))
		}
	}
	return append(dst, "]}"...)
}
