package v2

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/generators/tensortest"
	"servebench/targets/protocol"

	"github.com/google/go-cmp/cmp"
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

// TestEncodeTensors names the tensors as the schema does, and asks for one output.
func TestEncodeTensors(t *testing.T) {
	schema := generators.Schema{Tensors: []generators.Tensor{
		{Name: "pixels", Datatype: generators.UINT8, Shape: []int64{2, -1}}, {Name: "text", Datatype: generators.BYTES},
	}}
	c, err := Kind().Open(protocol.Config{Model: "m", Schema: schema, Output: "scores"})
	if err != nil {
		t.Fatal(err)
	}
	example := generators.Example{Tensors: []generators.Tensor{
		{Name: "pixels", Datatype: generators.UINT8, Shape: []int64{2, 2}, Data: []byte{1, 2, 3, 255}}, tensortest.ByteStrings("text", nil, "a\"b"),
	}}
	got, err := c.Encode("", []generators.Example{example, example})
	want := `{"inputs":[{"name":"pixels","shape":[2,2,2],"datatype":"UINT8","data":[1,2,3,255,1,2,3,255]},` +
		`{"name":"text","shape":[2],"datatype":"BYTES","data":["a\"b","a\"b"]}],"outputs":[{"name":"scores"}]}`
	if err != nil || string(got.Body) != want {
		t.Errorf("%v, got\n%s, want\n%s", err, got.Body, want)
	}
	example.Tensors[1].Name = "words"
	if _, err := c.Encode("", []generators.Example{example}); err == nil || !strings.Contains(err.Error(), `example 0: tensor "words" is [] of BYTES, want "text", [] of BYTES`) {
		t.Errorf("error %v", err)
	}
}

// A model whose outputs have unknown names is asked for all of them.
func TestEncodeAllOutputs(t *testing.T) {
	for want, cfg := range map[string]protocol.Config{
		`"data":[1]}]}`: {Model: "m", Schema: logistic().Schema, AllOutputs: true},
		`"data":[1]}],"outputs":[{"name":"predict"}]}`: {Model: "m", Schema: logistic().Schema, AllOutputs: true, Output: "predict"},
	} {
		cfg.Schema.Features = nil
		c, err := Kind().Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Encode("", []generators.Example{{Features: []float32{1}}})
		if err != nil || !strings.HasSuffix(string(got.Body), want) {
			t.Errorf("%v, got %s, want that it ends %s", err, got.Body, want)
		}
	}
}

func TestOpenRefusesText(t *testing.T) {
	if _, err := Kind().Open(protocol.Config{Model: "m", Schema: generators.Schema{Text: true}}); err == nil {
		t.Error("opened for prompts")
	}
}

// TestDecodeMoreClasses reads labels and probabilities of three classes.
func TestDecodeMoreClasses(t *testing.T) {
	schema := generators.Schema{Classes: []string{"red", "green", "blue"}}
	answer := generators.Answer{Kind: generators.Class, Label: 2, Probabilities: []float32{0.25, 0.125, 0.625}}
	probabilities := output("probabilities", "FP32", "[1,3]", "[0.25,0.125,0.625]")
	for _, test := range []struct {
		name, output, outputs string
		want                  generators.Answer
		fault                 string
	}{
		{"both", "", output("label", "INT64", "[1]", "[2]") + "," + probabilities, answer, ""},
		{"probabilities", "", probabilities, answer, ""},
		{"by another's name", "", output("predict_proba", "FP64", "[1,3]", "[[0.25,0.125,0.625]]"), answer, ""},
		{"alone", "", output("dense_1", "FP32", "[1,3]", "[0.25,0.125,0.625]"), answer, ""},
		{"a class's name", "", output("class", "BYTES", "[1]", `["blue"]`), generators.Classified(2), ""},
		{"of two outputs the one named", "b", output("a", "INT64", "[1]", "[0]") + "," + output("b", "INT64", "[1]", "[2]"), generators.Classified(2), ""},
		{"no label", "", output("label", "INT64", "[1]", "[3]"), generators.Answer{}, "3 is not a label in 0…2"},
		{"two probabilities", "", output("probabilities", "FP32", "[1,2]", "[0.5,0.5]"), generators.Answer{}, "want the probabilities of 3 classes, [rows,3], or"},
		{"not 1", "", output("probabilities", "FP32", "[1,3]", "[0.5,0.5,0.5]"), generators.Answer{}, "row 0 adds up to 1.5, want 1: the probabilities of 3 classes"},
		{"the named output is missing", "b", probabilities, generators.Answer{}, `outputs: "b" is missing`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := Kind().Open(protocol.Config{Model: "m", Schema: schema, Output: test.output})
			if err != nil {
				t.Fatal(err)
			}
			reply, err := c.Decode(protocol.Response{Status: 200, Body: []byte(outputs(test.outputs))})
			if test.fault != "" {
				if err == nil || !strings.Contains(err.Error(), test.fault) {
					t.Errorf("error %v, want %s", err, test.fault)
				}
				return
			}
			if diff := cmp.Diff([]generators.Answer{test.want}, reply.Answers); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
}

// TestDecodeNamedProbability takes values of an output that the scenario names for
// probabilities of class 1.
func TestDecodeNamedProbability(t *testing.T) {
	c, err := Kind().Open(protocol.Config{Model: "m", Schema: logistic().Schema, Output: "score"})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := c.Decode(protocol.Response{Status: 200, Body: []byte(outputs(output("score", "FP32", "[2]", "[0.75,0.25]")))})
	if diff := cmp.Diff([]generators.Answer{probable(1, 0.75), probable(0, 0.25)}, reply.Answers); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// TestDecodeTensors reads the outputs of a model without classes.
func TestDecodeTensors(t *testing.T) {
	decode := func(name, list string) ([]generators.Answer, error) {
		c, err := Kind().Open(protocol.Config{Model: "m", Output: name})
		if err != nil {
			t.Fatal(err)
		}
		reply, err := c.Decode(protocol.Response{Status: 200, Body: []byte(outputs(list))})
		return reply.Answers, err
	}
	boxes, names := output("boxes", "FP32", "[2,1,2]", "[[[1,2]],[[3,4]]]"), output("names", "BYTES", "[2]", `["a","b"]`)
	for name, test := range map[string]struct {
		output, list string
		want         []generators.Answer
	}{
		"all": {"", boxes + "," + names, []generators.Answer{
			{Kind: generators.Tensors, Tensors: []generators.Tensor{generators.Float32s("boxes", []int64{1, 2}, []float32{1, 2}), tensortest.ByteStrings("names", []int64{}, "a")}},
			{Kind: generators.Tensors, Tensors: []generators.Tensor{generators.Float32s("boxes", []int64{1, 2}, []float32{3, 4}), tensortest.ByteStrings("names", []int64{}, "b")}},
		}},
		"the one named": {"names", boxes + "," + names, []generators.Answer{
			{Kind: generators.Tensors, Tensors: []generators.Tensor{tensortest.ByteStrings("names", []int64{}, "a")}},
			{Kind: generators.Tensors, Tensors: []generators.Tensor{tensortest.ByteStrings("names", []int64{}, "b")}},
		}},
		"a scalar": {"", output("y", "INT64", "[]", "[9007199254740993]"), []generators.Answer{
			{Kind: generators.Tensors, Tensors: []generators.Tensor{tensortest.Int64s("y", []int64{}, []int64{9007199254740993})}},
		}},
	} {
		got, err := decode(test.output, test.list)
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	for list, want := range map[string]string{
		"":                                "outputs: there are none",
		output("y", "FP16", "[1]", "[1]"): `outputs[0].datatype: "FP16" is not one of FP32`,
		output("y", "FP32", "[0]", "[]"):  "want one row for each of 0 examples",
		output("y", "FP32", "[2147483647,0]", "[]"):                                      "has more than 1048576 rows",
		output("y", "FP32", "[1,1,1,1,1,1,1,1,1]", "[1]"):                                "9 dimensions",
		output("y", "FP32", "[2]", "[1]"):                                                "outputs[0].data: an array of 1 values, where the shape [2] wants 2",
		boxes + "," + output("z", "INT8", "[3]", "[1,2,3]"):                              `outputs[1]: tensor "z" has the shape [3], want one row for each of 2 examples`,
		`{"name":"y","datatype":"FP32","data":[1]}`:                                      "outputs[0].shape: missing",
		`{"name":"y","datatype":"FP32","shape":[1]}`:                                     "outputs[0].data: missing",
		`{"name":"y","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}`: "4 bytes, where 0 are left behind the JSON",
	} {
		if answers, err := decode("", list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, error %v, want %s", list, answers, err, want)
		}
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

// probable is an answer of two classes with the probability of class 1.
func probable(label int, p float32) generators.Answer {
	return generators.Answer{Kind: generators.Class, Label: label, Probabilities: []float32{1 - p, p}}
}

func outputs(list string) string { return `{"model_name":"m","outputs":[` + list + `]}` }

const (
	label2       = `{"name":"label","datatype":"INT64","shape":[2],"data":[1,0]}`
	probability2 = `{"name":"probability","datatype":"FP32","shape":[2],"data":[0.25,0.75]}`
)

func TestDecode(t *testing.T) {
	both := []generators.Answer{probable(1, 0.25), probable(0, 0.75)}
	tests := []struct {
		name, body string
		want       []generators.Answer
	}{
		{"both", outputs(label2 + "," + probability2), both},
		{"other order", outputs(probability2 + "," + label2), both},
		{"unknown output", outputs(`{"name":"x","datatype":"BYTES","shape":[1],"data":["a"]},` + label2 + "," + probability2), both},
		{"label alone", outputs(label2), []generators.Answer{generators.Classified(1), generators.Classified(0)}},
		{"probability alone", outputs(probability2), []generators.Answer{probable(0, 0.25), probable(1, 0.75)}},
		{"column", outputs(`{"name":"label","datatype":"INT32","shape":[2,1],"data":[[1],[0]]}`), []generators.Answer{generators.Classified(1), generators.Classified(0)}},
		{"shape last", outputs(`{"data":[1],"name":"label","datatype":"UINT8","shape":[1]}`), []generators.Answer{generators.Classified(1)}},
		{"in double precision", outputs(`{"name":"probability","datatype":"FP64","shape":[1],"data":[0.1]}`), []generators.Answer{probable(0, 0.1)}},
		{"at the threshold", outputs(`{"name":"probability","datatype":"FP32","shape":[1],"data":[0.5]}`), []generators.Answer{probable(1, 0.5)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := testClient(t).Decode(protocol.Response{Status: 200, Body: []byte(test.body)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Answers); diff != "" {
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
		{``, `decode: the body is empty`},
		{`null`, `decode: body: want an object, got null`},
		{`{}`, `decode: outputs: want "label" or "probability", got neither`},
		{`{"id":7,` + outputs(label2)[1:], `decode: id: want a string, got a number`},
		{`{"outputs":{}}`, `decode: outputs: want an array, got an object`},
		{`{"outputs":[1]}`, `decode: outputs[0]: want an object, got a number`},
		{outputs(`{"name":"label","datatype":"FP16","shape":[1],"data":[1]}`), `decode: outputs[0].datatype: "FP16" is not one of FP32, FP64, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, BOOL, BYTES`},
		{outputs(`{"name":"probability","datatype":"INT8","shape":[1],"data":[1]}`), `decode: output "probability": a probability is FP32 or FP64, got INT8`},
		{outputs(`{"name":"label","datatype":"INT64","data":[1]}`), `decode: outputs[0].shape: missing`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[1,2],"data":[1,0]}`), `decode: output "label": want one label per row, [rows] or [rows,1], got [1,2]`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[2],"data":[1]}`), `decode: outputs[0].data: an array of 1 values, where the shape [2] wants 2`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[1],"data":[2]}`), `decode: output "label"[0]: 2 is not a label in 0…1`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[1],"data":[-1]}`), `decode: output "label"[0]: -1 is not a label in 0…1`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[1],"data":[0.5]}`), `decode: outputs[0].data[0]: 0.5 is not of datatype INT64`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[1]}`), `decode: outputs[0].data: missing`},
		{outputs(`{"name":"probability","datatype":"FP32","shape":[1],"data":[null]}`), `decode: output "probability"[0]: NaN is not a probability in 0…1`},
		{outputs(`{"name":"probability","datatype":"FP32","shape":[1],"data":[1.5]}`), `decode: output "probability"[0]: 1.5 is not a probability in 0…1`},
		{outputs(label2 + "," + label2), `decode: outputs: "label" is a second output of labels`},
		{outputs(label2 + `,{"name":"probability","datatype":"FP32","shape":[1],"data":[1]}`), `decode: outputs: 2 labels but probabilities of 1 rows`},
		{outputs(`{"name":"label","datatype":"INT64","shape":[1],"parameters":{"binary_data_size":8}}`), `decode: outputs[0].parameters.binary_data_size: 8 bytes, where 0 are left behind the JSON`},
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

// output is one output tensor as JSON.
func output(name, datatype, shape, data string) string {
	return fmt.Sprintf(`{"name":%q,"datatype":%q,"shape":%s,"data":%s}`, name, datatype, shape, data)
}

// What servers answer that know nothing of servebench: each has one meaning.
func TestDecodeOfOtherServers(t *testing.T) {
	labels := []generators.Answer{generators.Classified(1), generators.Classified(0)}
	probabilities := []generators.Answer{probable(1, 0.75), probable(0, 0.25)}
	for name, test := range map[string]struct {
		outputs string
		want    []generators.Answer
	}{
		"MLServer scikit-learn, predict":       {output("predict", "INT64", "[2,1]", "[1,0]"), labels},
		"MLServer scikit-learn, predict_proba": {output("predict_proba", "FP64", "[2,2]", "[0.25,0.75,0.75,0.25]"), probabilities},
		"MLServer scikit-learn, both": {output("predict", "INT64", "[2]", "[1,0]") + "," +
			output("predict_proba", "FP64", "[2,2]", "[0.25,0.75,0.75,0.25]"), []generators.Answer{probable(1, 0.75), probable(0, 0.25)}},
		"MLServer scikit-learn, text labels": {output("predict", "BYTES", "[2,1]", `["yes","no"]`), labels},
		"MLServer XGBoost, labels as floats": {output("predict", "FP32", "[2]", "[1.0,0.0]"), labels},
		"KServe scikit-learn":                {output("output-0", "INT64", "[2]", "[1,0]"), labels},
		"KServe scikit-learn, probabilities": {output("output-0", "FP64", "[2,2]", "[[0.25,0.75],[0.75,0.25]]"), probabilities},
		"KServe, labels in double precision": {output("output-0", "FP64", "[2]", "[1,0]"), labels},
		"KServe, booleans":                   {output("output-0", "BOOL", "[2]", "[true,false]"), labels},
		"Triton FIL, labels":                 {output("output__0", "FP32", "[2]", "[1.0,0.0]"), labels},
		"Triton FIL, probabilities":          {output("output__0", "FP32", "[2,2]", "[0.25,0.75,0.75,0.25]"), probabilities},
		"ONNX of scikit-learn": {output("label", "INT64", "[2]", "[1,0]") + "," +
			output("probabilities", "FP32", "[2,2]", "[0.25,0.75,0.75,0.25]"), probabilities},
		"OpenVINO, named":                 {output("probabilities", "FP32", "[2,2]", "[0.25,0.75,0.75,0.25]"), probabilities},
		"TorchServe, a scalar":            {output("predictions", "INT64", "[]", "[1]"), labels[:1]},
		"softmax of any name":             {output("dense_1", "FP32", "[2,2]", "[0.2490234375,0.75,0.75,0.25]"), []generators.Answer{{Kind: generators.Class, Label: 1, Probabilities: []float32{0.2490234375, 0.75}}, probable(0, 0.25)}},
		"classes":                         {output("classes", "BYTES", "[2]", `["yes","no"]`), labels},
		"classes by number":               {output("classes", "BYTES", "[2]", `["1","0"]`), labels},
		"label, FP64":                     {output("label", "FP64", "[2]", "[1.0,0]"), labels},
		"label, FP32 in a column":         {output("label", "FP32", "[2,1]", "[[1.0],[0]]"), labels},
		"label, BOOL":                     {output("label", "BOOL", "[2]", "[true,false]"), labels},
		"label, BOOL as numbers":          {output("label", "BOOL", "[2]", "[1,0]"), labels},
		"label, BYTES":                    {output("label", "BYTES", "[2]", `["yes","no"]`), labels},
		"label, BYTES with an escape":     {output("label", "BYTES", "[2]", `["\u0079es","no"]`), labels},
		"probability of both classes":     {output("probability", "FP32", "[2,2]", "[0.25,0.75,0.75,0.25]"), probabilities},
		"its own names win over likewise": {label2 + "," + output("class", "BYTES", "[2]", `["perhaps","no"]`), labels},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := testClient(t).Decode(protocol.Response{Status: 200, Body: []byte(outputs(test.outputs))})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Answers); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What may mean two things is refused, with what was found.
func TestDecodeDoesNotGuess(t *testing.T) {
	for name, test := range map[string]struct{ outputs, want string }{
		"probability as a label":          {output("label", "FP32", "[1]", "[0.97]"), `output "label"[0]: 0.97 is not a label; a probability of class 1 is read from an output named "probability" or "predict_proba", or as [rows,2]`},
		"probability or regression":       {output("predict", "FP32", "[1]", "[0.97]"), `output "predict"[0]: 0.97 is not a label`},
		"the same, numbered":              {output("output-0", "FP32", "[1]", "[0.03]"), "0.03 is not a label"},
		"missing label":                   {output("label", "FP32", "[1]", "[null]"), "NaN is not a label"},
		"label out of range":              {output("output-0", "FP64", "[1]", "[2.0]"), "2 is not a label in 0…1"},
		"logits":                          {output("output-0", "FP32", "[1,2]", "[-1.5,2.5]"), "-1.5 is not a probability"},
		"independent scores":              {output("predict_proba", "FP32", "[1,2]", "[0.9,0.8]"), `output "predict_proba": row 0 adds up to 1.7, want 1`},
		"three classes":                   {output("predict_proba", "FP32", "[1,3]", "[0.2,0.3,0.5]"), "want the probabilities of 2 classes, [rows,2], or of two classes that of class 1, [rows] or [rows,1], got [1,3]"},
		"one-hot":                         {output("label", "INT64", "[1,2]", "[0,1]"), "[rows] or [rows,1], got [1,2]"},
		"another class":                   {output("label", "BYTES", "[1]", `["maybe"]`), `"maybe" is not a label, want one of ["no" "yes"] or its number, 0…1`},
		"true as text":                    {output("label", "BYTES", "[1]", `["true"]`), `"true" is not a label`},
		"another case":                    {output("label", "BYTES", "[1]", `["Yes"]`), `"Yes" is not a label`},
		"another number":                  {output("label", "BYTES", "[1]", `["2"]`), "2 is not a label in 0…1"},
		"number as text":                  {output("label", "INT64", "[1]", `["1"]`), "want INT64, got a string"},
		"text as a number":                {output("label", "BYTES", "[1]", `[1]`), "want BYTES, got a number"},
		"a float of an unknown name":      {output("score", "FP32", "[1]", "[1]"), `want "label" or "probability", got "score" (FP32 [1])`},
		"two unknown outputs":             {output("a", "INT64", "[1]", "[1]") + "," + output("b", "INT64", "[1]", "[0]"), `got "a" (INT64 [1]), "b" (INT64 [1])`},
		"two labels":                      {output("class", "INT64", "[1]", "[1]") + "," + output("predict", "INT64", "[1]", "[0]"), `"predict" is a second output of labels`},
		"probabilities as whole numbers":  {output("predict_proba", "INT64", "[1]", "[1]"), "a probability is FP32 or FP64, got INT64"},
		"more values than a scalar holds": {output("predict", "INT64", "[]", "[1,0]"), "an array of 2 values, where the shape [1] wants 1"},
		"no rows":                         {output("output-0", "FP32", "[0,2]", "[]"), `output "output-0": want the probabilities of 2 classes, [rows,2], or of two classes that of class 1, [rows] or [rows,1], got [0,2]`},
		"no outputs":                      {"", "got neither"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := testClient(t).Decode(protocol.Response{Status: 200, Body: []byte(outputs(test.outputs))})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
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
	f.Add([]byte(outputs(output("boxes", "FP64", "[2,1,2]", "[[[1,2]],[[3,4]]]"))))
	f.Add([]byte(`{"error":"no"}`))
	f.Add([]byte(outputs(output("predict_proba", "FP64", "[2,2]", "[0.25,0.75,0.75,0.25]"))))
	f.Add([]byte(outputs(output("classes", "BYTES", "[2]", `["yes","0"]`))))
	f.Add([]byte(outputs(output("output-0", "BOOL", "[]", "[true]"))))
	f.Fuzz(func(t *testing.T, body []byte) {
		free, openErr := Kind().Open(protocol.Config{Model: "m"})
		if openErr != nil {
			t.Fatal(openErr)
		}
		values, _ := free.Decode(protocol.Response{Status: 200, Body: body})
		for _, a := range values.Answers {
			for _, tensor := range a.Tensors {
				if err := tensor.Check(); err != nil {
					t.Fatal(err)
				}
			}
		}
		reply, err := testClient(t).Decode(protocol.Response{Status: 200, Body: body})
		answers := reply.Answers
		if err == nil && len(answers) == 0 {
			t.Fatal("neither answers nor an error")
		}
		for _, a := range answers {
			if a.Kind != generators.Class || a.Label < 0 || a.Label > 1 || slices.ContainsFunc(a.Probabilities, func(p float32) bool { return !(0 <= p && p <= 1) }) {
				t.Fatalf("answer %+v is out of range", a)
			}
		}
	})
}
