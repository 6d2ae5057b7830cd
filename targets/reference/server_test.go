package reference

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"servebench/targets/protocol"
)

func models(m ...protocol.Model) []protocol.Model { return m }

func half() protocol.Model {
	m := Noop()
	m.Name, m.Version = "half", "3"
	m.Predict = protocol.Binary(func([]float32) float32 { return 0.5 })
	return m
}

const oneRow = `{"inputs":[{"name":"features","shape":[1,2],"datatype":"FP32","data":[1,2]}]}`

// infer posts the body to the model, with headers as pairs.
func infer(s *Server, model string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	return postBody(s, "/v2/models/"+model+"/infer", body, headers...)
}

func postTo(s *Server, path, body string) *httptest.ResponseRecorder {
	return postBody(s, path, strings.NewReader(body))
}

func postBody(s *Server, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func get(s *Server, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func TestNewRefusesModels(t *testing.T) {
	nameless, mute := half(), half()
	nameless.Name, mute.Predict = "", nil
	for want, list := range map[string][]protocol.Model{
		`make server: models[0] has no name`:       models(nameless),
		`make server: two models are named "half"`: models(half(), half()),
		`make server: model "half" cannot predict`: models(mute),
		`make server: two models are named "noop"`: models(Noop()),
	} {
		if _, err := New(Config{Models: list}); fmt.Sprint(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestNoopTakesAnyWidth(t *testing.T) {
	s := newServer(t, Config{})
	for _, body := range []string{oneRow, `{"inputs":[{"name":"features","shape":[1,1],"datatype":"FP32","data":[9]}]}`} {
		w := infer(s, NoopName, strings.NewReader(body))
		want := `{"model_name":"noop","model_version":"1","outputs":[{"name":"label","datatype":"INT64","shape":[1],"data":[0]},` +
			`{"name":"probability","datatype":"FP32","shape":[1],"data":[0]},{"name":"class","datatype":"BYTES","shape":[1],"data":["0"]}]}`
		if w.Code != 200 || w.Body.String() != want {
			t.Errorf("got %d %s\nwant 200 %s", w.Code, w.Body, want)
		}
	}
}

func TestIDs(t *testing.T) {
	s, other := newServer(t, Config{}), newServer(t, Config{})
	for id, echoed := range map[string]bool{
		"a-1/b:c":                true,
		strings.Repeat("x", 128): true,
		strings.Repeat("x", 129): false,
		"two words":              false,
		"é":                      false,
		"":                       false,
	} {
		w := infer(s, NoopName, strings.NewReader(oneRow), protocol.RequestIDHeader, id)
		if got := w.Header().Get(protocol.RequestIDHeader); (got == id) != (echoed || id == "") || (!echoed && got != "") {
			t.Errorf("request id %q came back as %q", id, got)
		}
		if got := w.Header().Get(protocol.InstanceIDHeader); got != s.Instance() || len(got) != 16 {
			t.Errorf("instance id is %q, want %q", got, s.Instance())
		}
	}
	if s.Instance() == other.Instance() {
		t.Error("two servers have the same instance id")
	}
	for _, path := range []string{"/", "/v2", "/metrics", "/v2/models/nope"} {
		if got := get(s, path).Header().Get(protocol.InstanceIDHeader); got != s.Instance() {
			t.Errorf("%s answers with instance id %q", path, got)
		}
	}
}

func TestUnknownPath(t *testing.T) {
	w := get(newServer(t, Config{}), "/predict")
	want := `{"error":"no such path \"/predict\"; inference is at /v2, /inference.GRPCInferenceService/, /v1/models, /invocations, /endpoints/, metrics are at /metrics"}`
	if w.Code != 404 || w.Body.String() != want {
		t.Errorf("got %d %s, want 404 %s", w.Code, w.Body, want)
	}
}

func zipped(text string) io.Reader {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return &b
}

func TestBodies(t *testing.T) {
	s := newServer(t, Config{Models: models(half()), MaxBody: 1000, MaxBatch: 2})
	cut, err := io.ReadAll(io.LimitReader(zipped(oneRow), 40))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		body   io.Reader
		coding string
		status int
		want   string // in the body
	}{
		{"plain", strings.NewReader(oneRow), "", 200, `"data":[0.5]`},
		{"identity", strings.NewReader(oneRow), "identity", 200, `"data":[0.5]`},
		{"gzip", zipped(oneRow), "gzip", 200, `"data":[0.5]`},
		{"gzip again, with the reader kept", zipped(oneRow), "GZIP", 200, `"data":[0.5]`},
		{"at the limit", strings.NewReader(oneRow + strings.Repeat(" ", 1000-len(oneRow))), "", 200, `"data":[0.5]`},
		{"over the limit", strings.NewReader(oneRow + strings.Repeat(" ", 1001-len(oneRow))), "", 413, `over the limit of 1000 bytes`},
		{"over the limit once decompressed", zipped(oneRow + strings.Repeat(" ", 1e5)), "gzip", 413, `over the limit of 1000 bytes`},
		{"not gzip", strings.NewReader(oneRow), "gzip", 400, `read gzip body: gzip: invalid header`},
		{"gzip cut off", bytes.NewReader(cut), "gzip", 400, `read request body: unexpected EOF`},
		{"other coding", strings.NewReader(oneRow), "br", 415, `content encoding \"br\" is not supported, want gzip or identity`},
		{"batch over the limit", strings.NewReader(`{"inputs":[{"name":"features","shape":[3,1],"datatype":"FP32","data":[1,2,3]}]}`), "", 400, `a batch of 3 rows is over the limit of 2`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := infer(s, "half", test.body, "Content-Encoding", test.coding)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("got %d %s, want %d with %s", w.Code, w.Body, test.status, test.want)
			}
		})
	}
}

// Behind the inflater a request looks as if it had been sent plain.
func TestInflateHidesTheCoding(t *testing.T) {
	var got *http.Request
	h := inflate(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r }), 1000)
	r := httptest.NewRequest("POST", "/", zipped(oneRow))
	r.Header.Set("Content-Encoding", "gzip")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if got.ContentLength != -1 || got.Header.Get("Content-Encoding") != "" {
		t.Errorf("content length %d, content encoding %q", got.ContentLength, got.Header.Get("Content-Encoding"))
	}
}

func TestPanicBecomesAnAnswer(t *testing.T) {
	var log bytes.Buffer
	broken := half()
	broken.Predict = protocol.Binary(func(x []float32) float32 { return x[99] })
	s := newServer(t, Config{Models: models(broken), Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 2 {
		w := infer(s, "half", strings.NewReader(oneRow))
		if want := `{"error":"internal error"}`; w.Code != 500 || w.Body.String() != want {
			t.Errorf("got %d %s, want 500 %s", w.Code, w.Body, want)
		}
	}
	page := get(s, "/metrics").Body.String()
	if got := metric(t, page, "refserver_panics_total"); got != "2" {
		t.Errorf("%s panics counted, want 2", got)
	}
	if got := metric(t, page, `refserver_http_requests_total{code="500"}`); got != "2" {
		t.Errorf("%s answers with 500 counted, want 2", got)
	}
	if !strings.Contains(log.String(), "index out of range") {
		t.Errorf("the log does not say why: %s", &log)
	}
	if w := infer(s, NoopName, strings.NewReader(oneRow)); w.Code != http.StatusOK {
		t.Errorf("after the panics a request got %d", w.Code)
	}
}

// A panic in the middle of an answer cuts the connection.
func TestPanicAfterTheAnswerBegan(t *testing.T) {
	s := newServer(t, Config{})
	door := &frontDoor{server: s, next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half an ans")
		panic("broke off")
	})}
	defer func() {
		if cause := recover(); cause != http.ErrAbortHandler {
			t.Errorf("net/http is told %v, want %v", cause, http.ErrAbortHandler)
		}
		if n := s.metrics.inFlight.Load(); n != 0 {
			t.Errorf("%d requests in flight, want 0", n)
		}
	}()
	door.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}

func TestMetrics(t *testing.T) {
	s := newServer(t, Config{Models: models(half()), Version: "1.2.3"})
	three := `{"inputs":[{"name":"features","shape":[3,1],"datatype":"FP32","data":[1,2,3]}]}`
	infer(s, "half", strings.NewReader(oneRow))
	infer(s, "half", strings.NewReader(three))
	infer(s, "half", strings.NewReader("{"))
	infer(s, "nope", strings.NewReader("{"))
	w := get(s, "/metrics")
	page := w.Body.String()
	for name, want := range map[string]string{
		`refserver_http_requests_in_flight`:                                       "1", // this one
		`refserver_http_requests_total{code="200"}`:                               "2",
		`refserver_http_requests_total{code="404"}`:                               "1",
		`refserver_inference_requests_total{code="200",model="half",version="3"}`: "2",
		`refserver_inference_requests_total{code="400",model="half",version="3"}`: "1",
		`refserver_inference_duration_seconds_count{model="half",version="3"}`:    "3",
		`refserver_inference_batch_rows_sum{model="half",version="3"}`:            "4",
		`refserver_inference_batch_rows_bucket{model="half",version="3",le="1"}`:  "1",
		`nv_inference_request_success{model="half",version="3"}`:                  "2",
		`nv_inference_request_failure{model="half",version="3"}`:                  "1",
		`nv_inference_count{model="half",version="3"}`:                            "4",
		`nv_inference_exec_count{model="half",version="3"}`:                       "2",
		`nv_inference_queue_duration_us{model="half",version="3"}`:                "0",
		`nv_inference_request_success{model="noop",version="1"}`:                  "0",
		`refserver_panics_total`:                                                  "0",
	} {
		if got := metric(t, page, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for _, name := range []string{"nv_inference_request_duration_us", "nv_inference_compute_input_duration_us", "nv_inference_compute_output_duration_us"} {
		if got := metric(t, page, name+`{model="half",version="3"}`); got == "0" || got == "" {
			t.Errorf("%s is %q after two requests", name, got)
		}
	}
	if !strings.Contains(page, `refserver_build_info{go_version="go1.`) || !strings.Contains(page, `version="1.2.3"} 1`) {
		t.Error("/metrics has no build info")
	}
}
