package jsonbody

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/generators/tensortest"

	"github.com/google/go-cmp/cmp"
)

// The scanner takes what encoding/json takes.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{`{}`, `[1,[2,{"a":null}],-0.5e+3]`, `{"id":"\u00e9\\","inputs":[]}`, `[NaN,-Infinity,true]`, `"\`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := Scanner{Src: body}
		s.Skip()
		s.ExpectEnd()
		extended := strings.Contains(string(body), "NaN") || strings.Contains(string(body), "Infinity")
		deep := s.Err != nil && strings.Contains(s.Err.Error(), "levels")
		if valid := json.Valid(body); valid != (s.Err == nil) && !extended && !deep {
			t.Fatalf("encoding/json says valid: %v; the scanner: %v", valid, s.Err)
		}
	})
}

// Any string that goes into an answer comes out of it.
func FuzzAppendString(f *testing.F) {
	f.Add("plain \"quoted\" \\ \n \x00 \xff é 🙂 \u2028")
	f.Fuzz(func(t *testing.T, text string) {
		var got string
		quoted := AppendString(nil, []byte(text))
		if err := json.Unmarshal(quoted, &got); err != nil {
			t.Fatalf("%q: %v", quoted, err)
		}
		if want := string([]rune(text)); got != want { // each bad byte becomes U+FFFD
			t.Fatalf("got %q, want %q", got, want)
		}
		s := Scanner{Src: quoted}
		if back := string(s.Text()); back != got {
			t.Fatalf("scanner reads %q, want %q", back, got)
		}
	})
}

// Every float32 comes back as the same bits.
func FuzzAppendFloat(f *testing.F) {
	for _, x := range []float32{0, float32(math.Copysign(0, -1)), 1, -1, 0.1, 1 << 24, 1<<24 - 1, 1e-6, 9.99e-7, 1e21, math.MaxFloat32, math.SmallestNonzeroFloat32} {
		f.Add(math.Float32bits(x))
	}
	f.Fuzz(func(t *testing.T, bits uint32) {
		x := math.Float32frombits(bits)
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			t.Skip("JSON cannot carry it")
		}
		text := AppendFloat(nil, x)
		back, problem := ReadNumber(&Scanner{Src: text}, generators.FP32)
		if problem != "" || math.Float32bits(float32(back)) != bits || !json.Valid(text) {
			t.Fatalf("%g is written %s and read %g %s", x, text, back, problem)
		}
	})
}

// tensors has one of every datatype that JSON carries.
func tensors() []generators.Tensor {
	number := func(d generators.Datatype, data ...byte) generators.Tensor {
		return generators.Tensor{Name: "t", Datatype: d, Shape: []int64{2}, Data: data}
	}
	return []generators.Tensor{
		number(generators.BOOL, 1, 0), number(generators.UINT8, 0, 255), number(generators.INT8, 128, 127),
		number(generators.UINT16, 1, 0, 255, 255), number(generators.INT16, 0, 128, 255, 127),
		number(generators.UINT32, 1, 0, 0, 0, 255, 255, 255, 255), number(generators.INT32, 0, 0, 0, 128, 255, 255, 255, 127),
		tensortest.Int64s("t", []int64{2}, []int64{math.MinInt64, math.MaxInt64}),
		{Name: "t", Datatype: generators.UINT64, Shape: []int64{1}, Data: []byte{255, 255, 255, 255, 255, 255, 255, 255}},
		generators.Float32s("t", []int64{2}, []float32{0.1, -3e38}), tensortest.Float64s("t", []int64{2}, []float64{0.1, 1e-300}),
		tensortest.ByteStrings("t", []int64{2}, "", "é\"\n"),
		tensortest.Int64s("t", []int64{2, 2, 2}, []int64{1, 2, 3, 4, 5, 6, 7, 8}),
		tensortest.Int64s("t", []int64{2, 0}, nil), tensortest.Int64s("t", []int64{0}, nil),
	}
}

// TestTensorsComeBack writes tensors flat and nested, and reads them.
func TestTensorsComeBack(t *testing.T) {
	for _, want := range tensors() {
		flat, err := AppendElements([]byte("["), want)
		if err != nil {
			t.Fatal(err)
		}
		nested, err := AppendArray(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{string(flat) + "]", string(nested)} {
			if !json.Valid([]byte(text)) {
				t.Errorf("%s of %s is not JSON", text, want.Datatype)
			}
			got := want
			got.Data = nil
			var r Reader
			r.ReadElements(&got, []byte(text), 0)
			if diff := cmp.Diff(string(want.Data), string(got.Data)); diff != "" || r.Problem() != nil {
				t.Errorf("%s %s: %v %s", want.Datatype, text, r.Problem(), diff)
			}
		}
	}
}

func TestTensorsThatJSONCannotCarry(t *testing.T) {
	for want, tensor := range map[string]generators.Tensor{
		"tensor x: element 1 is NaN, which JSON cannot carry":              generators.Float32s("x", []int64{2}, []float32{1, float32(math.NaN())}),
		"tensor x: element 0 is of datatype FP16, which JSON cannot carry": {Name: "x", Datatype: generators.FP16, Shape: []int64{1}, Data: []byte{0, 0}},
		"tensor x: element 0 is not UTF-8, which JSON cannot carry":        tensortest.ByteStrings("x", []int64{1}, "\xff"),
		`tensor "x" holds 1 bytes, want 4: [1] of FP32`:                    {Name: "x", Datatype: generators.FP32, Shape: []int64{1}, Data: []byte{0}},
	} {
		for _, write := range []func([]byte, generators.Tensor) ([]byte, error){AppendElements, AppendArray} {
			if _, err := write(nil, tensor); err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
		}
	}
}

func TestReadElementsFaults(t *testing.T) {
	for _, c := range []struct {
		datatype generators.Datatype
		shape    []int64
		text     string
		want     string
	}{
		{generators.INT64, []int64{2}, `[1]`, "t[3].data: an array of 1 values, where the shape [2] wants 2"},
		{generators.INT64, []int64{2, 2}, `[[1,2],[3]]`, "t[3].data: an array of 1 values, where the shape [2,2] wants 2"},
		{generators.INT64, []int64{2, 2}, `[[1,2]]`, "t[3].data: an array of 1 values, where the shape [2,2] wants 2"},
		{generators.INT64, []int64{2, 2}, `[[1,2],3]`, "t[3].data: want an array, got a number"},
		{generators.INT64, []int64{1}, `[9223372036854775808]`, "t[3].data[0]: 9223372036854775808 is out of the range of INT64"},
		{generators.UINT64, []int64{1}, `[-1]`, "t[3].data[0]: -1 is not of datatype UINT64"},
		{generators.INT64, []int64{1}, `["1"]`, "t[3].data[0]: want INT64, got a string"},
		{generators.BYTES, []int64{1}, `[1]`, "t[3].data[0]: want BYTES, got a number"},
		{generators.FP32, []int64{1}, `[1e39]`, "t[3].data[0]: 1e39 is out of the range of FP32"},
	} {
		r := Reader{List: "t"}
		r.ReadElements(&generators.Tensor{Datatype: c.datatype, Shape: c.shape}, []byte(c.text), 3)
		if err := r.Problem(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s of %v as %s: %v, want %s", c.text, c.shape, c.datatype, err, c.want)
		}
	}
}
