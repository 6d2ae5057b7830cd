package onnx_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"servebench/targets/reference/onnx"
	"servebench/targets/reference/trees"
)

// A model that is written and read again has the same names and predicts the same.
func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	m := credit(t)
	var first, second bytes.Buffer
	for _, b := range []*bytes.Buffer{&first, &second} {
		if err := m.WriteONNX(b); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same model gave other bytes")
	}
	again, err := onnx.Read(&first)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.Features(), m.Features()) || !slices.Equal(again.Classes(), []string{"0", "1"}) || again.Attributes()["generator"] != "credit" {
		t.Errorf("features %q, classes %q, attributes %q", again.Features(), again.Classes(), again.Attributes())
	}
	for _, row := range creditRows(2000) {
		var want, got [2]float32
		m.Score(row, want[:])
		again.Scores(row, got[:])
		if !near(got[0], want[0]) || !near(got[1], want[1]) {
			t.Fatalf("row %v: %v, want %v", row, got, want)
		}
	}
}

// credit is the reference server's built-in model.
func credit(t *testing.T) *trees.Model {
	t.Helper()
	f, err := os.Open("../models/credit.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := trees.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// creditRows are rows over all ranges of its features and beyond, with missing values.
func creditRows(n int) [][]float32 {
	rng := rand.New(rand.NewPCG(5, 0))
	rows := make([][]float32, n)
	for i := range rows {
		for _, high := range []float64{160_000, 80_000, 90, 5, 20, 9, 1_400_000, 31, 510_000} {
			v := float32(int(rng.Float64() * high))
			if rng.IntN(20) == 0 {
				v = float32(math.NaN())
			}
			rows[i] = append(rows[i], v)
		}
	}
	return rows
}
