package v2

import (
	"fmt"
	"math"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"servebench/generators"
	"servebench/targets/protocol"
)

func TestEncode(t *testing.T) {
	got, err := testClient(t).Encode("r-1", []generators.Example{
		{Features: []float32{1, 0.1, -2.5}},
		{Features: []float32{1e-7, 123456.789, 0}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := protocol.Request{
		Method: "POST",
		Path:   "/v2/models/logistic/infer",
		Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(`{"id":"r-1","inputs":[{"name":"features","shape":[2,3],"datatype":"FP32","data":[1,0.1,-2.5,1e-07,123456.79,0]}],` +
			`"outputs":[{"name":"label"},{"name":"probability"}]}`),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEncodeFaults(t *testing.T) {
	for want, batch := range map[string][]generators.Example{
		`encode: the batch is empty`:                                   nil,
		`encode: example 1 has 2 features, want 3`:                     {{Features: []float32{1, 2, 3}}, {Features: []float32{1, 2}}},
		`encode: example 0: feature b is NaN, which JSON cannot carry`: {{Features: []float32{1, float32(math.NaN()), 3}}},
	} {
		if _, err := testClient(t).Encode("", batch); fmt.Sprint(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestOpenWithoutModel(t *testing.T) {
	if _, err := Kind().Open(protocol.Config{}); err == nil {
		t.Error("opened without a model's name")
	}
}

func outputs(list string) string { return `{"model_name":"m","outputs":[` + list + `]}` }

const (
	label2       = `{"name":"label","datatype":"INT64","shape":[2],"data":[1,0]}`
	probability2 = `{"name":"probability","datatype":"FP32","shape":[2],"data":[0.25,0.75]}`
)

func TestDecode(t *testing.T) {
	nan := math.NaN()
	both := []protocol.Answer{{Label: 1, Probability: 0.25}, {Label: 0, Probability: 0.75}}
	tests := []struct {
		name, body string
		want       []protocol.Answer
	}{
		{"both", outputs(label2 + "," + probability2), both},
		{"other order", outputs(probability2 + "," + label2), both},
		{"unknown output", outputs(`{"name":"x","datatype":"BYTES","shape":[1],"data":["a"]},` + label2 + "," + probability2), both},
		{"label alone", outputs(label2), []protocol.Answer{{Label: 1, Probability: nan}, {Label: 0, Probability: nan}}},
		{"probability alone", outputs(probability2), []protocol.Answer{{Label: 0, Probability: 0.25}, {Label: 1, Probability: 0.75}}},
		{"column", outputs(`{"name":"label","datatype":"INT32","shape":[2,1],"data":[[1],[0]]}`), []protocol.Answer{{Label: 1, Probability: nan}, {Label: 0, Probability: nan}}},
		{"shape last", outputs(`{"data":[1],"name":"label","datatype":"UINT8","shape":[1]}`), []protocol.Answer{{Label: 1, Probability: nan}}},
		{"in double precision", outputs(`{"name":"probability","datatype":"FP64","shape":[1],"data":[0.1]}`), []protocol.Answer{{Probability: 0.1}}},
		{"at the threshold", outputs(`{"name":"probability","datatype":"FP32","shape":[1],"data":[0.5]}`), []protocol.Answer{{Label: 1, Probability: 0.5}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := testClient(t).Decode(protocol.Response{Status: 200, Body: []byte(test.body)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Answers, cmpopts.EquateNaNs()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeID(t *testing.T) {
	for body, want := range map[string]string{
		outputs(label2):                          "",
		`{"id":"a\u00e9",` + outputs(label2)[1:]: "aé",
		`{"id":null,` + outputs(label2)[1:]:      "",
	} {
		reply, err := testClient(t).Decode(protocol.Response{Status: 200, Body: []byte(body)})
		if err != nil || reply.ID != want {
			t.Errorf("%s: id %q, error %v, want id %q", body, reply.ID, err, want)
		}
	}
}

func TestDecodeFaults(t *testing.T) {
	tests := []struct{ body, want string }{
		{``, `decode: body is not valid JSON: byte 0: want a value, got the end`},
		{`null`, `decode: body: want an object, got null`},
		{`{}`, `decode: outputs: want "label" or "probability", got neither`},
		{`{"id":7,` + outputs(label2)[1:], `decode: id: want a string, got a number`},
		{`{"outputs":{}}`, `decode: outputs: want an array, got an object`},
		{`{"outputs":[1]}`, `decode: outputs[0]: want an object, got a number`},
		{outputs(`{"name":"label","datatype":"FP32","shape":[1],"data":[1]}`), `decode: outputs[0].datatype: a label is an integer, got "FP32"`},
		{outputs(`{"name":"probability","datatype":"INT8","shape":[1],"data":[1]}`), `decode: outputs[0].datatype: a probability is FP32 or FP64, got "INT8"`},
		{outputs(`{"name":"label","datatype":"INT64","data":[1]}`), `decode: outputs[0].shape: missing`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[1,2],"data":[1,0]}`), `decode: outputs[0].shape: want one value per row, [rows] or [rows,1]`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[2],"data":[1]}`), `decode: outputs[0].shape: [2] wants 2 values, got 1`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[1],"data":[2]}`), `decode: outputs[0].data[0]: 2 is not a label in 0…1`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[1],"data":[-1]}`), `decode: outputs[0].data[0]: -1 is not a label in 0…1`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[1],"data":[0.5]}`), `decode: outputs[0].data[0]: 0.5 is not of datatype INT64`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[1]}`), `decode: outputs[0].data: missing`},
		{outputs(`{"name":"probability","datatype":"FP32","shape":[1],"data":[null]}`), `decode: outputs[0].data[0]: NaN is not a probability in 0…1`},
		{outputs(`{"name":"probability","datatype":"FP32","shape":[1],"data":[1.5]}`), `decode: outputs[0].data[0]: 1.5 is not a probability in 0…1`},
		{outputs(label2 + "," + label2), `decode: outputs[1].name: "label" is given twice`},
		{outputs(label2 + `,{"name":"probability","datatype":"FP32","shape":[1],"data":[1]}`), `decode: outputs: 2 labels but 1 probabilities`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[1],"parameters":{"binary_data_size":8}}`), `decode: binary tensors are not supported; send JSON`},
	}
	for _, test := range tests {
		t.Run(test.body[:min(len(test.body), 60)], func(t *testing.T) {
			_, err := testClient(t).Decode(protocol.Response{Status: 200, Body: []byte(test.body)})
			if got := fmt.Sprint(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestDecodeBinaryAnswer(t *testing.T) {
	_, err := testClient(t).Decode(protocol.Response{Status: 200, Header: http.Header{binaryHeader: {"12"}}, Body: []byte(outputs(label2))})
	if err == nil {
		t.Error("took an answer with binary tensors")
	}
}

// Whatever a server answers, decoding ends with answers in range or an error.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(outputs(label2 + "," + probability2)))
	f.Add([]byte(outputs(`{"name":"label","datatype":"INT32","shape":[2,1],"data":[[1],[0]]}`)))
	f.Add([]byte(`{"error":"no"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		reply, err := testClient(t).Decode(protocol.Response{Status: 200, Body: body})
		answers := reply.Answers
		if err == nil && len(answers) == 0 {
			t.Fatal("neither answers nor an error")
		}
		for _, a := range answers {
			if a.Label < 0 || a.Label > 1 || a.Probability < 0 || a.Probability > 1 {
				t.Fatalf("answer %+v is out of range", a)
			}
		}
	})
}
