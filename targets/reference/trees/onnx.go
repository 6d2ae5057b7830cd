package trees

import (
	"errors"
	"io"
	"maps"

	"servebench/targets/reference/onnx"
)

// WriteONNX writes a model of two classes in the ONNX format, with the trees that predict.
// Equal models give equal bytes.
func (m *Model) WriteONNX(w io.Writer) error {
	if m.bases != nil || m.categories != nil {
		return errors.New("write ONNX model: only models of " + logistic + " without splits by category are written")
	}
	c := onnx.Classifier{Features: m.features, Base: m.base, Metadata: maps.Clone(m.attributes)}
	delete(c.Metadata, bestIteration) // the trees after it are not written
	for i := range m.predicting {
		var nodes []onnx.Node
		for _, n := range m.treeAt(i).nodes {
			if n.left == 0 {
				nodes = append(nodes, onnx.Node{Leaf: true, Value: n.value})
				continue
			}
			nodes = append(nodes, onnx.Node{
				Value: n.value, Feature: int(n.feature & featureMask),
				Left: int(n.left), Right: int(n.left + 1), MissingLeft: n.feature&missingLeft != 0,
			})
		}
		c.Trees = append(c.Trees, nodes)
	}
	return c.Write(w)
}
