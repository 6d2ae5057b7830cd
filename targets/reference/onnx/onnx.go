// Package onnx reads models in the ONNX format and runs them: tree ensembles, as
// sklearn-onnx and onnxmltools write them, and multilayer perceptrons. A model takes rows
// of numbers and answers probabilities of classes or one value a row, in float32, as
// onnxruntime does.
//
// The format is protobuf (onnx.proto of github.com/onnx/onnx). What the operators
// do is defined at https://onnx.ai/onnx/operators; where that leaves something open, the
// package does what onnxruntime does, or refuses the model.
package onnx

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// Model is a model ready to predict. It is immutable and safe for concurrent use.
type Model struct {
	features   []string
	classes    []string // none of a regression
	attributes map[string]string

	steps  []step
	widths []int // of every buffer, in numbers a row; buffer 0 is the input
	answer int   // the buffer with the answer
	binary bool  // it holds the probability of class 1 alone
	spaces sync.Pool
}

// step computes one operator for all rows of a batch.
type step func(s *space)

// space is what one prediction works in: buffers of rows*width numbers.
type space struct {
	rows    int
	buffers [][]float32
}

// block is the most rows that are computed together. More bring nothing, and would
// take memory.
const block = 64

// Recognize reports whether the data begins like an ONNX file: with the version of the
// format, the first field of the message.
func Recognize(data []byte) bool { return len(data) > 0 && data[0] == 1<<3 }

// Read reads a model. Any input gives an error or a model that can predict. Features
// have the names that the metadata key feature_names lists as JSON, or else f0, f1 and so
// on; classes those of the operator that knows them, or else 0, 1 and so on.
func Read(r io.Reader) (*Model, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read ONNX model: %w", err)
	}
	f, err := decodeFile(data)
	if err != nil {
		return nil, fmt.Errorf("read ONNX model: %w", err)
	}
	m, err := compile(f)
	if err != nil {
		return nil, fmt.Errorf("read ONNX model: %w", err)
	}
	return m, nil
}

// Features returns the names of the features, in the order of a row.
func (m *Model) Features() []string { return m.features }

// Classes returns the names of the classes; none of a regression.
func (m *Model) Classes() []string { return m.classes }

// Attributes returns the metadata of the file, which may say where it is from.
func (m *Model) Attributes() map[string]string { return m.attributes }

// Scores fills scores with the answers to rows of features, row after row: the
// probability of each class, or the value of a regression. The length of scores says how
// many rows there are; fewer features panic. It keeps nothing of the slices.
func (m *Model) Scores(features, scores []float32) {
	width, answers := len(m.features), max(len(m.classes), 1)
	for len(scores) > 0 {
		rows := min(len(scores)/answers, block)
		m.predict(features[:rows*width:rows*width], scores[:rows*answers], rows)
		features, scores = features[rows*width:], scores[rows*answers:]
	}
}

func (m *Model) predict(features, scores []float32, rows int) {
	s, ok := m.spaces.Get().(*space)
	if !ok {
		s = &space{buffers: make([][]float32, len(m.widths))}
	}
	s.rows = rows
	s.buffers[0] = features
	for i, width := range m.widths[1:] {
		if n := rows * width; cap(s.buffers[i+1]) < n {
			s.buffers[i+1] = make([]float32, n)
		} else {
			s.buffers[i+1] = s.buffers[i+1][:n]
		}
	}
	for _, compute := range m.steps {
		compute(s)
	}
	if !m.binary {
		copy(scores, s.buffers[m.answer])
	} else {
		for i, p := range s.buffers[m.answer] {
			scores[2*i], scores[2*i+1] = 1-p, p
		}
	}
	s.buffers[0] = nil
	m.spaces.Put(s)
}

// featureNames returns the names that the metadata has for n features, or f0 and so on.
func featureNames(metadata map[string]string, n int) ([]string, error) {
	text, named := metadata[featureNamesKey]
	if !named {
		return numbered("f", n), nil
	}
	var names []string
	if err := json.Unmarshal([]byte(text), &names); err != nil || len(names) != n {
		return nil, fmt.Errorf("metadata %s is %.60q, want a JSON list of %d names", featureNamesKey, text, n)
	}
	return names, nil
}

// featureNamesKey is the metadata that names features. ONNX has no place for them.
const featureNamesKey = "feature_names"

// numbered returns n names that end in a number, from 0.
func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = prefix + strconv.Itoa(i)
	}
	return names
}
