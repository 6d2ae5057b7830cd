package rows

import (
	"testing"

	"servebench/generators"
	"servebench/targets/protocol/jsonbody"
)

// TestWholePredictions reads whole numbers as they are written, those beyond 2^53 too, and
// all numbers as fractions where one is.
func TestWholePredictions(t *testing.T) {
	for body, want := range map[string]struct {
		datatype generators.Datatype
		last     int64
	}{
		`[1,9007199254740993]`:     {generators.INT64, 9007199254740993},
		`[0,-9223372036854775808]`: {generators.INT64, -9223372036854775808},
		`[false,true]`:             {generators.INT64, 1},
		`[0.5,2]`:                  {generators.FP64, 2},
		`[2,9223372036854775808]`:  {generators.FP64, 0},
	} {
		r := &jsonbody.Reader{Scanner: jsonbody.Scanner{Src: []byte(body)}}
		outputs := readOutputs(r, "predictions", nil)
		if r.Problem() != nil || len(outputs) != 1 || outputs[0].Datatype != want.datatype || outputs[0].Check() != nil {
			t.Errorf("%s is read as %+v: %v", body, outputs, r.Problem())
			continue
		}
		if got := outputs[0]; got.Datatype == generators.INT64 && got.Int(1) != want.last || want.last == 2 && got.Number(1) != 2 {
			t.Errorf("%s ends with %d, want %d", body, got.Int(1), want.last)
		}
	}
}
