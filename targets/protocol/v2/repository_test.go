package v2

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"servebench/targets/protocol"
)

// shelf is a repository that remembers what it was asked for, and has the model sum.
type shelf struct{ asked []string }

func (s *shelf) Index() []protocol.ModelState {
	return []protocol.ModelState{
		{Name: "sum", Version: "2", State: protocol.StateReady},
		{Name: "old", State: protocol.StateUnavailable, Reason: "unloaded"},
	}
}

func (s *shelf) Load(name, config string, file *protocol.ModelFile) error {
	asked := fmt.Sprintf("load %s %s", name, config)
	if file != nil {
		asked += fmt.Sprintf(" %d:%s", file.Version, file.Content)
	}
	s.asked = append(s.asked, asked)
	if name == "broken" {
		return errors.New("broken: not a model")
	}
	return nil
}

func (s *shelf) Unload(name string) error {
	s.asked = append(s.asked, "unload "+name)
	if name != "sum" {
		return &protocol.Refusal{Status: http.StatusNotFound, Text: "not there"}
	}
	return nil
}

func withShelf() (http.Handler, *shelf) {
	s := &shelf{}
	return Handler(protocol.Service{Name: "tester", Version: "1.2", Models: protocol.NewRegistry(&protocol.Served{Model: sum()}), Repository: s}), s
}

func TestRepository(t *testing.T) {
	h, asked := withShelf()
	for _, c := range []struct {
		method, path, body string
		status             int
		want, asked        string
	}{
		{"GET", "/v2", "", 200, `{"name":"tester","version":"1.2","extensions":["binary_tensor_data","model_repository"]}`, ""},
		{"POST", "/v2/repository/index", "", 200, `[{"name":"sum","version":"2","state":"READY","reason":""},{"name":"old","version":"","state":"UNAVAILABLE","reason":"unloaded"}]`, ""},
		{"POST", "/v2/repository/index", `{"ready":true}`, 200, `[{"name":"sum","version":"2","state":"READY","reason":""}]`, ""},
		{"POST", "/v2/repository/index", `{"ready":1}`, 400, `{"error":"body.ready: a JSON number does not belong there"}`, ""},
		{"GET", "/v2/repository/index", "", 405, `{"error":"method GET is not allowed here, want POST"}`, ""},
		{"POST", "/v2/repository/models/sum/load", "", 200, `{}`, "load sum "},
		{"POST", "/v2/repository/models/sum/load", `{"parameters":{"config":"{}"}}`, 200, `{}`, "load sum {}"},
		{"POST", "/v2/repository/models/sum/load", `{"parameters":{"config":{}}}`, 400, `{"error":"parameters.config: want the configuration as a text of JSON"}`, ""},
		{"POST", "/v2/repository/models/sum/load", `{"parameters":{"file:2/model.json":"eA=="}}`, 200, `{}`, "load sum  2:x"},
		{"POST", "/v2/repository/models/sum/load", `{"parameters":{"file:0/model.json":"eA=="}}`, 400, `{"error":"parameters[\"file:0/model.json\"]: want a version and the name of a file, such as file:2/model.json"}`, ""},
		{"POST", "/v2/repository/models/sum/load", `{"parameters":{"file:1/model.json":"x"}}`, 400, `{"error":"parameters[\"file:1/model.json\"]: want the content of the file in Base64"}`, ""},
		{"POST", "/v2/repository/models/sum/load", `{"parameters":{"file":"eA=="}}`, 400, `{"error":"parameters: unknown parameter \"file\", want config, or file:VERSION/NAME with the content of a file in Base64"}`, ""},
		{"POST", "/v2/repository/models/sum/load", `{} {}`, 400, `{"error":"body: want one JSON object and nothing after it"}`, ""},
		{"POST", "/v2/repository/models/broken/load", "", 400, `{"error":"broken: not a model"}`, "load broken "},
		{"POST", "/v2/repository/models/sum/unload", `{"parameters":{"unload_dependents":false}}`, 200, `{}`, "unload sum"},
		{"POST", "/v2/repository/models/x/unload", "", 404, `{"error":"not there"}`, "unload x"},
	} {
		asked.asked = nil
		w := call(t, h, c.method, c.path, c.body)
		if w.Code != c.status || w.Body.String() != c.want || strings.Join(asked.asked, "; ") != c.asked {
			t.Errorf("%s %s %s: got %d %s (%s)\nwant %d %s (%s)", c.method, c.path, c.body, w.Code, w.Body, asked.asked, c.status, c.want, c.asked)
		}
	}
}

// TestRepositoryIsOff unless the service has one: what is served can be seen, and not changed.
func TestRepositoryIsOff(t *testing.T) {
	h := testHandler()
	for path, status := range map[string]int{
		"/v2/repository/index":                    200,
		"/v2/repository/models/logistic/load":     403,
		"/v2/repository/models/logistic/unload":   403,
		"/v2/repository/models/..%2Fetc%2Fx/load": 403,
	} {
		if w := call(t, h, "POST", path, ""); w.Code != status {
			t.Errorf("%s: got %d %s, want %d", path, w.Code, w.Body, status)
		}
	}
	want := `[{"name":"logistic","version":"7","state":"READY","reason":""},{"name":"sum","version":"1","state":"READY","reason":""}]`
	if w := call(t, h, "POST", "/v2/repository/index", ""); w.Body.String() != want {
		t.Errorf("the index is %s, want %s", w.Body, want)
	}
}

// FuzzRepository sends bodies to all three paths: each gets an answer in JSON, and only what
// is a configuration in the body reaches the repository.
func FuzzRepository(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"ready":true}`, `{"parameters":{"config":"{\"traffic\":{\"1\":1}}"}}`, `{"parameters":{"file:a":"b"}}`, `[`, `null`, `{"parameters":7}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		h, asked := withShelf()
		for _, path := range []string{"/v2/repository/index", "/v2/repository/models/sum/load", "/v2/repository/models/sum/unload"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("POST", path, strings.NewReader(string(body))))
			if !json.Valid(w.Body.Bytes()) || w.Code != 200 && w.Code != 400 {
				t.Fatalf("%s: status %d: %s", path, w.Code, w.Body)
			}
			if changed := strings.HasSuffix(path, "load"); w.Code != 200 && changed && len(asked.asked) > 1 {
				t.Fatalf("%s was refused and reached the repository: %v", path, asked.asked)
			}
		}
	})
}
