package protocoltest

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
)

func sendTo(h http.Handler, req protocol.Request) protocol.Response {
	r := httptest.NewRequest(req.Method, req.Path, bytes.NewReader(req.Body))
	r.Header = req.Header.Clone()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return protocol.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}
}

func testRoundTrip(t *testing.T, s Subject) {
	p, h := open(t, s), s.Handler(service())
	for _, n := range []int{1, 2, 17} {
		for _, id := range []string{"", "r-1", "quoted \"id\" é"} {
			examples := makeBatch(uint64(n), n)
			resp := sendTo(h, encode(t, p, id, examples))
			if resp.Status != http.StatusOK {
				t.Fatalf("batch of %d: status %d: %s", n, resp.Status, resp.Body)
			}
			reply, err := p.Decode(resp)
			if err != nil {
				t.Fatalf("batch of %d: %v in %s", n, err, resp.Body)
			}
			if fault := compareAnswers(examples, reply.Answers); fault != "" {
				t.Errorf("batch of %d: %s", n, fault)
			}
			if reply.ID != "" && reply.ID != id {
				t.Errorf("batch of %d: the answer to request %q says it is to %q", n, id, reply.ID)
			}
		}
	}
}

// compareAnswers says where the answers are not the model's; "" when they are.
func compareAnswers(examples []generators.Example, answers []protocol.Answer) string {
	if len(answers) != len(examples) {
		return fmt.Sprintf("%d answers", len(answers))
	}
	for i, answer := range answers {
		p := float64(predict(examples[i].Features))
		label := 0
		if p >= 0.5 {
			label = 1
		}
		if answer.Label != label {
			return fmt.Sprintf("answer %d has label %d, want %d", i, answer.Label, label)
		}
		if !math.IsNaN(answer.Probability) && math.Abs(answer.Probability-p) > 1e-6 {
			return fmt.Sprintf("answer %d has probability %g, want %g", i, answer.Probability, p)
		}
	}
	return ""
}

func testReady(t *testing.T, s Subject) {
	get := func(ready bool) int {
		svc := service()
		svc.Ready = func() bool { return ready }
		return sendTo(s.Handler(svc), protocol.Request{Method: http.MethodGet, Path: s.Kind.Ready}).Status
	}
	if status := get(true); status/100 != 2 {
		t.Errorf("a ready server answers %s with %d", s.Kind.Ready, status)
	}
	if status := get(false); status != http.StatusServiceUnavailable {
		t.Errorf("a draining server answers %s with %d, want 503", s.Kind.Ready, status)
	}
}

func testUnknownModel(t *testing.T, s Subject) {
	svc := service()
	svc.Models[0].Name = "another"
	resp := sendTo(s.Handler(svc), encode(t, open(t, s), "", makeBatch(1, 1)))
	if resp.Status != http.StatusNotFound {
		t.Errorf("status %d: %s; want 404", resp.Status, resp.Body)
	}
}

func testBatchLimit(t *testing.T, s Subject) {
	svc := service()
	svc.MaxBatch = 3
	p, h := open(t, s), s.Handler(svc)
	if resp := sendTo(h, encode(t, p, "", makeBatch(1, 3))); resp.Status != http.StatusOK {
		t.Errorf("a batch at the limit got %d: %s", resp.Status, resp.Body)
	}
	if resp := sendTo(h, encode(t, p, "", makeBatch(1, 4))); resp.Status != http.StatusBadRequest {
		t.Errorf("a batch over the limit got %d: %s; want 400", resp.Status, resp.Body)
	}
}

// witness keeps what an observer is told.
type witness struct{ told []protocol.Inference }

func (w *witness) Observe(i protocol.Inference) { w.told = append(w.told, i) }

func testObserver(t *testing.T, s Subject) {
	seen := &witness{}
	svc := service()
	svc.Observer = func(m protocol.Model) protocol.Observer {
		if m.Name != modelName {
			t.Errorf("observer of model %q asked for, want %q", m.Name, modelName)
		}
		return seen
	}
	h := s.Handler(svc)
	req := encode(t, open(t, s), "", makeBatch(1, 5))
	sendTo(h, req)
	req.Body = req.Body[:len(req.Body)/2]
	sendTo(h, req)
	if len(seen.told) != 2 {
		t.Fatalf("told of %d inferences, want 2: %+v", len(seen.told), seen.told)
	}
	if good := seen.told[0]; good.Status != http.StatusOK || good.Rows != 5 {
		t.Errorf("a good request is told as %+v", good)
	}
	if bad := seen.told[1]; bad.Status != http.StatusBadRequest || bad.Rows != 0 {
		t.Errorf("a bad request is told as %+v", bad)
	}
}
