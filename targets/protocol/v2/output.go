package v2

import (
	"strings"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
)

// outputKind is one output tensor that a model offers.
type outputKind int

const (
	labelOutput         outputKind = iota // INT64 [rows]: the most likely class
	probabilityOutput                     // FP32 [rows]: of class 1 of two
	probabilitiesOutput                   // FP32 [rows, classes]
	classOutput                           // BYTES [rows]: the label's name in the schema
	valueOutput                           // FP32 [rows]: what a regression answers
)

func (k outputKind) name() string {
	return [...]string{"label", "probability", "probabilities", "class", "value"}[k]
}

func (k outputKind) datatype() string {
	return [...]string{"INT64", "FP32", "FP32", "BYTES", "FP32"}[k]
}

// outputsOf are what a model offers, and what a request gets that names no outputs, in this
// order.
func outputsOf(classes int) []outputKind {
	switch classes {
	case 0:
		return []outputKind{valueOutput}
	case 2:
		return []outputKind{labelOutput, probabilityOutput, classOutput}
	}
	return []outputKind{labelOutput, probabilitiesOutput, classOutput}
}

func outputNamed(kinds []outputKind, name []byte) (outputKind, bool) {
	for _, kind := range kinds {
		if string(name) == kind.name() {
			return kind, true
		}
	}
	return 0, false
}

func outputNames(kinds []outputKind) string {
	var names []string
	for _, kind := range kinds {
		names = append(names, kind.name())
	}
	return strings.Join(names, ", ")
}

// appendAnswer appends the response to an infer request that has been decoded and whose
// rows have finite scores.
func appendAnswer(dst []byte, m *model, b *protocol.Batch) []byte {
	dst = append(dst, `{"model_name":`...)
	dst = jsonbody.AppendString(dst, []byte(m.Name))
	dst = append(dst, `,"model_version":`...)
	dst = jsonbody.AppendString(dst, []byte(m.Version))
	if len(b.ID) > 0 {
		dst = append(dst, `,"id":`...)
		dst = jsonbody.AppendString(dst, b.ID)
	}
	dst = append(dst, `,"outputs":[`...)
	for i, kind := range *b.State.(*[]outputKind) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendOutput(dst, m, kind, b.Scores)
	}
	return append(dst, "]}"...)
}

func appendOutput(dst []byte, m *model, kind outputKind, scores []float32) []byte {
	width := m.Scores()
	dst = append(dst, `{"name":"`...)
	dst = append(dst, kind.name()...)
	dst = append(dst, `","datatype":"`...)
	dst = append(dst, kind.datatype()...)
	dst = append(dst, `","shape":[`...)
	dst = jsonbody.AppendInt(dst, len(scores)/width)
	if kind == probabilitiesOutput {
		dst = append(dst, ',')
		dst = jsonbody.AppendInt(dst, width)
	}
	dst = append(dst, `],"data":[`...)
	for i := 0; i < len(scores); i += width {
		if i > 0 {
			dst = append(dst, ',')
		}
		row := scores[i : i+width]
		switch kind {
		case labelOutput:
			dst = jsonbody.AppendInt(dst, generators.MostLikely(row))
		case probabilityOutput:
			dst = jsonbody.AppendFloat(dst, row[1])
		case classOutput:
			dst = jsonbody.AppendString(dst, []byte(m.Schema.Classes[generators.MostLikely(row)]))
		default:
			dst = appendFloats(dst, row)
		}
	}
	return append(dst, "]}"...)
}

func appendFloats(dst []byte, values []float32) []byte {
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonbody.AppendFloat(dst, v)
	}
	return dst
}
