package onnx

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Classifier is boosted trees for the classes 0 and 1, to be written. The leaves that a row
// falls into, and Base, add to the log-odds of class 1.
type Classifier struct {
	Features []string
	Base     float32
	Trees    [][]Node          // the first node of each is its root
	Metadata map[string]string // beside the names of the features
}

// Node is a split or a leaf.
type Node struct {
	Leaf        bool
	Value       float32 // a split sends x < Value to the left; a leaf adds it
	Feature     int
	Left, Right int  // indices in the tree
	MissingLeft bool // NaN goes to the left
}

// The versions of what is written: onnxruntime reads them since 1.8, of May 2021.
const (
	writtenFormat  = 7
	writtenOpset   = 13
	writtenMLOpset = 2 // of ai.onnx.ml
)

// Write writes the model as a graph of one TreeEnsembleClassifier. Equal models give equal
// bytes.
func (c Classifier) Write(w io.Writer) error {
	return writeModel(w, c.graph(), c.Features, c.Metadata)
}

// writeModel writes a graph with the names of its features and other metadata.
func writeModel(w io.Writer, graph message, features []string, other map[string]string) error {
	names, err := json.Marshal(features)
	if err != nil {
		return fmt.Errorf("write ONNX model: %w", err)
	}
	metadata := maps.Clone(other)
	if metadata == nil {
		metadata = map[string]string{}
	}
	metadata[featureNamesKey] = string(names)
	var m message
	m.int(1, writtenFormat) // ir_version
	m.text(2, "servebench") // producer_name
	m.message(7, graph)
	m.message(8, entry(mlDomain, func(o *message) { o.int(2, writtenMLOpset) }))
	m.message(8, entry("", func(o *message) { o.int(2, writtenOpset) }))
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		m.message(14, entry(key, func(o *message) { o.text(2, metadata[key]) }))
	}
	if _, err := w.Write(m); err != nil {
		return fmt.Errorf("write ONNX model: %w", err)
	}
	return nil
}

func (c Classifier) graph() message {
	const input, label, probabilities = "features", "label", "probabilities"
	var node, graph message
	node.text(1, input)
	node.text(2, label)
	node.text(2, probabilities)
	node.text(3, "trees") // name
	node.text(4, "TreeEnsembleClassifier")
	for _, a := range c.attributes() {
		node.message(5, a)
	}
	node.text(7, mlDomain)
	graph.message(1, node)
	graph.text(2, "trees")
	graph.message(11, tensorInfo(input, typeFloat, 0, int64(len(c.Features))))
	graph.message(12, tensorInfo(label, typeInt64, 0))
	graph.message(12, tensorInfo(probabilities, typeFloat, 0, 2))
	return graph
}

// attributes lists the nodes and the weights of the leaves.
func (c Classifier) attributes() []message {
	var trees, ids, features, yes, no, missing, leafTrees, leafIDs []int64
	var modes []string
	var values, weights []float32
	for t, nodes := range c.Trees {
		for i, n := range nodes {
			trees, ids, features = append(trees, int64(t)), append(ids, int64(i)), append(features, int64(n.Feature))
			yes, no, missing = append(yes, int64(n.Left)), append(no, int64(n.Right)), append(missing, 0)
			if n.Leaf {
				modes, values = append(modes, "LEAF"), append(values, 0)
				leafTrees, leafIDs, weights = append(leafTrees, int64(t)), append(leafIDs, int64(i)), append(weights, n.Value)
				continue
			}
			modes, values = append(modes, "BRANCH_LT"), append(values, n.Value)
			if n.MissingLeft {
				missing[len(missing)-1] = 1
			}
		}
	}
	return []message{
		floatsAttribute("base_values", []float32{c.Base}),
		intsAttribute("class_ids", make([]int64, len(weights))), intsAttribute("class_nodeids", leafIDs),
		intsAttribute("class_treeids", leafTrees), floatsAttribute("class_weights", weights),
		intsAttribute("classlabels_int64s", []int64{0, 1}),
		intsAttribute("nodes_falsenodeids", no), intsAttribute("nodes_featureids", features),
		intsAttribute("nodes_missing_value_tracks_true", missing), textsAttribute("nodes_modes", modes),
		intsAttribute("nodes_nodeids", ids), intsAttribute("nodes_treeids", trees),
		intsAttribute("nodes_truenodeids", yes), floatsAttribute("nodes_values", values),
		entry("post_transform", func(a *message) { a.text(4, "LOGISTIC"); a.int(20, attributeString) }),
	}
}

func intsAttribute(name string, values []int64) message {
	var packed message
	for _, v := range values {
		packed = protowire.AppendVarint(packed, uint64(v))
	}
	return entry(name, func(a *message) { a.message(8, packed); a.int(20, attributeInts) })
}

func floatsAttribute(name string, values []float32) message {
	var packed message
	for _, v := range values {
		packed = protowire.AppendFixed32(packed, math.Float32bits(v))
	}
	return entry(name, func(a *message) { a.message(7, packed); a.int(20, attributeFloats) })
}

func textsAttribute(name string, values []string) message {
	return entry(name, func(a *message) {
		for _, v := range values {
			a.text(9, v)
		}
		a.int(20, attributeStrings)
	})
}

// tensorInfo is a ValueInfoProto; a dimension of 0 is any number.
func tensorInfo(name string, element int64, shape ...int64) message {
	var dims, tensor, kind message
	for _, size := range shape {
		var dim message
		if size > 0 {
			dim.int(1, size)
		}
		dims.message(1, dim)
	}
	tensor.int(1, element)
	tensor.message(2, dims)
	kind.message(1, tensor)
	return entry(name, func(m *message) { m.message(2, kind) })
}

// message is the bytes of a protobuf message.
type message []byte

// entry is a message whose field 1 is a name.
func entry(name string, rest func(*message)) (m message) {
	m.text(1, name)
	rest(&m)
	return m
}

func (m *message) int(number protowire.Number, value int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, number, protowire.VarintType), uint64(value))
}

func (m *message) text(number protowire.Number, value string) { m.message(number, message(value)) }

func (m *message) message(number protowire.Number, value message) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, number, protowire.BytesType), value)
}
