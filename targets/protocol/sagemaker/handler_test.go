package sagemaker

import (
	"strings"
	"testing"

	"servebench/targets/protocol/protocoltest"
)

func TestHandler(t *testing.T) {
	for _, tt := range []struct {
		path, kind, accept, body string
		status                   int
		want                     string
	}{
		{"/endpoints/m/invocations", "application/json", "", `{"instances":[{"features":[0.5,0]}]}`, 200, `{"predictions":[{"predicted_label":1,"score":[0.5,0.5]}]}`},
		{"/endpoints/m/invocations", "", "", `{"instances":[[0.5,0]]}`, 200, `{"predictions":[{"predicted_label":1,"score":[0.5,0.5]}]}`},
		{"/endpoints/m/invocations", "text/csv", "", "0.5,0\n0,0.5\n", 200, "0.5\n0.25\n"},
		{"/endpoints/m/invocations", "text/csv", "application/json", "0.5,0\n", 200, `"predicted_label":1`},
		{"/endpoints/m/invocations", "application/json", "text/csv", `{"instances":[[0.5,0]]}`, 200, "0.5\n"},
		{"/endpoints/m/invocations", "application/json", "", `{"instances":[[0.5]]}`, 424, `"OriginalStatusCode":400,"Message":"Received client error (400) from model: instances[0]: 1 features in a row, want 2"`},
		{"/endpoints/n/invocations", "application/json", "", `{}`, 400, `unknown model \"n\"`},
		{"/endpoints/m", "", "", `{}`, 404, "no such path"},
	} {
		w := protocoltest.Ask(Handler, "POST", tt.path, tt.body, "Content-Type", tt.kind, "Accept", tt.accept)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s %s: %d %s, want %d with %s", tt.path, tt.body, w.Code, w.Body, tt.status, tt.want)
		}
		if named := w.Header().Get("X-Amzn-Errortype"); (tt.status == 424) != (named == "ModelError") {
			t.Errorf("%s: the error is called %q", tt.body, named)
		}
	}
}
