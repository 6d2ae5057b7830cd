package v2

import (
	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
	"servebench/targets/protocol/tensors"
)

// appendAnswer appends the response to an infer request that has been decoded and whose
// rows have finite scores. head is how long its JSON is where binary data follows; else 0.
func appendAnswer(dst []byte, m *protocol.Served, b *protocol.Batch) (answer []byte, head int) {
	start := len(dst)
	dst = append(dst, `{"model_name":`...)
	dst = jsonbody.AppendString(dst, []byte(m.Name))
	dst = append(dst, `,"model_version":`...)
	dst = jsonbody.AppendString(dst, []byte(m.Version))
	if len(b.ID) > 0 {
		dst = append(dst, `,"id":`...)
		dst = jsonbody.AppendString(dst, b.ID)
	}
	dst = append(dst, `,"outputs":[`...)
	asked := b.State.(*askedOutputs)
	raw := asked.raw[:0]
	for i, kind := range asked.outputs {
		if i > 0 {
			dst = append(dst, ',')
		}
		if !asked.binary[i] {
			dst = appendOutput(dst, m, kind, b.Scores)
			continue
		}
		before := len(raw)
		raw = kind.AppendData(raw, m.Model, b.Scores)
		t := kind.Of(m.Model, b.Rows)
		t.Data = raw[before:]
		dst = appendBinaryHead(dst, t)
	}
	dst = append(dst, "]}"...)
	if asked.raw = raw; len(raw) == 0 {
		return dst, 0
	}
	return append(dst, raw...), len(dst) - start
}

// appendBinaryHead appends a tensor whose data follows the document.
func appendBinaryHead(dst []byte, t generators.Tensor) []byte {
	dst = jsonbody.AppendString(append(dst, `{"name":`...), []byte(t.Name))
	dst = t.AppendShape(append(dst, `,"shape":`...))
	dst = append(append(dst, `,"datatype":"`...), t.Datatype.String()...)
	dst = jsonbody.AppendInt(append(dst, `","parameters":{"binary_data_size":`...), len(t.Data))
	return append(dst, "}}"...)
}

func appendOutput(dst []byte, m *protocol.Served, kind tensors.Output, scores []float32) []byte {
	width := m.Scores()
	dst = append(dst, `{"name":"`...)
	dst = append(dst, kind.Name()...)
	dst = append(dst, `","datatype":"`...)
	dst = append(dst, kind.Datatype().String()...)
	dst = append(dst, `","shape":[`...)
	dst = jsonbody.AppendInt(dst, len(scores)/width)
	if kind == tensors.Probabilities {
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
		case tensors.Label:
			dst = jsonbody.AppendInt(dst, generators.MostLikely(row))
		case tensors.Probability:
			dst = jsonbody.AppendFloat(dst, row[1])
		case tensors.ClassName:
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
