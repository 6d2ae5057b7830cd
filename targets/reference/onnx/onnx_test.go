package onnx_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"servebench/targets/reference/onnx"
)

// tolerance is how far two programs may be apart, relative to values above 1.
const tolerance = 1e-5

// The answers are onnxruntime's; testdata/models.py made them with the models.
func TestCommittedModels(t *testing.T) {
	for _, path := range committed(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".onnx"), func(t *testing.T) {
			t.Parallel()
			agree(t, path)
		})
	}
}

// targets/README.md lists every operator.
func TestOperatorsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "**ONNX.**")
	section, _, ended := strings.Cut(section, "\n\n")
	if !found || !ended {
		t.Fatal("there is no paragraph on ONNX")
	}
	words := strings.FieldsFunc(section, func(r rune) bool { return strings.ContainsRune(" ,;.()\n", r) })
	for _, name := range onnx.Operators() {
		if !slices.Contains(words, strings.TrimPrefix(name, "ai.onnx.ml.")) {
			t.Errorf("the page does not list %s", name)
		}
	}
}

func committed(tb testing.TB) []string {
	tb.Helper()
	return models(tb, "testdata", 17)
}

// models returns the files of a folder, which are to be n.
func models(tb testing.TB, dir string, n int) []string {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.onnx"))
	if err != nil || len(paths) != n {
		tb.Fatalf("%d models, want %d: %v", len(paths), n, err)
	}
	return paths
}

// agree compares a model with the answers in the file beside it, in one batch and row by
// row.
func agree(t *testing.T, path string) {
	t.Helper()
	m := read(t, path)
	base := strings.TrimSuffix(path, ".onnx")
	rows, want := table(t, base+".rows.csv"), table(t, base+".predictions.csv")
	width := max(len(m.Classes()), 1)
	if len(rows) == 0 || len(rows) != len(want) || len(want[0]) != width || len(rows[0]) != len(m.Features()) {
		t.Fatalf("%s: %d rows of %d features and %d answers, classes %q", path, len(rows), len(m.Features()), len(want), m.Classes())
	}
	var features []float32
	for _, row := range rows {
		features = append(features, row...)
	}
	all, one := make([]float32, len(rows)*width), make([]float32, width)
	m.Scores(features, all)
	for i, row := range rows {
		m.Scores(row, one)
		for j, w := range want[i] {
			if g := all[i*width+j]; !near(g, w) || !near(one[j], w) {
				t.Fatalf("%s, row %d, score %d: %v in a batch and %v alone, want %v", path, i, j, g, one[j], w)
			}
		}
	}
}

func near(a, b float32) bool {
	return math.Abs(float64(a-b)) <= tolerance*max(1, math.Abs(float64(b)))
}

func read(tb testing.TB, path string) *onnx.Model {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	m, err := onnx.Read(bytes.NewReader(data))
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return m
}

// table reads lines of numbers.
func table(t *testing.T, path string) [][]float32 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]float32
	for line := range strings.Lines(string(text)) {
		var row []float32
		for item := range strings.SplitSeq(strings.TrimSpace(line), ",") {
			v, err := strconv.ParseFloat(item, 32)
			if err != nil {
				t.Fatal(err)
			}
			row = append(row, float32(v))
		}
		rows = append(rows, row)
	}
	return rows
}
