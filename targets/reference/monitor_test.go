package reference

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"servebench/generators"
	"servebench/generators/drift"
	"servebench/targets/protocol"
	"servebench/targets/protocol/v2grpc"
	builtin "servebench/targets/reference/models"
	"servebench/targets/reference/monitor"
	"servebench/targets/reference/repository"
)

// watched opens a Monitor without reference data.
func watched(t testing.TB) *monitor.Monitor {
	t.Helper()
	m, err := monitor.Open(monitor.Config{
		Dir: t.TempDir(), Window: drift.LeastRows, Pending: 10_000, Log: slog.New(slog.DiscardHandler),
		Reference: func(protocol.Model) (*drift.Profile, error) { return nil, errors.New("none") },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// narrow is half with a feature that has a name.
func narrow() protocol.Model {
	m := half()
	m.Schema.Features = []generators.Feature{{Name: "x"}}
	return m
}

// TestFeedbackByID takes outcomes by the ids that answers carry, of every protocol.
func TestFeedbackByID(t *testing.T) {
	s := newServer(t, Config{Models: models(narrow()), Monitor: watched(t)})
	const row = `{%s"inputs":[{"name":"features","shape":[1,1],"datatype":"FP32","data":[1]}]}`
	long := strings.Repeat("x", protocol.MaxRequestID+1)
	grpc, err := v2grpc.Kind().Open(protocol.Config{Model: "half", Schema: narrow().Schema})
	if err != nil {
		t.Fatal(err)
	}
	call, err := grpc.Encode("in the message", []generators.Example{{Features: []float32{1}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, body string
		header, id       string // "" of id: that of the answer's header
	}{
		{"v2 with an id", "/v2/models/half/infer", fmt.Sprintf(row, `"id":"v2",`), "header", "v2"},
		{"v2 with an escaped id", "/v2/models/half/infer", fmt.Sprintf(row, `"id":"\u0061\"",`), "", `a"`},
		{"v2 with a header", "/v2/models/half/infer", fmt.Sprintf(row, ""), "header", "header"},
		{"v2 with an id that is too long", "/v2/models/half/infer", fmt.Sprintf(row, `"id":"`+long+`",`), "header", "header"},
		{"v2 without any", "/v2/models/half/infer", fmt.Sprintf(row, ""), "", ""},
		{"v2 with a header that is no id", "/v2/models/half/infer", fmt.Sprintf(row, ""), "two words", ""},
		{"tensorflow", "/v1/models/half:predict", `{"instances":[[1]]}`, "", ""},
		{"mlflow", "/invocations", `{"inputs":[[1]]}`, "mine", "mine"},
		{"grpc", call.Path, string(call.Body), "", "in the message"},
	} {
		header := []string{"Content-Type", "application/json"}
		if c.header != "" {
			header = append(header, protocol.RequestIDHeader, c.header)
		}
		if c.name == "grpc" {
			header[1] = call.Header.Get("Content-Type")
		}
		answer := ask(s, c.path, c.body, header...)
		id := c.id
		if id == "" {
			if id = answer.Header().Get(protocol.RequestIDHeader); id == c.header || len(id) != 16 {
				t.Errorf("%s: the answer's id is %q, want a new one", c.name, id)
			}
		}
		outcome, err := json.Marshal(map[string]string{"id": id, "outcome": "1"})
		if err != nil {
			t.Fatal(err)
		}
		if w := postTo(s, "/feedback", string(outcome)); answer.Code != 200 || w.Code != 200 {
			t.Errorf("%s: answered with %d, feedback for %q: %d %s", c.name, answer.Code, id, w.Code, w.Body)
		}
	}
	page := get(s, "/metrics").Body.String()
	for name, want := range map[string]string{
		`refserver_monitor_outcomes_total{model="half",version="3"}`: "9",
		`refserver_monitor_accuracy{model="half",version="3"}`:       "1",
	} {
		if got := metric(t, page, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// ask posts as postBody does, by HTTP/2 where the body is gRPC's.
func ask(s *Server, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		r.ProtoMajor, r.ProtoMinor, r.Proto = 2, 0, "HTTP/2.0"
		r.Header.Set("TE", "trailers")
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// TestMonitorPaths: they are there when a server is watched alone, and to the methods that they are for.
func TestMonitorPaths(t *testing.T) {
	plain, s := newServer(t, Config{Models: models(narrow())}), newServer(t, Config{Models: models(narrow()), Monitor: watched(t)})
	for _, path := range []string{"/feedback", "/v2/models/half/monitor"} {
		if w := get(plain, path); w.Code != 404 {
			t.Errorf("%s of a server that is not watched: %d, want 404", path, w.Code)
		}
	}
	if w := infer(plain, NoopName, strings.NewReader(oneRow)); w.Header().Get(protocol.RequestIDHeader) != "" {
		t.Error("an answer of a server that is not watched has an id that nobody gave it")
	}
	if w := get(s, "/feedback"); w.Code != 405 || w.Header().Get("Allow") != "POST" {
		t.Errorf("GET /feedback: %d, allow %q", w.Code, w.Header().Get("Allow"))
	}
	if w := postBody(s, "/feedback", zipped(`{"id":"nobody","outcome":1}`), "Content-Encoding", "gzip"); w.Code != 404 {
		t.Errorf("an outcome of a row that is not known: %d %s", w.Code, w.Body)
	}
	if w := get(s, "/v2/models/half/monitor"); w.Code != 200 || !strings.HasPrefix(w.Body.String(), `{"model":"half","window":500,"pending":0,"log":{"files":[],"dropped":0},"versions":[{"version":"3","rows":0,`) {
		t.Errorf("the state: %d %s", w.Code, w.Body)
	}
	if w := get(s, "/v2/models/noop/monitor"); w.Code != 404 {
		t.Errorf("the state of a model without features: %d %s", w.Code, w.Body)
	}
}

// TestMonitorForgets keeps no more versions of a model that is loaded again and again than the
// metrics do.
func TestMonitorForgets(t *testing.T) {
	source := counting("m")
	read := source.Read
	source.Read = func() (protocol.Model, repository.Digest, error) {
		m, digest, err := read()
		m.Schema.Features = []generators.Feature{{Name: "x"}}
		return m, digest, err
	}
	s := newServer(t, Config{Repository: &repository.Config{Sources: []repository.Source{source}}, AllowLoading: true, Monitor: watched(t)})
	for range 2 * keepRetired {
		if w := postTo(s, "/v2/repository/models/m/load", ""); w.Code != 200 {
			t.Fatal(w.Body)
		}
	}
	var state struct{ Versions []struct{ Version string } }
	if err := json.Unmarshal(get(s, "/v2/models/m/monitor").Body.Bytes(), &state); err != nil || len(state.Versions) != keepRetired+1 {
		t.Errorf("%d versions are known: %v; want %d", len(state.Versions), err, keepRetired+1)
	}
}

// BenchmarkMonitoring asks two servers in turns, one of which is watched, and reports which part of
// the other's throughput it reaches, with all that is done beside the answers where it runs on one
// core: taskset -c 0 go test -cpu 1.
func BenchmarkMonitoring(b *testing.B) {
	credit, err := builtin.Named("credit")
	if err != nil {
		b.Fatal(err)
	}
	opened, err := monitor.Open(monitor.Config{
		Dir: b.TempDir(), Window: 1000, Pending: 100_000, Log: slog.New(slog.DiscardHandler),
		Reference: builtin.Reference,
	})
	if err != nil {
		b.Fatal(err)
	}
	defer opened.Close()
	var askers []*asker
	for _, config := range []Config{{}, {Monitor: opened}} {
		config.Models = models(credit.Served())
		s, err := New(config)
		if err != nil {
			b.Fatal(err)
		}
		request := strings.Replace(string(benchmarkRequest(b).Body), NoopName, credit.Name, 1)
		askers = append(askers, newAsker(b, s.Handler(), request))
	}
	var plain, monitored time.Duration
	for b.Loop() {
		plain += askers[0].ask(b, 500)
		monitored += askers[1].ask(b, 500)
	}
	b.ReportMetric(100*plain.Seconds()/monitored.Seconds(), "%-of-unwatched")
	b.ReportMetric(500*float64(b.N)/plain.Seconds(), "requests/s")
}
