package v2

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/tensors"
)

// askBinary posts a document with bytes behind it to the model sum.
func askBinary(document, raw string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/v2/models/sum/infer", strings.NewReader(document+raw))
	r.Header.Set(binaryHeader, strconv.Itoa(len(document)))
	w := httptest.NewRecorder()
	testHandler().ServeHTTP(w, r)
	return w
}

const (
	half  = "\x00\x00\x00\x3f" // 0.5 as FP32
	halfX = `{"name":"features","shape":[1,1],"datatype":"FP32","parameters":{"binary_data_size":4}}`
)

func TestHandlerBinary(t *testing.T) {
	jsonHalf := `{"name":"probability","datatype":"FP32","shape":[1],"data":[0.5]}`
	binaryHalf := `{"name":"probability","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":4}}`
	for _, tt := range []struct {
		name, document, raw string
		status              int
		want                string // what the answer ends with, or says
	}{
		{"in binary, out JSON", `{"inputs":[` + halfX + `],"outputs":[{"name":"probability"}]}`, half, 200, `"outputs":[` + jsonHalf + `]}`},
		{"both in binary", `{"inputs":[` + halfX + `],"outputs":[{"name":"probability","parameters":{"binary_data":true}}]}`, half, 200, `"outputs":[` + binaryHalf + `]}` + half},
		{"one of each", `{"inputs":[` + halfX + `],"outputs":[{"name":"label","parameters":{"binary_data":true}},{"name":"probability","parameters":{"binary_data":false}}]}`, half, 200,
			`{"name":"label","shape":[1],"datatype":"INT64","parameters":{"binary_data_size":8}},` + jsonHalf + `]}` + "\x01\x00\x00\x00\x00\x00\x00\x00"},
		{"all in binary", `{"parameters":{"binary_data_output":true},"inputs":[` + halfX + `]}`, half, 200, "\x01\x00\x00\x001"},
		{"JSON under the header", `{"inputs":[{"name":"features","shape":[1,1],"datatype":"FP32","data":[0.5]}],"outputs":[{"name":"probability"}]}`, "", 200, jsonHalf + `]}`},
		{"a raw row", "", half, 200, jsonHalf + `,{"name":"class","datatype":"BYTES","shape":[1],"data":["1"]}]}`},

		{"too few bytes", `{"inputs":[` + halfX + `]}`, half[:3], 400, "inputs[0].parameters.binary_data_size: 4 bytes, where 3 are left behind the JSON"},
		{"too many bytes", `{"inputs":[` + halfX + `]}`, half + "x", 400, "1 bytes behind the JSON belong to no tensor"},
		{"a size that lies", strings.Replace(`{"inputs":[`+halfX+`]}`, "size\":4", "size\":5", 1), half + "x", 400, "holds 5 bytes, want 4"},
		{"a huge size", strings.Replace(`{"inputs":[`+halfX+`]}`, "size\":4", "size\":4294967295", 1), half, 400, "4294967295 bytes, where 4 are left"},
		{"a negative size", strings.Replace(`{"inputs":[`+halfX+`]}`, "size\":4", "size\":-1", 1), half, 400, "-1 is not of datatype UINT32"},
		{"no number", `{"inputs":[` + strings.Replace(halfX, "FP32", "BYTES", 1) + `]}`, half, 400, `datatype: \"BYTES\" is not one of`},
		{"half a raw row", "", half[:3], 400, "want at least 1 row"},
	} {
		w := askBinary(tt.document, tt.raw)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) || tt.status == 200 && !strings.HasSuffix(w.Body.String(), tt.want) {
			t.Errorf("%s: %d %q, want %d with %q", tt.name, w.Code, w.Body, tt.status, tt.want)
		}
		head := w.Header().Get(binaryHeader)
		if binary := strings.Contains(w.Body.String(), "binary_data_size\":") && tt.status == 200; binary != (head != "") {
			t.Errorf("%s: header %s is %q", tt.name, binaryHeader, head)
		}
	}
	for _, length := range []string{"-1", "3.5", "100", "99999999999999999999"} {
		r := httptest.NewRequest(http.MethodPost, "/v2/models/sum/infer", strings.NewReader("{}"))
		r.Header.Set(binaryHeader, length)
		w := httptest.NewRecorder()
		testHandler().ServeHTTP(w, r)
		if w.Code != 400 || !strings.Contains(w.Body.String(), "is not the length of the JSON") {
			t.Errorf("length %s: %d %s", length, w.Code, w.Body)
		}
	}
}

// TestBinaryOutputsOfOtherServers reads a mix of outputs in JSON and in binary.
func TestBinaryOutputsOfOtherServers(t *testing.T) {
	p, err := BinaryKind().Open(protocol.Config{Model: "m", Schema: generators.Schema{Features: []generators.Feature{{Name: "a"}}, Classes: []string{"no", "yes"}}})
	if err != nil {
		t.Fatal(err)
	}
	decode := func(document, raw string) (protocol.Reply, error) {
		return p.Decode(protocol.Response{Status: 200, Header: http.Header{binaryHeader: {strconv.Itoa(len(document))}}, Body: []byte(document + raw)})
	}
	reply, err := decode(`{"id":"7","outputs":[{"name":"label","datatype":"INT32","shape":[1,1],"data":[1]},{"name":"probability","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]}`, half)
	if err != nil || reply.ID != "7" || len(reply.Answers) != 1 || reply.Answers[0].Label != 1 || reply.Answers[0].Probabilities[1] != 0.5 {
		t.Errorf("%+v, %v", reply, err)
	}
	for document, want := range map[string]string{
		`{"outputs":[{"name":"probability","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":8}}]}`: "8 bytes, where 4 are left",
		`{"outputs":[{"name":"probability","datatype":"FP8","shape":[1],"parameters":{"binary_data_size":4}}]}`:  `"FP8" is not one of`,
		`{"outputs":[{"name":"probability","datatype":"FP32","parameters":{"binary_data_size":4}}]}`:             "outputs[0].shape: missing",
		`{"outputs":[{"name":"probability","datatype":"FP32","shape":[1]}]}`:                                     "outputs[0].data: missing",
		`{"outputs":[]}`: "behind the JSON belong to no tensor",
		`{"outputs":[{"name":"probability","datatype":"FP32","shape":[2,2,2,2,2,2,2,2,2],"parameters":{"binary_data_size":4}}]}`: "want up to 8 dimensions",
	} {
		if reply, err := decode(document, half); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want an error with %q", document, reply, err, want)
		}
	}
}

func FuzzBinaryAnswer(f *testing.F) {
	f.Add(`{"outputs":[{"name":"label","datatype":"INT64","shape":[1],"parameters":{"binary_data_size":8}}]}`, "\x01\x00\x00\x00\x00\x00\x00\x00")
	f.Add(`{"outputs":[{"name":"class","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":7}}]}`, "\x03\x00\x00\x00yes")
	p, err := BinaryKind().Open(protocol.Config{Model: "m", Schema: generators.Schema{Classes: []string{"no", "yes"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, document, raw string) {
		reply, err := p.Decode(protocol.Response{Status: 200, Header: http.Header{binaryHeader: {strconv.Itoa(len(document))}}, Body: []byte(document + raw)})
		for _, a := range reply.Answers {
			if err == nil && (a.Label < 0 || a.Label > 1) {
				t.Fatalf("answer %+v", a)
			}
		}
	})
}

// FuzzBinaryRequest expects that what is read without a fault is whole rows, and that
// what is behind the document has all been read.
func FuzzBinaryRequest(f *testing.F) {
	row := `{"inputs":[{"name":"features","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}]}`
	f.Add(row, "\x00\x00\x80\x3f\x00\x00\x00\x40")
	f.Add(strings.Replace(row, "FP32", "INT32", 1), "\x01\x00\x00\x00\x02\x00\x00\x00")
	f.Add(strings.Replace(row, "8}", "99999999999}", 1), "\x00\x00\x80\x3f")
	f.Add("", "\x00\x00\x80\x3f")
	f.Fuzz(func(t *testing.T, document, raw string) {
		b := &protocol.Batch{Body: []byte(document + raw)}
		if decodeRequest(served(2, 100), tensors.Offered(2), b, strconv.Itoa(len(document))) != nil {
			return
		}
		if b.Rows < 1 || b.Rows > 100 || len(b.Features) != 2*b.Rows || len(raw) > 0 && len(raw)%b.Rows != 0 {
			t.Fatalf("%d values in %d rows, from %d bytes behind %s", len(b.Features), b.Rows, len(raw), document)
		}
	})
}

// TestBinaryAnswerKeepsMemory appends an answer of many rows to memory that is there.
func TestBinaryAnswerKeepsMemory(t *testing.T) {
	m := &protocol.Served{Model: nine()}
	b := &protocol.Batch{Rows: 256, Scores: make([]float32, 512), State: &askedOutputs{
		outputs: []tensors.Output{tensors.Label, tensors.Probability}, binary: []bool{true, true},
	}}
	allocs := testing.AllocsPerRun(100, func() { b.Answer, _ = appendAnswer(b.Answer[:0], m, b) })
	if most := 6.0; allocs > most { // what describes the outputs
		t.Errorf("%v allocations for an answer of 256 rows, want at most %v", allocs, most)
	}
}
