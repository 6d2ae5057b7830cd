package mlflow

import (
	"strings"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/protocoltest"
)

func TestHandler(t *testing.T) {
	const json, csv = "application/json", "text/csv; charset=utf-8"
	half := `{"predictions":[{"label":1,"probabilities":[0.5,0.5]}]}`
	for _, tt := range []struct {
		kind, body string
		status     int
		want       string
	}{
		{json, `{"dataframe_split":{"columns":["b","a"],"index":[0],"data":[[0,0.5]]}}`, 200, half},
		{json, `{"dataframe_split":{"data":[[0,0.5]],"columns":["b","a"]}}`, 200, half},
		{json, `{"dataframe_records":[{"a":0.5,"b":0}],"params":{"x":1}}`, 200, half},
		{json, `{"instances":[[0.5,0]]}`, 200, half},
		{json, `{"instances":[{"features":[0.5,0]}]}`, 200, half},
		{json, `{"inputs":[[0.5,0]]}`, 200, half},
		{json, `{"inputs":{"b":[0],"a":[0.5]}}`, 200, half},
		{csv, "b,a\n0,0.5\n", 200, half},
		{csv, "0.5,0\n", 200, half},

		{json, `{"dataframe_split":{"columns":["a","c"],"data":[[0,0.5]]}}`, 400, `dataframe_split.columns: \"b\" is missing`},
		{json, `{"dataframe_split":{"columns":["a","b"],"data":[[0]]}}`, 400, "1 features in a row, want 2"},
		{json, `{"instances":[[0,0]],"inputs":[[0,0]]}`, 400, "the body has instances already"},
		{json, `{"columns":["a"]}`, 400, "want one of dataframe_split, dataframe_records, instances, inputs"},
		{json, `[[1,2]]`, 400, "want an object, got an array"},
		{csv, "a,b\n0.5,x\n", 400, `line 2: \"x\" is not a number`},
		{csv, "a,b\n0.5\n", 400, "not valid CSV"},
		{csv, "", 400, "want at least 1 row"},
		{"application/xml", "<a/>", 415, "want application/json or text/csv"},
	} {
		w := protocoltest.Ask(Handler, "POST", "/invocations", tt.body, "Content-Type", tt.kind)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: %d %s, want %d with %s", tt.body, w.Code, w.Body, tt.status, tt.want)
		}
		if tt.status == 400 && !strings.Contains(w.Body.String(), `"error_code":"BAD_REQUEST"`) {
			t.Errorf("%s: %s, want an error_code", tt.body, w.Body)
		}
	}
	if w := protocoltest.Ask(Handler, "POST", "/invocations", `{}`, "X-Model", "n"); w.Code != 404 {
		t.Errorf("another model: %d %s", w.Code, w.Body)
	}
	for path, want := range map[string]string{"/ping": "\n", "/health": "\n", "/version": "1.2"} {
		if w := protocoltest.Ask(Handler, "GET", path, ""); w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: %d %q, want %q", path, w.Code, w.Body, want)
		}
	}
}

// TestAnswersOfOtherServers reads what models of scikit-learn and others answer behind
// MLflow's server.
func TestAnswersOfOtherServers(t *testing.T) {
	for body, want := range map[string][]int{
		`{"predictions": [1, 0, 2]}`:                        {1, 0, 2},
		`{"predictions": ["b", "a"]}`:                       {1, 0},
		`{"predictions": [[0.25, 0.5, 0.25]]}`:              {1},
		`{"predictions": [{"label": 2}, {"label": 0}]}`:     {2, 0},
		`{"predictions": {"probabilities": [[0.5,0.5,0]]}}`: {0},
	} {
		p, err := Kind().Open(protocol.Config{Schema: generators.Schema{Classes: []string{"a", "b", "c"}}})
		if err != nil {
			t.Fatal(err)
		}
		reply, err := p.Decode(protocol.Response{Status: 200, Body: []byte(body)})
		if err != nil || len(reply.Answers) != len(want) {
			t.Errorf("%s: %+v, %v", body, reply, err)
			continue
		}
		for i, a := range reply.Answers {
			if a.Label != want[i] {
				t.Errorf("%s: answer %d is %+v, want label %d", body, i, a, want[i])
			}
		}
	}
}
