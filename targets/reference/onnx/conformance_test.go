package onnx_test

import (
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

func copyFile(t *testing.T, dir, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), data, 0o644); err != nil {
		t.Fatal(err)
	}
}
