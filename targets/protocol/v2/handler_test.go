package v2

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"servebench/targets/protocol"
)

func TestHandlerAnswers(t *testing.T) {
	h := testHandler()
	tests := []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"server", "GET", "/v2", "", 200, `{"name":"tester","version":"1.2","extensions":["binary_tensor_data"]}`},
		{"live", "GET", "/v2/health/live", "", 200, `{"live":true,"ready":true}`},
		{"ready", "GET", "/v2/health/ready", "", 200, `{"live":true,"ready":true}`},
		{"index", "GET", "/v2/models", "", 200, `{"models":["logistic","sum"]}`},
		{"model", "GET", "/v2/models/logistic", "", 200,
			`{"name":"logistic","versions":["7"],"platform":"servebench",` +
				`"inputs":[{"name":"features","datatype":"FP32","shape":[-1,3]}],` +
				`"outputs":[{"name":"label","datatype":"INT64","shape":[-1]},{"name":"probability","datatype":"FP32","shape":[-1]},{"name":"class","datatype":"BYTES","shape":[-1]}],` +
				`"parameters":{"classes":"no,yes","description":"A logistic regression.","features":"a,b,c"}}`},
		{"model of any width", "GET", "/v2/models/sum/versions/1", "", 200,
			`{"name":"sum","versions":["1"],"platform":"servebench",` +
				`"inputs":[{"name":"features","datatype":"FP32","shape":[-1,-1]}],` +
				`"outputs":[{"name":"label","datatype":"INT64","shape":[-1]},{"name":"probability","datatype":"FP32","shape":[-1]},{"name":"class","datatype":"BYTES","shape":[-1]}],` +
				`"parameters":{"classes":"0,1","description":"","features":""}}`},
		{"model ready", "GET", "/v2/models/logistic/ready", "", 200, `{"live":true,"ready":true}`},
		{"version ready", "GET", "/v2/models/logistic/versions/7/ready", "", 200, `{"live":true,"ready":true}`},
		{"unknown model", "GET", "/v2/models/nope", "", 404, `{"error":"unknown model \"nope\", want one of logistic, sum"}`},
		{"unknown model's inference", "POST", "/v2/models/nope/infer", "{}", 404, `{"error":"unknown model \"nope\", want one of logistic, sum"}`},
		{"unknown version", "POST", "/v2/models/logistic/versions/8/infer", "{}", 404, `{"error":"unknown version \"8\" of model \"logistic\", want \"7\""}`},
		{"unknown path", "GET", "/v2/nope", "", 404, `{"error":"no such path \"/v2/nope\""}`},
		{"method", "GET", "/v2/models/logistic/infer", "", 405, `{"error":"method GET is not allowed here, want POST"}`},
		{"method of health", "DELETE", "/v2/health/live", "", 405, `{"error":"method DELETE is not allowed here, want GET, HEAD"}`},
		{"all outputs", "POST", "/v2/models/sum/infer", `{"inputs":[{"name":"features","shape":[2,2],"datatype":"FP32","data":[0.5,0.25,0,0.25]}]}`, 200,
			`{"model_name":"sum","model_version":"1","outputs":[{"name":"label","datatype":"INT64","shape":[2],"data":[1,0]},` +
				`{"name":"probability","datatype":"FP32","shape":[2],"data":[0.75,0.25]},{"name":"class","datatype":"BYTES","shape":[2],"data":["1","0"]}]}`},
		{"chosen outputs and an id", "POST", "/v2/models/logistic/versions/7/infer",
			`{"id":"a\"1","inputs":[{"name":"features","shape":[1,3],"datatype":"INT8","data":[1,2,2]}],"outputs":[{"name":"class"},{"name":"probability"}]}`, 200,
			`{"model_name":"logistic","model_version":"7","id":"a\"1","outputs":[{"name":"class","datatype":"BYTES","shape":[1],"data":["yes"]},` +
				`{"name":"probability","datatype":"FP32","shape":[1],"data":[0.5]}]}`},
		{"bad model", "POST", "/v2/models/sum/infer", `{"inputs":[{"name":"features","shape":[1,2],"datatype":"FP32","data":[1,2]}]}`, 500,
			`{"error":"model \"sum\" answered -2 for class 0 of row 0, which is not a probability"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := call(t, h, test.method, test.path, test.body)
			if w.Code != test.status || w.Body.String() != test.want {
				t.Errorf("got %d %s\nwant %d %s", w.Code, w.Body, test.status, test.want)
			}
			if got := w.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type is %q", got)
			}
		})
	}
}

func TestHandlerNamesMethods(t *testing.T) {
	w := call(t, testHandler(), "PUT", "/v2/models/sum/infer", "")
	if got := w.Header().Get("Allow"); got != "POST" {
		t.Errorf("Allow is %q, want POST", got)
	}
}

func TestHandlerNotReady(t *testing.T) {
	h := Handler(protocol.Service{Models: protocol.NewRegistry(&protocol.Served{Model: sum()}), Ready: func() bool { return false }})
	for path, status := range map[string]int{
		"/v2/health/live": 200, "/v2/health/ready": 503, "/v2/models/sum/ready": 503,
	} {
		w := call(t, h, "GET", path, "")
		if want := `{"live":true,"ready":false}`; w.Code != status || w.Body.String() != want {
			t.Errorf("%s: got %d %s, want %d %s", path, w.Code, w.Body, status, want)
		}
	}
}

func TestHandlerBodyFaults(t *testing.T) {
	infer := func(body io.Reader) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/v2/models/sum/infer", body)
		r.Body = http.MaxBytesReader(w, r.Body, 100)
		testHandler().ServeHTTP(w, r)
		return w
	}
	w := infer(strings.NewReader(strings.Repeat(" ", 101)))
	if want := `{"error":"request body is over the limit of 100 bytes"}`; w.Code != 413 || w.Body.String() != want {
		t.Errorf("got %d %s, want 413 %s", w.Code, w.Body, want)
	}
	w = infer(io.MultiReader(strings.NewReader("{"), broken{}))
	if want := `{"error":"read request body: gone"}`; w.Code != 400 || w.Body.String() != want {
		t.Errorf("got %d %s, want 400 %s", w.Code, w.Body, want)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("gone") }

// recorder keeps what an observer is told.
type recorder struct{ told []protocol.Inference }

func (r *recorder) Observe(i protocol.Inference) { r.told = append(r.told, i) }

func TestHandlerTellsObserver(t *testing.T) {
	seen := &recorder{}
	slow := sum()
	slow.Predict = protocol.Binary(func([]float32) float32 { time.Sleep(time.Millisecond); return 0 })
	h := Handler(protocol.Service{Models: protocol.NewRegistry(&protocol.Served{Model: slow, Observer: seen})})
	call(t, h, "POST", "/v2/models/sum/infer", `{"inputs":[{"name":"features","shape":[3,1],"datatype":"FP32","data":[1,2,3]}]}`)
	call(t, h, "POST", "/v2/models/sum/infer", `{`)
	if got := fmt.Sprint(len(seen.told)); got != "2" {
		t.Fatalf("told %s times, want 2", got)
	}
	good, bad := seen.told[0], seen.told[1]
	if good.Status != 200 || good.Rows != 3 || good.Compute < 3*time.Millisecond || good.Decode <= 0 || good.Encode <= 0 {
		t.Errorf("told of a good request: %+v", good)
	}
	if bad.Status != 400 || bad.Rows != 0 || bad.Compute != 0 {
		t.Errorf("told of a bad request: %+v", bad)
	}
}
