// Package models lists the models that the reference server can serve. They are
// part of the binary; package training beneath this one makes them.
package models

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/reports/record/userfile"
	"servebench/targets/protocol"
	"servebench/targets/reference/onnx"
	"servebench/targets/reference/trees"
)

// Model is a model ready to predict. It is immutable and safe for concurrent
// use.
type Model struct {
	Name      string
	Doc       string // one sentence
	Version   string
	Generator string // the generator of the examples it was trained on; "" if unknown
	Schema    generators.Schema
	// Unnamed says that the file has no names for its features.
	Unnamed bool
	SHA256  string // of the file, in hexadecimal
	Bytes   int64  // its length

	predict  func(features, scores []float32)
	ensemble *trees.Model // nil: of another format than XGBoost's, whose predict takes many rows
}

// Predict fills scores with the probability of each class, or with the value of a
// regression. features has one value per
// feature of the schema, NaN for a missing one; fewer panic. It does not allocate and
// keeps nothing of the slices.
func (m *Model) Predict(features, scores []float32) { m.predict(features, scores) }

// Served returns the model as the server side of a protocol takes it.
func (m *Model) Served() protocol.Model {
	served := protocol.Model{Name: m.Name, Doc: m.Doc, Version: m.Version, Schema: m.Schema, Predict: m.predict}
	if m.ensemble == nil {
		served.PredictBatch = m.predict
	}
	return served
}

// Iterations returns how many boosting iterations Predict uses, from the first,
// and how many the model has; 0 of a model that XGBoost's format does not hold.
func (m *Model) Iterations() (used, all int) {
	if m.ensemble == nil {
		return 0, 0
	}
	return m.ensemble.UsedIterations(), m.ensemble.Iterations()
}

// AllIterations returns the model that predicts with all iterations, those after
// the best one of an early stop included.
func (m *Model) AllIterations() *Model {
	c := *m
	if m.ensemble != nil {
		c.ensemble = m.ensemble.AllIterations()
		c.predict = c.ensemble.Score
	}
	return &c
}

// creditFile is the model credit in XGBoost's JSON format. The test of this
// package trains it anew and compares the bytes; `go test -update` rewrites it.
//
//go:embed credit.json
var creditFile []byte

// builtIn reads the embedded models once: many callers ask for the list.
var builtIn = sync.OnceValue(func() []*Model {
	m, err := Read("credit", bytes.NewReader(creditFile))
	if err != nil {
		panic("the embedded model credit is broken: " + err.Error())
	}
	m.Doc = "Decides loan applications with gradient-boosted trees (binary:logistic)."
	return []*Model{m}
})

// All returns the models in the order of the help text.
func All() []*Model { return append([]*Model(nil), builtIn()...) }

// Named returns the model of that name. Its error lists the names there are.
func Named(name string) (*Model, error) {
	var names []string
	for _, m := range builtIn() {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return nil, fmt.Errorf("unknown model %q, want one of %s", name, strings.Join(names, ", "))
}

// maxFile bounds the file of a model, in bytes. It takes some times as much memory.
const maxFile = 1 << 30

// Open reads the model file at a path; see Read.
func Open(name, path string) (*Model, error) {
	file, err := userfile.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	m, err := Read(name, bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Read reads a model file in ONNX, or of XGBoost in JSON or UBJSON, as `refserver train` and
// Python's packages write them. A file that names a generator whose features it
// has gets that generator's schema; another one gets the feature names of the
// file and its classes by name or number; a regression has none. A model that was stopped
// early predicts with the iterations up to its best one, as XGBClassifier does; see
// AllIterations.
func Read(name string, r io.Reader) (*Model, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	read := readXGBoost
	if onnx.Recognize(data) {
		read = readONNX
	}
	m, attributes, err := read(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	m.Name, m.Version, m.Unnamed = name, "1", unnamed(m.Schema)
	m.SHA256, m.Bytes = fmt.Sprintf("%x", sha256.Sum256(data)), int64(len(data))
	kind := credit.Kind()
	if attributes["generator"] != kind.Name {
		return m, nil
	}
	g, err := kind.Open(generators.Config{})
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	if sameFeatures(g.Schema(), m.Schema) {
		m.Generator, m.Schema = kind.Name, g.Schema()
	}
	return m, nil
}

func readXGBoost(r io.Reader) (*Model, map[string]string, error) {
	ensemble, err := trees.Read(r)
	if err != nil {
		return nil, nil, err
	}
	var classes []string
	for i := range ensemble.Classes() {
		classes = append(classes, strconv.Itoa(i))
	}
	m := &Model{
		Doc:     "Predicts with a model of XGBoost.",
		Schema:  schemaOf(ensemble.Features(), classes),
		predict: ensemble.Score, ensemble: ensemble,
	}
	return m, ensemble.Attributes(), nil
}

func readONNX(r io.Reader) (*Model, map[string]string, error) {
	graph, err := onnx.Read(r)
	if err != nil {
		return nil, nil, err
	}
	m := &Model{
		Doc:     "Predicts with a model in the ONNX format.",
		Schema:  schemaOf(graph.Features(), graph.Classes()),
		predict: graph.Scores,
	}
	return m, graph.Attributes(), nil
}

func schemaOf(features, classes []string) generators.Schema {
	schema := generators.Schema{Classes: classes}
	for _, name := range features {
		schema.Features = append(schema.Features, generators.Feature{Name: name})
	}
	return schema
}

// unnamed reports whether features have the names of those that have none.
func unnamed(schema generators.Schema) bool {
	for i, f := range schema.Features {
		if f.Name != fmt.Sprintf("f%d", i) {
			return false
		}
	}
	return true
}

func sameFeatures(a, b generators.Schema) bool {
	return slices.EqualFunc(a.Features, b.Features, func(x, y generators.Feature) bool { return x.Name == y.Name })
}
