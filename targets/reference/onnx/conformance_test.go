package onnx_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

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

// onnxruntime reads what Write wrote, and predicts what the trees do.
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
	python.Run(t, "testdata/conformance.py", "predict", dir)
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
