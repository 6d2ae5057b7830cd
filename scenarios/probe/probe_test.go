package probe

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/mlflow"
	"servebench/targets/protocol/tfserving"
	v2 "servebench/targets/protocol/v2"
	"servebench/targets/protocol/v2grpc"

	"github.com/google/go-cmp/cmp"
)

func kinds() []protocol.Kind {
	return []protocol.Kind{v2.Kind(), v2.BinaryKind(), v2grpc.Kind(), tfserving.Kind(), mlflow.Kind()}
}

// serve serves a handler over HTTP/1.1 and h2c.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

func service() protocol.Service {
	return protocol.Service{Name: "s", Version: "1", Models: protocol.NewRegistry(&protocol.Served{Model: protocol.Model{
		Name: "m", Version: "3", Predict: protocol.Binary(func([]float32) float32 { return 0.25 }),
		Schema: generators.Schema{Features: []generators.Feature{{Name: "a"}, {Name: "b"}}, Classes: []string{"no", "yes"}},
	}})}
}

func found(s *Server) (names []string) {
	for _, f := range s.Found {
		names = append(names, f.Protocol.Name)
	}
	return names
}

func TestRunFindsEveryProtocol(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/v2/", v2.Handler(service()))
	mux.Handle("/v2", v2.Handler(service()))
	mux.Handle(v2grpc.Patterns()[0], v2grpc.Handler(service()))
	for _, p := range tfserving.Patterns() {
		mux.Handle(p, tfserving.Handler(service()))
	}
	mux.Handle("/", mlflow.Handler(service()))
	s, err := Run(t.Context(), serve(t, mux), Options{Protocols: kinds()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"v2", "v2-binary", "v2-grpc", "tfserving", "mlflow"}, found(s)); diff != "" {
		t.Fatalf("protocols (-want +got):\n%s\nnot: %+v", diff, s.Not)
	}
	if want := "it speaks v2, v2-binary, v2-grpc, tfserving, mlflow; its models are m"; s.Spoken() != want {
		t.Errorf("%q, want %q", s.Spoken(), want)
	}
	for _, f := range s.Found[:4] {
		trial := f.Trials[0]
		if trial.Problem != nil || trial.Model.Name != "m" || trial.Model.Version != "3" || len(trial.Answer) == 0 {
			t.Errorf("%s: %+v", f.Protocol.Name, trial)
		}
		if want := []generators.Tensor{{Name: "features", Datatype: generators.FP32, Shape: []int64{2}}}; !cmp.Equal(want, trial.Inputs) {
			t.Errorf("%s: inputs %+v, want %+v", f.Protocol.Name, trial.Inputs, want)
		}
	}
}

// TestRunOfTritonsList reads the models of a server whose repository has an index, whose
// model has two inputs and whose dimensions vary.
func TestRunOfTritonsList(t *testing.T) {
	mux := http.NewServeMux()
	answer := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
	}
	mux.HandleFunc("GET /v2", answer(`{"name":"triton","version":"2.60.0","extensions":["model_repository"]}`))
	mux.HandleFunc("POST /v2/repository/index", answer(`[{"name":"net","version":"1","state":"READY"}]`))
	mux.HandleFunc("GET /v2/models/net", answer(`{"name":"net","versions":["1"],"inputs":[{"name":"image","datatype":"UINT8","shape":[-1,2,-1]},{"name":"text","datatype":"BYTES","shape":[1,1]}],"outputs":[{"name":"y","datatype":"FP32","shape":[-1,1]}]}`))
	mux.HandleFunc("POST /v2/models/net/infer", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Inputs []struct {
				Name, Datatype string
				Shape          []int
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Inputs) != 2 || !cmp.Equal(body.Inputs[0].Shape, []int{1, 2, 1}) {
			t.Errorf("request %+v, %v", body, err)
		}
		answer(`{"outputs":[{"name":"y","datatype":"FP32","shape":[1,1],"data":[0.5]}]}`)(w, r)
	})
	s, err := Run(t.Context(), serve(t, mux), Options{Protocols: kinds()})
	if err != nil {
		t.Fatal(err)
	}
	if got := found(s); !cmp.Equal(got, []string{"v2"}) {
		t.Fatalf("found %v", got)
	}
	if trial := s.Found[0].Trials[0]; trial.Problem != nil || !trial.Varies || s.Found[0].Server != "triton 2.60.0" {
		t.Errorf("%+v of %s", trial, s.Found[0].Server)
	}
	choice, err := s.Choose("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	text, data, err := s.Scenario(choice, s.Running())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"model: net", "protocol: v2\n", "image: UINT8[2,1]", "text: BYTES[1]"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("scenario without %q:\n%s", want, text)
		}
	}
	if lines := strings.Count(string(data), "\n"); lines != records || !strings.HasPrefix(string(data), `{"image":[`) {
		t.Errorf("%d lines: %.100s", lines, data)
	}
}

// TestRunOfOpenAPI makes bodies that fit what FastAPI says.
func TestRunOfOpenAPI(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"paths":{
			"/health":{"get":{}},
			"/users/{id}":{"put":{"requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{"name":{"type":"string"}}}}}}}},
			"/predict":{"post":{"summary":"Predict","requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Loan"}}}}}}},
			"components":{"schemas":{
				"Loan":{"type":"object","properties":{"income":{"type":"number","minimum":1000},"years":{"type":"integer"},"kind":{"$ref":"#/components/schemas/Kind"},
					"scores":{"type":"array","items":{"type":"number"},"minItems":2},"note":{"anyOf":[{"type":"null"},{"type":"string"}]},"self":{"$ref":"#/components/schemas/Loan"}}},
				"Kind":{"enum":["car","house"]}}}}`))
	})
	s, err := Run(t.Context(), serve(t, mux), Options{Protocols: kinds(), Header: http.Header{"X-Api-Key": {"geheim"}}, Written: [][2]string{{"X-Api-Key", "${KEY}"}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Routes) != 2 || s.Routes[0].Path != "/predict" || !s.Routes[1].Parameters {
		t.Fatalf("routes %+v", s.Routes)
	}
	var body map[string]any
	if err := json.Unmarshal(s.Routes[0].Body, &body); err != nil {
		t.Fatalf("%v in %s", err, s.Routes[0].Body)
	}
	delete(body, "self")
	want := map[string]any{"income": 1000.0, "years": 1.0, "kind": "car", "scores": []any{1.0, 1.0}, "note": "text"}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	choice, err := s.Choose("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := s.Scenario(choice, s.Running())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `X-Api-Key: "${KEY}"`) || strings.Contains(string(text), "geheim") || !strings.Contains(string(text), "path: /predict") {
		t.Errorf("scenario:\n%s", text)
	}
}

func TestRunOfNothing(t *testing.T) {
	if _, err := Run(t.Context(), "http://127.0.0.1:1", Options{Protocols: kinds()}); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("nobody there: %v", err)
	}
	for _, address := range []string{"", "127.0.0.1:80", "ftp://x", "http://"} {
		if _, err := Run(t.Context(), address, Options{Protocols: kinds()}); err == nil || !strings.Contains(err.Error(), "want the URL of a server") {
			t.Errorf("%q: %v", address, err)
		}
	}
	s, err := Run(t.Context(), serve(t, http.NotFoundHandler()), Options{Protocols: kinds()})
	if err != nil || len(s.Found) > 0 || len(s.Not) != len(kinds()) {
		t.Errorf("a server of nothing: %+v, %v", s, err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) })
	if s, err := Run(t.Context(), serve(t, hello), Options{Protocols: kinds()}); err != nil || len(s.Found) > 0 || s.Spoken() != "" {
		t.Errorf("a server that says hello to everything: %+v, %v", s, err)
	}
	if _, err := s.Choose("", "", ""); err == nil {
		t.Error("a scenario for nothing")
	}
}

// TestHostileDescriptions holds the probe to servers that lie.
func TestHostileDescriptions(t *testing.T) {
	for _, shape := range []string{`[]`, `[4,2]`, `[-1,1000000000000]`, `[-1,16777216,16777216]`} {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /v2", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"name":"x"}`)) })
		mux.HandleFunc("GET /v2/models", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"models":["m"]}`)) })
		mux.HandleFunc("GET /v2/models/m", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"inputs":[{"name":"x","datatype":"FP32","shape":` + shape + `}]}`))
		})
		s, err := Run(t.Context(), serve(t, mux), Options{Protocols: kinds()})
		if err != nil || len(s.Found) != 1 || s.Found[0].Trials[0].Problem == nil {
			t.Errorf("%s: %+v, %v", shape, s, err)
		}
	}
}

// A model of which the server does not say what it takes is asked with the inputs that the
// user names, and without them the requests are left to the user; a path of the server's own
// description is no way round it.
func TestNamedInputs(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/v2":
			fmt.Fprint(w, `{"name":"server","version":"1","extensions":[]}`)
		case "/v2/models/iris":
			fmt.Fprint(w, `{"name":"iris","versions":[],"platform":"","inputs":[],"outputs":[]}`)
		case "/v2/models/iris/infer":
			body, _ := io.ReadAll(r.Body)
			if !strings.Contains(string(body), `"name":"features","shape":[1,4],"datatype":"FP32"`) {
				t.Errorf("body %s", body)
			}
			fmt.Fprint(w, `{"model_name":"iris","outputs":[{"name":"predict","shape":[1,1],"datatype":"INT64","data":[2]}]}`)
		case "/openapi.json":
			fmt.Fprint(w, `{"paths":{"/v2/models/{name}/infer":{"post":{"requestBody":{"content":{"application/json":{"schema":{"type":"object"}}}}}}}}`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	opts := Options{Protocols: []protocol.Kind{v2.Kind()}, Model: "iris"}
	s, err := Run(t.Context(), server.URL, opts)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Choose("", "", "")
	if err != nil || !c.WithoutData() || c.Route != nil {
		t.Fatalf("choice %v, %v, want the model without data", c, err)
	}
	if text, _, err := s.Scenario(c, s.Running()); err != nil || !strings.Contains(string(text), "# The server does not say what the model takes.") || !strings.Contains(string(text), "file: "+OwnDataFile) {
		t.Errorf("%v, scenario:\n%s", err, text)
	}
	opts.Tensors = []generators.Tensor{{Name: "features", Datatype: generators.FP32, Shape: []int64{4}}}
	if s, err = Run(t.Context(), server.URL, opts); err != nil {
		t.Fatal(err)
	}
	if c, err := s.Choose("", "", ""); err != nil || c.WithoutData() || c.String() != "model iris by protocol v2" {
		t.Errorf("choice %v, %v", c, err)
	}
}

// TestInputsOfAnotherProtocol asks MLflow's server, which does not say what its model takes,
// for what v2 tells.
func TestInputsOfAnotherProtocol(t *testing.T) {
	mux := http.NewServeMux()
	for path, text := range map[string]string{
		"GET /v2": `{"name":"x"}`, "GET /v2/models": `{"models":["m"]}`, "GET /version": "2.9.1", "GET /ping": "\n",
		"GET /v2/models/m":  `{"inputs":[{"name":"a","datatype":"FP64","shape":[-1,2]}]}`,
		"POST /invocations": `{"predictions":[1]}`,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, text)
		})
	}
	s, err := Run(t.Context(), serve(t, mux), Options{Protocols: []protocol.Kind{v2.Kind(), mlflow.Kind()}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Choose("mlflow", "", "")
	if err != nil || c.WithoutData() || len(c.Trial.Inputs) != 1 || c.Trial.Inputs[0].Name != "a" {
		t.Fatalf("choice %v, %v", c, err)
	}
}

// TestBadModelAmongGood describes all models that can be, and says what is wrong with the
// others.
func TestBadModelAmongGood(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"models":[{"name":"bad"},{"name":"good"},{"name":"strange"}]}`)
	})
	mux.HandleFunc("GET /v1/models/good/metadata", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"metadata":{"signature_def":{"signature_def":{"serving_default":{"inputs":{"x":{"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"size":"-1"},{"size":"2"}]}}}}}}}}`)
	})
	mux.HandleFunc("GET /v1/models/strange/metadata", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) })
	s, err := Run(t.Context(), serve(t, mux), Options{Protocols: []protocol.Kind{tfserving.Kind()}})
	if err != nil || len(s.Found) != 1 || len(s.Found[0].Trials) != 3 {
		t.Fatalf("%+v, %v", s, err)
	}
	for i, want := range []string{"GET /v1/models/bad/metadata: status 404", "status 404", "no signature serving_default"} {
		if got := s.Found[0].Trials[i].Problem; got == nil || !strings.Contains(got.Error(), want) {
			t.Errorf("model %d: %v, want %s", i, got, want)
		}
	}
	if len(s.Found[0].Models[1].Inputs) != 1 {
		t.Errorf("the good model: %+v", s.Found[0].Models[1])
	}
}

// TestTooMuch holds the probe to a server that says more than it reads, lists more models and
// describes more routes than are shown.
func TestTooMuch(t *testing.T) {
	var paths, models []string
	for i := range 1000 {
		paths = append(paths, fmt.Sprintf(`"/r%d":{"post":{"requestBody":{"content":{"application/json":{"schema":{"type":"array","minItems":1000,"items":{"type":"array","minItems":1000,"items":{"type":"number"}}}}}}}}`, i))
		models = append(models, fmt.Sprintf(`"m%d"`, i))
	}
	description := `{"paths":{` + strings.Join(paths, ",") + `}}`
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"name":"x"}`) })
	mux.HandleFunc("GET /v2/models", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"models":[`+strings.Join(models, ",")+`]}`)
	})
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, description) })
	opts := Options{Protocols: []protocol.Kind{v2.Kind()}, Path: "/r999"}
	s, err := Run(t.Context(), serve(t, mux), opts)
	if err != nil || len(s.Routes) != maxRoutes || s.RoutesLeft != 1000-maxRoutes || s.Routes[0].Path != "/r999" {
		t.Fatalf("%d routes and %d more, the first is %+v, %v", len(s.Routes), s.RoutesLeft, s.Routes[0].Path, err)
	}
	if f := s.Found[0]; len(f.Models)+f.Left != 1000 || f.Left == 0 {
		t.Errorf("%d models and %d more", len(f.Models), f.Left)
	}
	description = strings.Repeat(" ", answerLimit+1)
	if s, err = Run(t.Context(), serve(t, mux), opts); err != nil || !errors.Is(s.RoutesProblem, errTooLong) {
		t.Errorf("a description that is too long: %v, %v", s.RoutesProblem, err)
	}
}

// TestChoosePath says which routes there are where a path is none of them, and takes any with
// a body of the user's, which is sent as it is.
func TestChoosePath(t *testing.T) {
	s := &Server{}
	if _, err := s.Choose("", "", "/score"); err == nil || !strings.Contains(err.Error(), "--path /score: the server has no OpenAPI description") {
		t.Error(err)
	}
	s.Routes = []Route{{Method: "POST", Path: "/predict", Body: []byte("1")}}
	if _, err := s.Choose("", "", "/score"); err == nil || !strings.Contains(err.Error(), "no such route that takes JSON, but POST /predict; choose") {
		t.Error(err)
	}
	s.opts.Body = []byte(`{"a": "{{b}}"}`)
	for _, path := range []string{"/score", "/predict"} {
		c, err := s.Choose("", "", path)
		if err != nil || c.String() != "POST "+path {
			t.Fatalf("choice %v, %v", c, err)
		}
		text, _, err := s.Scenario(c, Place{Rate: 1})
		if err != nil || !strings.Contains(string(text), `  body: '{"a": "{{{{b}}"}'`) || !strings.Contains(string(text), "# Every request has the same body.\n") || strings.Contains(string(text), "OpenAPI") {
			t.Errorf("%v:\n%s", err, text)
		}
	}
}
