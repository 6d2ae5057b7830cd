package reference

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"servebench/targets/protocol"
	"servebench/targets/reference/batcher"
	"servebench/targets/reference/repository"
)

// sleeper takes 10 ms for each row.
func sleeper() protocol.Model {
	m := half()
	m.Predict = protocol.Binary(func([]float32) float32 {
		time.Sleep(10 * time.Millisecond)
		return 0.5
	})
	return m
}

// TestShedding: of three requests at a time one is predicted, one waits, and one is told to come
// back later.
func TestShedding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, Config{Models: models(sleeper()), Queue: batcher.Config{MaxQueue: 1, Executions: 1}})
		got := make([]*httptest.ResponseRecorder, 3)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				got[i] = infer(s, "half", strings.NewReader(oneRow))
			})
		}
		time.Sleep(5 * time.Millisecond)
		if n := metric(t, get(s, "/metrics").Body.String(), `nv_inference_pending_request_count{model="half",version="3"}`); n != "1" {
			t.Errorf("%s requests wait, want 1", n)
		}
		all.Wait()
		if got[0].Code != 200 || got[1].Code != 200 || got[2].Code != 429 || got[2].Header().Get("Retry-After") != "1" {
			t.Errorf("statuses %d, %d, %d; Retry-After %q", got[0].Code, got[1].Code, got[2].Code, got[2].Header().Get("Retry-After"))
		}
		page := get(s, "/metrics").Body.String()
		for name, want := range map[string]string{
			`nv_inference_exec_count{model="half",version="3"}`:                       "2",
			`nv_inference_queue_duration_us{model="half",version="3"}`:                "9000",
			`nv_inference_compute_infer_duration_us{model="half",version="3"}`:        "20000",
			`refserver_inference_requests_total{code="429",model="half",version="3"}`: "1",
		} {
			if n := metric(t, page, name); n != want {
				t.Errorf("%s is %s, want %s", name, n, want)
			}
		}
	})
}

// TestDeadlines: the shortest of the server's, the header's and the body's holds.
func TestDeadlines(t *testing.T) {
	timed := func(micros string) string {
		return strings.TrimSuffix(oneRow, "}") + `,"parameters":{"timeout":` + micros + `}}`
	}
	for _, c := range []struct {
		name         string
		server       time.Duration
		header, body string
		status       int
		after        time.Duration
	}{
		{"none", 0, "", oneRow, 200, 10 * time.Millisecond},
		{"the server's", 4 * time.Millisecond, "", oneRow, 504, 4 * time.Millisecond},
		{"the header's", 0, "5", oneRow, 504, 5 * time.Millisecond},
		{"the body's", 8 * time.Millisecond, "7", timed("6000"), 504, 6 * time.Millisecond},
		{"a longer one of the request", 4 * time.Millisecond, "50", timed("50000"), 504, 4 * time.Millisecond},
		{"0 is none", 0, "", timed("0"), 200, 10 * time.Millisecond},
		{"enough", 20 * time.Millisecond, "", oneRow, 200, 10 * time.Millisecond},
		{"no number in the header", 0, "soon", oneRow, 400, 0},
		{"no number in the body", 0, "", timed(`"soon"`), 400, 0},
		{"below 0", 0, "", timed("-1"), 400, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, Config{Models: models(sleeper()), Timeout: c.server})
				start := time.Now()
				w := infer(s, "half", strings.NewReader(c.body), TimeoutHeader, c.header)
				if after := time.Since(start); w.Code != c.status || after != c.after {
					t.Errorf("got %d after %v: %s; want %d after %v", w.Code, after, w.Body, c.status, c.after)
				}
				time.Sleep(time.Second) // what is still predicted
			})
		})
	}
}

// TestShadow has a slow version predict what a fast one answered: no answer waits for it, what it
// says is compared, and what it cannot keep up with is left out.
func TestShadow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := 0
		source := repository.Source{Name: "m", Read: func() (protocol.Model, repository.Digest, error) {
			m := half()
			m.Name = "m"
			m.Predict = protocol.Binary(func(x []float32) float32 { return x[0] / 10 })
			if read++; read == 2 {
				m.Predict = protocol.Binary(func(x []float32) float32 {
					time.Sleep(10 * time.Millisecond)
					return x[1] / 10
				})
			}
			return m, repository.Digest{byte(read)}, nil
		}}
		s := newServer(t, Config{Repository: &repository.Config{Sources: []repository.Source{source}}, AllowLoading: true})
		if w := postTo(s, "/v2/repository/models/m/load", `{"parameters":{"config":"{\"traffic\":{\"1\":1},\"shadow\":{\"version\":\"2\",\"share\":1}}"}}`); w.Code != 200 {
			t.Fatal(w.Body)
		}
		start := time.Now()
		const two = `{"inputs":[{"name":"features","shape":[2,2],"datatype":"FP32","data":[9,8,9,1]}]}` // the same class, and another one
		for range maxShadowed + 10 {
			w := infer(s, "m", strings.NewReader(two))
			if w.Code != 200 || !strings.Contains(w.Body.String(), `"model_version":"1"`) {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("the answers took %v, want no time", waited)
		}
		time.Sleep(10 * time.Second)
		page := get(s, "/metrics").Body.String()
		for name, want := range map[string]string{
			`refserver_shadow_requests_total{model="m",result="compared",version="2"}`: "64",
			`refserver_shadow_requests_total{model="m",result="dropped",version="2"}`:  "10",
			`refserver_shadow_requests_total{model="m",result="failed",version="2"}`:   "0",
			`refserver_shadow_rows_total{model="m",result="same",version="2"}`:         "64",
			`refserver_shadow_rows_total{model="m",result="different",version="2"}`:    "64",
			`nv_inference_request_success{model="m",version="2"}`:                      "0",
			`refserver_model_changes_total`:                                            "1",
		} {
			if n := metric(t, page, name); n != want {
				t.Errorf("%s is %s, want %s", name, n, want)
			}
		}
	})
}
