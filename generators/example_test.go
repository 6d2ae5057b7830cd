package generators_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/generators/tensortest"

	"github.com/google/go-cmp/cmp"
)

func TestMostLikely(t *testing.T) {
	for _, c := range []struct {
		probabilities []float32
		want          int
	}{
		{[]float32{0.5, 0.5}, 1}, // as a threshold of one half has it
		{[]float32{0.5000001, 0.4999999}, 0},
		{[]float32{0.2, 0.4, 0.4}, 1},
		{[]float32{1}, 0},
		{[]float32{0.1, 0.2, 0.7}, 2},
	} {
		if got := generators.Probable(c.probabilities).Label; got != c.want {
			t.Errorf("%v: class %d, want %d", c.probabilities, got, c.want)
		}
	}
}

func TestDatatypes(t *testing.T) {
	for d := generators.BOOL; d <= generators.BYTES; d++ {
		if d.String() == "" || generators.DatatypeNamed(d.String()) != d {
			t.Errorf("datatype %d is named %q", d, d)
		}
		if bits := strings.TrimLeft(d.String(), "BFINTU"); bits == "8" && d.Size() != 1 || bits == "64" && d.Size() != 8 {
			t.Errorf("%s takes %d bytes", d, d.Size())
		}
	}
	if generators.DatatypeNamed("fp32") != 0 || generators.DatatypeNamed("") != 0 {
		t.Error("names are what the protocol has")
	}
}

// TestAppendFloat writes every number of FP16 and BF16 as it is, and others as the nearest of
// them.
func TestAppendFloat(t *testing.T) {
	for _, d := range []generators.Datatype{generators.FP16, generators.BF16} {
		var before float64
		for bits := range 1 << 15 {
			data := []byte{byte(bits), byte(bits >> 8)}
			v := generators.Tensor{Datatype: d, Shape: []int64{1}, Data: data}.Number(0)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				break
			}
			for sign, v := range map[byte]float64{0: v, 0x80: math.Copysign(v, -1)} {
				if got, ok := generators.AppendFloat(nil, d, v); !ok || got[0] != data[0] || got[1] != data[1]|sign {
					t.Fatalf("%s %g: % x, %t, want % x with sign %x", d, v, got, ok, data, sign)
				}
			}
			for _, between := range []float64{0.25, 0.75} {
				want := before
				if between > 0.5 {
					want = v
				}
				got, _ := generators.AppendFloat(nil, d, before+(v-before)*between)
				if n := (generators.Tensor{Datatype: d, Shape: []int64{1}, Data: got}).Number(0); n != want {
					t.Fatalf("%s: between %g and %g: %g, want %g", d, before, v, n, want)
				}
			}
			before = v
		}
		if _, ok := generators.AppendFloat(nil, d, 1e39); ok {
			t.Errorf("%s holds 1e39", d)
		}
	}
}

func TestShapeText(t *testing.T) {
	shape := generators.Tensor{Shape: make([]int64, 1e6)}
	if got, want := shape.ShapeText(), "[0,0,0,0,0,0,0,0,…] of 1000000 dimensions"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := (generators.Tensor{Shape: []int64{2, -1}}).ShapeText(); got != "[2,-1]" {
		t.Errorf("%s, want [2,-1]", got)
	}
	if got := string(generators.Tensor{Shape: make([]int64, 9)}.AppendShape(nil)); got != "[0,0,0,0,0,0,0,0,0]" {
		t.Errorf("%s, want all of the shape", got)
	}
}

// TestHalfNumbers reads the numbers of FP16 and BF16.
func TestHalfNumbers(t *testing.T) {
	number := func(d generators.Datatype, low, high byte) float64 {
		return generators.Tensor{Datatype: d, Shape: []int64{1}, Data: []byte{low, high}}.Number(0)
	}
	for _, c := range []struct {
		low, high byte
		want      float64
	}{
		{0x00, 0x3c, 1}, {0x00, 0xc0, -2}, {0xff, 0x7b, 65504}, {0x00, 0x04, math.Ldexp(1, -14)}, {0x01, 0x00, math.Ldexp(1, -24)},
		{0x55, 0x35, 0.333251953125}, {0x00, 0x7c, math.Inf(1)}, {0x00, 0xfc, math.Inf(-1)}, {0x00, 0x80, 0},
	} {
		if got := number(generators.FP16, c.low, c.high); got != c.want {
			t.Errorf("FP16 %x%x: %g, want %g", c.high, c.low, got, c.want)
		}
	}
	if got := number(generators.FP16, 0x01, 0x7e); !math.IsNaN(got) {
		t.Errorf("%g, want NaN", got)
	}
	if got := number(generators.BF16, 0xc0, 0xbf); got != -1.5 {
		t.Errorf("BF16: %g, want -1.5", got)
	}
}

func TestCheckTensors(t *testing.T) {
	tensor := func(d generators.Datatype, data string, shape ...int64) generators.Tensor {
		return generators.Tensor{Name: "t", Datatype: d, Shape: shape, Data: []byte(data)}
	}
	for want, bad := range map[string]generators.Tensor{
		`tensor "t" has no datatype`:                        tensor(0, "", 0),
		`tensor "t" has the shape [-1]`:                     tensor(generators.INT8, "", -1),
		`at most 2^40 elements`:                             tensor(generators.INT8, "", 1<<40, 2),
		`want dimensions from 0 on`:                         tensor(generators.BYTES, "", math.MaxInt64, math.MaxInt64),
		`tensor "t" holds 3 bytes, want 4: [2] of INT16`:    tensor(generators.INT16, "abc", 2),
		`tensor "t": element 1 of 2 ends beyond the data`:   tensor(generators.BYTES, "\x01\x00\x00\x00a\x02\x00\x00\x00b", 2),
		`tensor "t": element 0 of 1 ends beyond`:            tensor(generators.BYTES, "\xff\xff\xff\xff", 1),
		`tensor "t" holds 1 bytes more than its 1 elements`: tensor(generators.BYTES, "\x01\x00\x00\x00ab", 1),
		`element 3 of 1099511627776 ends beyond the data`:   tensor(generators.BYTES, strings.Repeat("\x00", 12), 1<<40),
	} {
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
		if _, err := bad.Rows(1); err == nil {
			t.Errorf("%s: it was divided into rows", want)
		}
	}
	if err := tensor(generators.FP64, "12345678").Check(); err != nil {
		t.Errorf("a tensor without dimensions: %v", err)
	}
}

// TestStackedTensorsComeApart puts the tensors of a batch together and divides them.
func TestStackedTensorsComeApart(t *testing.T) {
	schema := generators.Schema{Tensors: []generators.Tensor{
		{Name: "x", Datatype: generators.FP32, Shape: []int64{2}}, {Name: "s", Datatype: generators.BYTES, Shape: []int64{-1}},
	}}
	batch := []generators.Example{
		{Tensors: []generators.Tensor{generators.Float32s("x", []int64{2}, []float32{1, 2}), tensortest.ByteStrings("s", []int64{2}, "a", "")}},
		{Tensors: []generators.Tensor{generators.Float32s("x", []int64{2}, []float32{3, 4}), tensortest.ByteStrings("s", []int64{2}, "bcd", "é")}},
	}
	stacked, err := generators.StackTensors(schema, batch)
	if err != nil {
		t.Fatal(err)
	}
	for k, tensor := range stacked {
		rows, err := tensor.Rows(len(batch))
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			if diff := cmp.Diff(batch[i].Tensors[k], rows[i]); diff != "" {
				t.Error(diff)
			}
		}
	}
	var texts []string
	for _, e := range stacked[1].Elements() {
		texts = append(texts, string(e))
	}
	if !slices.Equal(texts, []string{"a", "", "bcd", "é"}) || stacked[0].ShapeText() != "[2,2]" {
		t.Errorf("elements %q, shape %s", texts, stacked[0].ShapeText())
	}
	if _, err := stacked[0].Rows(3); err == nil {
		t.Error("two rows were given to three examples")
	}
}

func TestStackTensorsFaults(t *testing.T) {
	x := func(shape ...int64) []generators.Tensor {
		n := 1
		for _, d := range shape {
			n *= int(d)
		}
		return []generators.Tensor{generators.Float32s("x", shape, make([]float32, n))}
	}
	schema := generators.Schema{Tensors: []generators.Tensor{{Name: "x", Datatype: generators.FP32, Shape: []int64{-1}}}}
	for want, batch := range map[string][]generators.Example{
		"example 1 has 0 tensors, want 1":                                {{Tensors: x(2)}, {}},
		`example 1: tensor "x" is [3], and [2] in the first example`:     {{Tensors: x(2)}, {Tensors: x(3)}},
		`example 0: tensor "x" is [2,2] of FP32, want "x", [-1] of FP32`: {{Tensors: x(2, 2)}},
		`example 0: tensor "x" holds 0 bytes, want 8: [2] of FP32`:       {{Tensors: []generators.Tensor{{Name: "x", Datatype: generators.FP32, Shape: []int64{2}}}}},
		`example 0: tensor "x" is [] of INT64, want "x", [-1] of FP32`:   {{Tensors: []generators.Tensor{tensortest.Int64s("x", nil, []int64{1})}}},
	} {
		if _, err := generators.StackTensors(schema, batch); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
