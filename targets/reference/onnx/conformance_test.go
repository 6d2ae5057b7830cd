package onnx_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets/reference/onnx"
	"servebench/targets/targettest/python"
)

// onnxruntime answers to the committed models what it answered when they were made, and
// what this package does.
func TestONNXRuntimePredictsTheSame(t *testing.T) {
	dir := t.TempDir()
	for _, path := range committed(t) {
		for _, extension := range []string{".onnx", ".rows.csv"} {
			copyFile(t, dir, strings.TrimSuffix(path, ".onnx")+extension)
		}
	}
	python.Run(t, "testdata/conformance.py", "predict", dir)
	for _, path := range models(t, dir, 17) {
		agree(t, path)
	}
}

// Models of random graphs: trees with every mode of split, and missing values; perceptrons
// with every operator.
func TestRandomModels(t *testing.T) {
	dir := t.TempDir()
	python.Run(t, "testdata/conformance.py", "random", dir)
	for _, path := range models(t, dir, 120) {
		agree(t, path)
	}
}

// onnxruntime reads what Write wrote, and predicts what the trees do, and a perceptron here.
func TestONNXRuntimeReadsWhatIsWritten(t *testing.T) {
	dir := t.TempDir()
	m := credit(t)
	var model, rows bytes.Buffer
	if err := m.WriteONNX(&model); err != nil {
		t.Fatal(err)
	}
	examples := creditRows(200)
	for _, row := range examples {
		rows.WriteString(strings.Trim(strings.Join(strings.Fields(fmt.Sprint(row)), ","), "[]") + "\n")
	}
	write(t, filepath.Join(dir, "credit.onnx"), model.Bytes())
	write(t, filepath.Join(dir, "credit.rows.csv"), rows.Bytes())
	perceptron := onnx.Perceptron{Features: []string{"a", "b", "c"}, Offset: []float32{1, -2, 3e5}, Scale: []float32{0.5, 10, 1e-5}}
	rng := rand.New(rand.NewPCG(1, 0))
	for _, shape := range [][2]int{{3, 20}, {20, 7}, {7, 1}} {
		layer := onnx.Layer{Weights: make([]float32, shape[0]*shape[1]), Bias: make([]float32, shape[1])}
		for i := range layer.Weights {
			layer.Weights[i] = float32(rng.NormFloat64() / math.Sqrt(float64(shape[0])))
		}
		for i := range layer.Bias {
			layer.Bias[i] = float32(rng.NormFloat64())
		}
		perceptron.Layers = append(perceptron.Layers, layer)
	}
	var mlp, points bytes.Buffer
	if err := perceptron.Write(&mlp); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		fmt.Fprintf(&points, "%v,%v,%v\n", float32(1+2*rng.NormFloat64()), float32(0.1*rng.NormFloat64()-2), float32(3e5+1e5*rng.NormFloat64()))
	}
	write(t, filepath.Join(dir, "mlp.onnx"), mlp.Bytes())
	write(t, filepath.Join(dir, "mlp.rows.csv"), points.Bytes())
	python.Run(t, "testdata/conformance.py", "predict", dir)
	agree(t, filepath.Join(dir, "mlp.onnx"))
	for i, want := range table(t, filepath.Join(dir, "credit.predictions.csv")) {
		var got [2]float32
		m.Score(examples[i], got[:])
		if !near(got[0], want[0]) || !near(got[1], want[1]) {
			t.Fatalf("row %d: onnxruntime says %v, the trees %v", i, want, got)
		}
	}
}

func copyFile(t *testing.T, dir, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, filepath.Base(path)), data)
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
