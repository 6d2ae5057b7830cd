package onnx_test

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"

	"servebench/targets/reference/onnx"
)

// Each model is spoilt in one place; the length stays.
func TestRefusedModels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, model, old, new, want string }{
		{"operator", "mlp", "Relu", "Selu", `operators that are not supported: Selu of domain "" in node "/0/Selu" (Selu); Selu of domain "" in node "/1/Selu" (Selu); supported are Add, Cast, `},
		{"domain", "forest", "ai.onnx.ml", "com.google", `TreeEnsembleClassifier of domain "com.google" in node "TreeEnsembleClassifier"`},
		{"attribute", "mlp", "transB", "transC", `attribute "transC" is not supported`},
		{"shape", "mlp", "transB", "transA", `node "/0/Gemm" (Gemm): attribute "transA" is 1, want 0`},
		{"initializer", "mlp", "B\b0.weight", "B\b0.wright", `reads "0.weight", which is no input, no initializer and made by no node before it`},
		{"cycle", "mlp", "\x05gemm1\x1a", "\x05gemm0\x1a", `node "/1/Relu" (Relu): it reads "gemm1", which is no input, no initializer and made by no node before it`},
		{"mode", "forest", "BRANCH_LEQ", "BRANCH_MID", `mode "BRANCH_MID", want LEAF or BRANCH_ with LT, LEQ, GT, GTE, EQ or NEQ`},
		{"transform", "boosting", "LOGISTIC", "LINEARLY", `attribute "post_transform" is "LINEARLY", want NONE, LOGISTIC or SOFTMAX`},
		{"output", "mlp", "\x12\x0bprobability", "\x12\x0bprobabilitx", `output "probability" is made by no node`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile("testdata/" + c.model + ".onnx")
			if err != nil {
				t.Fatal(err)
			}
			spoilt := bytes.ReplaceAll(data, []byte(c.old), []byte(c.new))
			if bytes.Equal(spoilt, data) {
				t.Fatalf("the model has no %q", c.old)
			}
			_, err = onnx.Read(bytes.NewReader(spoilt))
			if err == nil || !strings.HasPrefix(err.Error(), "read ONNX model: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v\nwant %s", err, c.want)
			}
		})
	}
}

// A file that is cut off is refused, wherever that is.
func TestCutOffModels(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/mlp-sklearn.onnx")
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		m, err := onnx.Read(bytes.NewReader(data[:n]))
		if err == nil {
			// The graph is whole, and what follows it only says where the model is from.
			checkAnswers(t, m)
		}
		if n < 20 && err == nil {
			t.Errorf("the first %d bytes are a model", n)
		}
	}
}

// FuzzRead reads corrupt files: each gives an error or a model that can predict.
func FuzzRead(f *testing.F) {
	for _, path := range committed(f) {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := onnx.Read(bytes.NewReader(data)); err == nil {
			checkAnswers(t, m)
		}
	})
}

// checkAnswers predicts some rows.
func checkAnswers(t *testing.T, m *onnx.Model) {
	t.Helper()
	width := max(len(m.Classes()), 1)
	if len(m.Features()) > 1<<10 || width > 1<<10 {
		return
	}
	const rows = 3
	features, scores := make([]float32, rows*len(m.Features())), make([]float32, rows*width)
	for i := range features {
		features[i] = float32([]float64{0, -1.5, math.NaN(), math.Inf(1), 1e30}[i%5])
	}
	m.Scores(features, scores)
}
