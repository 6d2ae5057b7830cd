package tensors

import (
	"math"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/generators/tensortest"
	"servebench/targets/protocol"

	"github.com/google/go-cmp/cmp"
)

type tensor = generators.Tensor

var (
	two   = protocol.Config{Model: "m", Schema: generators.Schema{Classes: []string{"no", "yes"}}}
	three = protocol.Config{Model: "m", Schema: generators.Schema{Classes: []string{"red", "green", "blue"}}}
)

func TestAnswers(t *testing.T) {
	chosen := three
	chosen.Output = "scores"
	f32, i64, text := generators.Float32s, tensortest.Int64s, tensortest.ByteStrings
	for _, tt := range []struct {
		name    string
		cfg     protocol.Config
		outputs []tensor
		labels  []int
		last    []float32 // the probabilities of the last row
		fault   string
	}{
		{"labels", two, []tensor{i64("label", []int64{2}, []int64{0, 1})}, []int{0, 1}, nil, ""},
		{"labels of a second dimension", two, []tensor{i64("label", []int64{2, 1}, []int64{0, 1})}, []int{0, 1}, nil, ""},
		{"probability of class 1", two, []tensor{f32("probability", []int64{2}, []float32{0.25, 0.5})}, []int{0, 1}, []float32{0.5, 0.5}, ""},
		{"both", two, []tensor{i64("label", []int64{1}, []int64{1}), f32("probability", []int64{1}, []float32{0.75})}, []int{1}, []float32{0.25, 0.75}, ""},
		{"probabilities of three", three, []tensor{f32("probabilities", []int64{1, 3}, []float32{0.25, 0.25, 0.5})}, []int{2}, []float32{0.25, 0.25, 0.5}, ""},
		{"MLServer's predict", three, []tensor{i64("predict", []int64{2, 1}, []int64{2, 0})}, []int{2, 0}, nil, ""},
		{"KServe's output-0 of floats", three, []tensor{f32("output-0", []int64{2}, []float32{2, 1})}, []int{2, 1}, nil, ""},
		{"names of classes", three, []tensor{text("class", []int64{2}, "blue", "0")}, []int{2, 0}, nil, ""},
		{"the output chosen", chosen, []tensor{i64("other", []int64{1}, []int64{9}), f32("scores", []int64{1, 3}, []float32{1, 0, 0})}, []int{0}, []float32{1, 0, 0}, ""},
		{"one label without a dimension", two, []tensor{i64("label", nil, []int64{1})}, []int{1}, nil, ""},

		{"nothing", two, nil, nil, nil, `want "label" or "probability", got neither`},
		{"floats of an unknown name", two, []tensor{f32("x", []int64{1}, []float32{0.5})}, nil, nil, `got "x" (FP32 [1])`},
		{"a label out of range", three, []tensor{i64("label", []int64{1}, []int64{3})}, nil, nil, "3 is not a label in 0…2"},
		{"half a label", three, []tensor{f32("output-0", []int64{1}, []float32{0.5})}, nil, nil, "0.5 is not a label"},
		{"an unknown class", three, []tensor{text("class", []int64{1}, "black")}, nil, nil, `"black" is not a label, want one of ["red" "green" "blue"]`},
		{"beyond 1", two, []tensor{f32("probability", []int64{1}, []float32{1.5})}, nil, nil, "1.5 is not a probability"},
		{"no number", two, []tensor{f32("probability", []int64{1}, []float32{float32(math.NaN())})}, nil, nil, "NaN is not a probability"},
		{"a sum of 2", three, []tensor{f32("probabilities", []int64{1, 3}, []float32{1, 1, 0})}, nil, nil, "row 0 adds up to 2, want 1"},
		{"two for three classes", three, []tensor{f32("probabilities", []int64{1, 2}, []float32{1, 0})}, nil, nil, "want the probabilities of 3 classes"},
		{"two labels, one probability", two, []tensor{i64("label", []int64{2}, []int64{0, 1}), f32("probability", []int64{1}, []float32{0.75})}, nil, nil, "2 labels but probabilities of 1 rows"},
		{"labels twice", two, []tensor{i64("label", []int64{1}, []int64{0}), i64("label", []int64{1}, []int64{0})}, nil, nil, "second output of labels"},
		{"data that lies", two, []tensor{{Name: "label", Datatype: generators.INT64, Shape: []int64{4}, Data: make([]byte, 8)}}, nil, nil, "holds 8 bytes, want 32"},
		{"a cube", two, []tensor{i64("label", []int64{1, 1, 1}, []int64{0})}, nil, nil, "want one label per row"},
	} {
		answers, err := Answers(tt.outputs, tt.cfg)
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%s: %v, %v, want an error with %q", tt.name, answers, err, tt.fault)
			}
			continue
		}
		var labels []int
		for _, a := range answers {
			labels = append(labels, a.Label)
		}
		if err != nil || !cmp.Equal(labels, tt.labels) || !cmp.Equal(answers[len(answers)-1].Probabilities, tt.last) {
			t.Errorf("%s: %+v, %v, want labels %v and probabilities %v", tt.name, answers, err, tt.labels, tt.last)
		}
	}
}

// TestTensorsThereAndBack batches examples that are tensors, and takes the answers apart
// again.
func TestTensorsThereAndBack(t *testing.T) {
	cfg := protocol.Config{Model: "m", Schema: generators.Schema{Tensors: []tensor{{Name: "x", Datatype: generators.FP32, Shape: []int64{-1}}, {Name: "s", Datatype: generators.BYTES}}}}
	example := func(a, b float32, s string) generators.Example {
		return generators.Example{Tensors: []tensor{generators.Float32s("x", []int64{2}, []float32{a, b}), tensortest.ByteStrings("s", nil, s)}}
	}
	batch := []generators.Example{example(1, 2, "one"), example(3, 4, "")}
	got, err := Inputs(cfg, batch)
	want := []tensor{generators.Float32s("x", []int64{2, 2}, []float32{1, 2, 3, 4}), tensortest.ByteStrings("s", []int64{2}, "one", "")}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("%v; inputs (-want +got):\n%s", err, diff)
	}
	answers, err := Answers(got, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if diff := cmp.Diff(batch[i].Tensors, a.Tensors, cmp.Comparer(func(a, b []int64) bool { return len(a) == len(b) })); a.Kind != generators.Tensors || diff != "" {
			t.Errorf("answer %d of kind %v (-want +got):\n%s", i, a.Kind, diff)
		}
	}
	batch[1].Tensors[0] = generators.Float32s("x", []int64{3}, []float32{1, 2, 3})
	if _, err := Inputs(cfg, batch); err == nil || !strings.Contains(err.Error(), "in the first example of the batch") {
		t.Errorf("two shapes in a batch: %v", err)
	}
	got[1] = tensortest.ByteStrings("s", []int64{1}, "one")
	if _, err := Answers(got, cfg); err == nil || !strings.Contains(err.Error(), "one row for each of 2 examples") {
		t.Errorf("one row for two examples: %v", err)
	}
	if _, err := Answers([]tensor{{Name: "x", Datatype: generators.FP32, Shape: []int64{1 << 30, 0}}}, cfg); err == nil || !strings.Contains(err.Error(), "more than 1048576 rows") {
		t.Errorf("a billion empty rows: %v", err)
	}
}

func TestRows(t *testing.T) {
	limits := &protocol.Served{Model: protocol.Model{Schema: generators.Schema{Features: make([]generators.Feature, 2)}}, MaxBatch: 2}
	good := tensortest.Float64s("features", []int64{2, 2}, []float64{1, 2, 3, 4})
	if got, rows, err := Rows(nil, []tensor{good}, limits); err != nil || rows != 2 || !cmp.Equal(got, []float32{1, 2, 3, 4}) {
		t.Errorf("%v, %d, %v", got, rows, err)
	}
	for fault, inputs := range map[string][]tensor{
		`want one tensor named "features"`:             nil,
		`inputs[0].name: "x", want one input`:          {generators.Float32s("x", []int64{1, 2}, []float32{1, 2})},
		`inputs[1].name: "features", want one input`:   {good, good},
		"want two dimensions, [rows, features]":        {generators.Float32s("features", []int64{2}, []float32{1, 2})},
		"3 features in a row, the model wants 2":       {generators.Float32s("features", []int64{1, 3}, []float32{1, 2, 3})},
		"a batch of 3 rows is over the limit of 2":     {generators.Float32s("features", []int64{3, 2}, make([]float32, 6))},
		"want at least 1 row and 1 feature, got [0,2]": {generators.Float32s("features", []int64{0, 2}, nil)},
		"BYTES are not numbers":                        {tensortest.ByteStrings("features", []int64{1, 2}, "1", "2")},
		"holds 4 bytes, want 8":                        {{Name: "features", Datatype: generators.FP32, Shape: []int64{1, 2}, Data: make([]byte, 4)}},
		"1e+300 is out of the range of FP32, in which": {tensortest.Float64s("features", []int64{1, 2}, []float64{1, 1e300})},
	} {
		if _, _, err := Rows(nil, inputs, limits); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%v: %v, want an error with %q", inputs, err, fault)
		}
	}
}
