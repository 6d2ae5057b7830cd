package tfserving

import (
	"net/http"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/protocoltest"
)

func TestHandler(t *testing.T) {
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/v1/models/m:predict", `{"signature_name":"serving_default","instances":[[0.5,0],[0,0.5]]}`, 200, `{"predictions":[[0.5,0.5],[0.75,0.25]]}`},
		{"POST", "/v1/models/m/versions/1:predict", `{"instances":[{"b":1,"a":0.25},{"features":[0,0]}]}`, 200, `{"predictions":[[0.25,0.75],[1,0]]}`},
		{"POST", "/v1/models/m:predict", `{"inputs":[[0.5,0]]}`, 200, `{"outputs":[[0.5,0.5]]}`},
		{"POST", "/v1/models/m:predict", `{"inputs":{"features":[[0.5,0]]}}`, 200, `{"outputs":[[0.5,0.5]]}`},
		{"POST", "/v1/models/m:predict", `{"inputs":{"b":[1,0.5],"a":[[0],[0.25]]}}`, 200, `{"outputs":[[0.5,0.5],[0.5,0.5]]}`},
		{"POST", "/v1/models/m:classify", `{"examples":[{"a":0.5,"b":0.5}]}`, 200, `{"results":[[["no",0.25],["yes",0.75]]]}`},
		{"POST", "/v1/models/m:regress", `{"examples":[{"a":0.5,"b":0.5}]}`, 200, `{"results":[0.75]}`},
		{"GET", "/v1/models/m", "", 200, `{"model_version_status":[{"version":"1","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}],"name":"m","ready":true}`},
		{"GET", "/v1/models", "", 200, `{"models":[{"name":"m"}]}`},

		{"POST", "/v1/models/m:predict", `{"instances":[[1]]}`, 400, `instances[0]: 1 features in a row, want 2`},
		{"POST", "/v1/models/m:predict", `{"instances":[{"a":1,"c":2}]}`, 400, `unknown feature \"c\", want a, b; instances[0]: 1 features, the model wants 2: a, b`},
		{"POST", "/v1/models/m:predict", `{"instances":[[0,0],[0,0],[0,0]]}`, 400, `a batch of 3 rows is over the limit of 2`},
		{"POST", "/v1/models/m:predict", `{"instances":[]}`, 400, `instances: want at least 1 row and 1 feature, got [0,2]`},
		{"POST", "/v1/models/m:predict", `{"instances":[[0,0]],"inputs":[[0,0]]}`, 400, `inputs: the body has instances already`},
		{"POST", "/v1/models/m:predict", `{"instances":[[0,"x"]]}`, 400, `instances[0]: want FP64, got a string`},
		{"POST", "/v1/models/m:predict", `{"instances":[[0,1e300]]}`, 400, `1e+300 is out of the range of FP32`},
		{"POST", "/v1/models/m:predict", `{"inputs":{"a":[1,2],"b":[1]}}`, 400, `column b has 1 values, column a has 2`},
		{"POST", "/v1/models/m:predict", `{}`, 400, `want \"instances\" or \"inputs\"`},
		{"POST", "/v1/models/m:predict", `{"instances":[[0,0]`, 400, `not valid JSON`},
		{"POST", "/v1/models/m:predict", strings.Repeat("[", 1000), 400, "no more than 64 levels"},
		{"POST", "/v1/models/n:predict", `{}`, 404, `unknown model \"n\", want one of m`},
		{"POST", "/v1/models/m/versions/2:predict", `{}`, 404, `unknown version \"2\"`},
		{"POST", "/v1/models/m:explain", `{}`, 404, `unknown method \"explain\"`},
		{"GET", "/v1/models/m:predict", ``, 405, `method GET is not allowed`},
	} {
		if w := protocoltest.Ask(Handler, tt.method, tt.path, tt.body); w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s %s %.60s: %d %s, want %d with %s", tt.method, tt.path, tt.body, w.Code, w.Body, tt.status, tt.want)
		}
	}
	if w := protocoltest.Ask(Handler, http.MethodGet, "/v1/models/m/metadata", ""); !strings.Contains(w.Body.String(), `"inputs":{"features":{"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"name":"","size":"-1"},{"name":"","size":"2"}]`) {
		t.Errorf("metadata: %s", w.Body)
	}
}

// TestAnswersOfOtherServers reads what models of Keras and TensorFlow's estimators answer.
func TestAnswersOfOtherServers(t *testing.T) {
	two, three := generators.Schema{Classes: []string{"no", "yes"}}, generators.Schema{Classes: []string{"a", "b", "c"}}
	for _, tt := range []struct {
		body   string
		schema generators.Schema
		labels []int
		fault  string
	}{
		{`{"predictions": [[0.25], [0.75]]}`, two, []int{0, 1}, ""},
		{`{"predictions": [0.25, 0.75]}`, two, []int{0, 1}, ""},
		{`{"predictions": [[0.25, 0.5, 0.25]]}`, three, []int{1}, ""},
		{`{"outputs": [[0.25, 0.5, 0.25]]}`, three, []int{1}, ""},
		{`{"outputs": {"probabilities": [[0.25, 0.5, 0.25]], "logits": [[1, 2, 1]]}}`, three, []int{1}, ""},
		{`{"predictions": [{"probabilities": [0.25, 0.75], "class_ids": [1], "classes": ["1"], "logistic": [0.75]}]}`, two, []int{1}, "second output"},
		{`{"predictions": [{"class_ids": [1], "scores": [2.5]}]}`, two, []int{1}, ""},
		{`{"predictions": [2, 0]}`, three, []int{2, 0}, ""},
		{`{"predictions": [3]}`, three, nil, "3 is not a label in 0…2"},
		{`{"predictions": [[0.5, 0.25], [0.5]]}`, two, nil, "has the shape [1], that of the first is [2]"},
		{`{"predictions": [NaN]}`, two, nil, "not a probability"},
		{`{"results": [1]}`, two, nil, `no "predictions"`},
		{`<html>`, two, nil, "not valid JSON"},
	} {
		p, err := Kind().Open(protocol.Config{Model: "m", Schema: tt.schema})
		if err != nil {
			t.Fatal(err)
		}
		reply, err := p.Decode(protocol.Response{Status: 200, Body: []byte(tt.body)})
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%s: %+v, %v, want an error with %q", tt.body, reply, err, tt.fault)
			}
			continue
		}
		if err != nil || len(reply.Answers) != len(tt.labels) {
			t.Errorf("%s: %+v, %v", tt.body, reply, err)
			continue
		}
		for i, a := range reply.Answers {
			if a.Label != tt.labels[i] {
				t.Errorf("%s: answer %d is %+v, want label %d", tt.body, i, a, tt.labels[i])
			}
		}
	}
}
