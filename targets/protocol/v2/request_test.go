package v2

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
	"servebench/targets/protocol/tensors"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func input(fields string) string { return `{"inputs":[{"name":"features",` + fields + `}]}` }

// served is a model of two classes that takes rows of a width and batches of so many; 0: any.
func served(width, rows int) *protocol.Served {
	m := &protocol.Served{Model: sum(), MaxBatch: rows}
	m.Schema.Features = make([]generators.Feature, width)
	return m
}

func decodeBody(body []byte, width, rows int) (*protocol.Batch, error) {
	b := &protocol.Batch{Body: body}
	return b, decodeRequest(served(width, rows), tensors.Offered(2), b, "")
}

func TestDecodeRequest(t *testing.T) {
	nan := float32(math.NaN())
	tests := []struct {
		name, body string
		want       []float32
	}{
		{"flat", input(`"shape":[2,2],"datatype":"FP32","data":[1,2.5,-3e2,0.1]`), []float32{1, 2.5, -300, 0.1}},
		{"nested", input(`"shape":[2,2],"datatype":"FP32","data":[[1,2],[3,4]]`), []float32{1, 2, 3, 4}},
		{"data first", input(`"data":[[1,2]],"datatype":"FP64","shape":[1,2]`), []float32{1, 2}},
		{"white space", " { \"inputs\" :\n[ { \"name\":\"features\" , \"shape\": [ 1 , 1 ],\t\"datatype\":\"FP32\",\"data\":[ 5 ] } ] } \r\n", []float32{5}},
		{"integers", input(`"shape":[1,2],"datatype":"INT64","data":[-9007199254740993,7]`), []float32{-9007199254740993, 7}},
		{"unsigned", input(`"shape":[1,2],"datatype":"UINT8","data":[0,255]`), []float32{0, 255}},
		{"booleans", input(`"shape":[1,2],"datatype":"BOOL","data":[true,false]`), []float32{1, 0}},
		{"missing values", input(`"shape":[1,2],"datatype":"FP32","data":[null,NaN]`), []float32{nan, nan}},
		{"infinities", input(`"shape":[1,2],"datatype":"FP64","data":[-Infinity,Infinity]`), []float32{float32(math.Inf(-1)), float32(math.Inf(1))}},
		{"parameters", `{"parameters":{"a":{"b":[1,"x",null,true]}},` + input(`"parameters":{"content_type":"np"},"shape":[1,1],"datatype":"FP32","data":[1]`)[1:], []float32{1}},
		{"escaped names", `{"inputs":[{"name":"\u0066eatures","sh\u0061pe":[1,1],"datatype":"FP32","data":[1]}]}`, []float32{1}},
		{"small float", input(`"shape":[1,1],"datatype":"FP32","data":[1e-60]`), []float32{0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, err := decodeBody([]byte(test.body), 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, b.Features, cmpopts.EquateNaNs()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeRequestFaults(t *testing.T) {
	tests := []struct{ body, want string }{
		{``, `the body is empty`},
		{`[]`, `body: want an object, got an array`},
		{`{}`, `inputs: want one tensor named "features"`},
		{`{"inputs":[]}`, `inputs: want one tensor named "features"`},
		{`{"inputs":{}}`, `inputs: want an array, got an object`},
		{`{"inputs":["x"]}`, `inputs[0]: want an object, got a string`},
		{`{"inputs":[{}]}`, `inputs[0].name: unknown input "", want "features"`},
		{`{"id":7,"inputs":[]}`, `id: want a string, got a number`},
		{`{"inputs":[{"name":"age","shape":[1,1],"datatype":"FP32","data":[1]}]}`, `inputs[0].name: unknown input "age", want "features"`},
		{input(`"shape":[1,2],"datatype":"FP32","data":[1,2]},{"name":"features"`), `inputs[1].name: "features" is given twice`},
		{input(`"datatype":"FP32","data":[1]`), `inputs[0].shape: missing`},
		{input(`"shape":"2","datatype":"FP32","data":[1]`), `inputs[0].shape: want an array, got a string; inputs[0].shape: missing`},
		{input(`"shape":[1],"datatype":"FP32","data":[1]`), `inputs[0].shape: want two dimensions, [rows, features], got 1`},
		{input(`"shape":[1,1,1],"datatype":"FP32","data":[1]`), `inputs[0].shape: want two dimensions, [rows, features], got 3`},
		{input(`"shape":[1,4],"datatype":"FP32","data":[1]`), `inputs[0].shape: 4 features in a row, the model wants 2`},
		{input(`"shape":[0,2],"datatype":"FP32","data":[]`), `inputs[0].shape: want at least 1 row and 1 feature, got [0,2]`},
		{input(`"shape":[-1,2],"datatype":"FP32","data":[]`), `inputs[0].shape: want at least 1 row and 1 feature, got [-1,2]`},
		{input(`"shape":[1.5,2],"datatype":"FP32","data":[1,2]`), `inputs[0].shape[0]: 1.5 is not of datatype INT32; inputs[0].shape: want at least 1 row and 1 feature, got [0,2]`},
		{input(`"shape":[99999999999,2],"datatype":"FP32","data":[1,2]`), `inputs[0].shape[0]: 99999999999 is out of the range of INT32; inputs[0].shape: want at least 1 row and 1 feature, got [0,2]`},
		{input(`"shape":[4,2],"datatype":"FP32","data":[]`), `inputs[0].shape: a batch of 4 rows is over the limit of 3`},
		{input(`"shape":[1,2],"datatype":"FP16","data":[1,2]`), `inputs[0].datatype: "FP16" is not one of ` + jsonbody.NumericNames()},
		{input(`"shape":[1,2],"datatype":3,"data":[1,2]`), `inputs[0].datatype: want a string, got a number; inputs[0].datatype: "" is not one of ` + jsonbody.NumericNames()},
		{input(`"shape":[1,2],"datatype":"FP32"`), `inputs[0].data: missing`},
		{input(`"shape":[1,2],"datatype":"FP32","data":7`), `inputs[0].data: want an array, got a number; inputs[0].data: missing`},
		{input(`"shape":[2,2],"datatype":"FP32","data":[1,2,3]`), `inputs[0].shape: [2,2] wants 4 values, got 3`},
		{input(`"shape":[1,2],"datatype":"FP32","data":[1,2,3]`), `inputs[0].shape: [1,2] wants 2 values, got 3`},
		{input(`"shape":[2,2],"datatype":"FP32","data":[[1,2]]`), `inputs[0].shape: [2,2] wants 2 rows, got 1`},
		{input(`"shape":[2,2],"datatype":"FP32","data":[[1,2],[3]]`), `inputs[0].data[1]: want 2 values, got 1`},
		{input(`"shape":[2,2],"datatype":"FP32","data":[[1,2],3]`), `inputs[0].data[1]: want an array, got a number`},
		{input(`"shape":[2,2],"datatype":"FP32","data":[[1,2],[3,[4]]]`), `inputs[0].data[1][1]: want FP32, got an array`},
		{input(`"shape":[1,2],"datatype":"FP32","data":[1,"2"]`), `inputs[0].data[1]: want FP32, got a string`},
		{input(`"shape":[1,2],"datatype":"FP32","data":[1,1e99]`), `inputs[0].data[1]: 1e99 is out of the range of FP32`},
		{input(`"shape":[1,2],"datatype":"FP64","data":[1,1e99]`), `inputs[0].data[1]: 1e+99 is out of the range of FP32, in which the model computes`},
		{input(`"shape":[1,2],"datatype":"INT8","data":[1.5,128]`), `inputs[0].data[0]: 1.5 is not of datatype INT8; inputs[0].data[1]: 128 is out of the range of INT8`},
		{input(`"shape":[1,2],"datatype":"UINT64","data":[-1,null]`), `inputs[0].data[0]: -1 is not of datatype UINT64; inputs[0].data[1]: want UINT64, got null`},
		{input(`"shape":[1,2],"datatype":"BOOL","data":[2,true]`), `inputs[0].data[0]: 2 is out of the range of BOOL`},
		{`{"outputs":[{"name":"label"},{"name":"odds"}],` + input(`"shape":[1,2],"datatype":"FP32","data":[1,2]`)[1:], `outputs[1].name: unknown output "odds", want one of label, probability, class`},
		{`{"outputs":[{"name":"label"},{"name":"label"}],` + input(`"shape":[1,2],"datatype":"FP32","data":[1,2]`)[1:], `outputs[1].name: "label" is asked for twice`},
		{`{"outputs":"label",` + input(`"shape":[1,2],"datatype":"FP32","data":[1,2]`)[1:], `outputs: want an array, got a string`},
		{input(`"shape":[3,2],"datatype":"INT8","data":[` + strings.Repeat("0.5,", 99) + `1]`),
			`inputs[0].data[0]: 0.5 is not of datatype INT8; inputs[0].data[1]: 0.5 is not of datatype INT8; inputs[0].data[2]: 0.5 is not of datatype INT8; inputs[0].data[3]: 0.5 is not of datatype INT8; ` +
				`inputs[0].data[4]: 0.5 is not of datatype INT8; inputs[0].data[5]: 0.5 is not of datatype INT8; inputs[0].data[6]: 0.5 is not of datatype INT8; inputs[0].data[7]: 0.5 is not of datatype INT8; and more`},
		{input(`"shape":[1,2],"datatype":"FP32","data":[1,2]`) + "x", `body is not valid JSON: byte 77: want the end, got 'x'`},
		{`{"inputs":[{"name":"features",}]}`, `body is not valid JSON: byte 30: want a string, got '}'`},
		{input(`"shape":[1,2],"datatype":"FP32","data":[1,2,]`), `body is not valid JSON: byte 74: want a value, got ']'`},
		{`{"a":` + strings.Repeat("[", 100), `body is not valid JSON: byte 69: want no more than 64 levels, got '['`},
		{"{\"a\":\"\x01\"}", `body is not valid JSON: byte 6: want no control character in a string, got '\x01'`},
		{`{"a":"\q"}`, `body is not valid JSON: byte 5: want a string with valid escapes, got '"'`},
		{`{"a":"b`, `body is not valid JSON: byte 7: want a closing '"', got the end`},
		{`{"a":"b\`, `body is not valid JSON: byte 8: want a closing '"', got the end`},
	}
	for _, test := range tests {
		t.Run(test.body[:min(len(test.body), 60)], func(t *testing.T) {
			_, err := decodeBody([]byte(test.body), 2, 3)
			if got := fmt.Sprint(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// Whatever arrives, decoding ends with a request that fits its shape or with
// an error.
func FuzzDecodeRequest(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[1,[2,{"a":null}],-0.5e+3]`, `{"id":"\u00e9\\","inputs":[]}`,
		input(`"shape":[2,2],"datatype":"FP32","data":[1,2.5,-3e2,NaN]`),
		input(`"shape":[2,2],"datatype":"INT64","data":[[1,2],[3,4]]`),
		`{"outputs":[{"name":"class","parameters":{"binary_data":true}}],` + input(`"shape":[1,1],"datatype":"BOOL","data":[true]`)[1:],
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if b, err := decodeBody(body, 0, 0); err == nil {
			if b.Rows < 1 || len(b.Features)%b.Rows != 0 || len(b.Features) == 0 {
				t.Fatalf("%d values in %d rows", len(b.Features), b.Rows)
			}
		}
	})
}

func TestDecodeRequestKeepsMemory(t *testing.T) {
	b, m, offered := &protocol.Batch{Body: []byte(benchmarkBody(t, 32))}, served(len(loan), 0), tensors.Offered(2)
	allocs := testing.AllocsPerRun(100, func() {
		b.Features = b.Features[:0]
		if err := decodeRequest(m, offered, b, ""); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 1 { // the decoder itself
		t.Errorf("%v allocations for a batch of 32", allocs)
	}
	if slices.Contains(b.Features, float32(math.Inf(1))) {
		t.Error("an infinity came from nowhere")
	}
}
