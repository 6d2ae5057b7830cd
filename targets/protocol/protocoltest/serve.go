package protocoltest

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/targets"
	"servebench/targets/protocol"
)

// sendTo has a handler answer a request as if it had come over HTTP/2, which is what
// gRPC asks for and nothing to the others.
func sendTo(h http.Handler, req protocol.Request) protocol.Response {
	r := httptest.NewRequest(req.Method, req.Path, bytes.NewReader(req.Body))
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	r.Header = req.Header.Clone()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	got := w.Result()
	return protocol.Response{Status: w.Code, Header: got.Header, Trailer: got.Trailer, Body: w.Body.Bytes()}
}

// Ask has the server side of a protocol answer a request, whose header fields come as
// names and values by turns. It serves a model m of two features, a and b, whose
// probability of class yes is the sum of a and half of b, and takes two rows at most.
func Ask(handler func(protocol.Service) http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	m := protocol.Model{
		Name: "m", Version: "1", Predict: protocol.Binary(func(x []float32) float32 { return x[0] + x[1]/2 }),
		Schema: generators.Schema{Features: []generators.Feature{{Name: "a"}, {Name: "b"}}, Classes: []string{"no", "yes"}},
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler(protocol.Service{Name: "s", Version: "1.2", Models: protocol.NewRegistry(&protocol.Served{Model: m, MaxBatch: 2})}).ServeHTTP(w, r)
	return w
}

// decode reads a response as the engine has it read: failures that the protocol sees
// first.
func decode(p protocol.Protocol, r protocol.Response) (protocol.Reply, error) {
	if f, ok := p.(protocol.FailureReader); ok {
		if !f.Accepts(r.Status) {
			return protocol.Reply{}, fmt.Errorf("status %d", r.Status)
		}
		if failure := f.Failure(r); failure.Class != "" {
			return protocol.Reply{}, fmt.Errorf("%s: %s", failure.Class, failure.Text)
		}
	} else if r.Status/100 != 2 {
		return protocol.Reply{}, fmt.Errorf("status %d", r.Status)
	}
	return p.Decode(r)
}

// refused reports whether a server blames the client for a request: by a 4xx status or 501,
// or by whatever the protocol calls a failure in a response with status 200.
func refused(p protocol.Protocol, r protocol.Response) bool {
	if f, ok := p.(protocol.FailureReader); ok && f.Accepts(r.Status) {
		return f.Failure(r).Class != ""
	}
	return r.Status/100 == 4 || r.Status == http.StatusNotImplemented
}

// testRoundTrip asks each model of the suite, as batches of several sizes.
func testRoundTrip(t *testing.T, s Subject) {
	h := s.Handler(service())
	for _, m := range models() {
		t.Run(m.Name, func(t *testing.T) {
			p := openFor(t, s, m)
			for _, n := range []int{1, 2, 17} {
				for _, id := range []string{"", "r-1", "quoted \"id\" é"} {
					examples := makeBatch(uint64(n), n)
					checkAnswers(t, p, m, id, examples, sendTo(h, encode(t, p, id, examples)))
				}
			}
		})
	}
}

// checkAnswers holds a response to what the model says to the examples.
func checkAnswers(t *testing.T, p protocol.Protocol, m protocol.Model, id string, examples []generators.Example, resp protocol.Response) {
	t.Helper()
	n := len(examples)
	reply, err := decode(p, resp)
	if err != nil {
		t.Fatalf("batch of %d: %v in status %d: %s", n, err, resp.Status, resp.Body)
	}
	if fault := compareAnswers(m, examples, reply.Answers); fault != "" {
		t.Errorf("batch of %d: %s", n, fault)
	}
	if reply.ID != "" && reply.ID != id {
		t.Errorf("batch of %d: the answer to request %q says it is to %q", n, id, reply.ID)
	}
}

// compareAnswers says where the answers are not the model's; "" when they are.
func compareAnswers(m protocol.Model, examples []generators.Example, answers []generators.Answer) string {
	if len(answers) != len(examples) {
		return fmt.Sprintf("%d answers", len(answers))
	}
	for i, answer := range answers {
		want := m.Answer(examples[i].Features)
		if len(m.Schema.Classes) == 0 {
			if got, ok := value(answer); !ok || math.Abs(got-want.Tensors[0].Number(0)) > 1e-6 {
				return fmt.Sprintf("answer %d is %+v, want the value %g", i, answer, want.Tensors[0].Number(0))
			}
			continue
		}
		if answer.Kind != want.Kind || answer.Label != want.Label {
			return fmt.Sprintf("answer %d is %+v, want %+v", i, answer, want)
		}
		if answer.Probabilities != nil && !near(answer.Probabilities, want.Probabilities) {
			return fmt.Sprintf("answer %d has probabilities %g, want %g", i, answer.Probabilities, want.Probabilities)
		}
	}
	return ""
}

// value returns the number that an answer is, as a tensor of one element or in JSON.
func value(a generators.Answer) (float64, bool) {
	switch {
	case a.Kind == generators.Tensors && len(a.Tensors) == 1 && a.Tensors[0].Len() == 1:
		return a.Tensors[0].Number(0), true
	case a.Kind == generators.Text && a.Value.JSON:
		v, err := strconv.ParseFloat(a.Value.Text, 64)
		return v, err == nil
	}
	return 0, false
}

func near(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Abs(float64(x)-float64(y)) <= 1e-6 })
}

// testTensors sends the rows of features as tensors of every datatype that is carried.
func testTensors(t *testing.T, s Subject) {
	h, m := s.Handler(service()), models()[0]
	for _, d := range s.Tensors {
		t.Run(d.String(), func(t *testing.T) {
			schema := m.Schema
			schema.Features, schema.Tensors = nil, []generators.Tensor{{Name: s.Input, Datatype: d, Shape: []int64{4}}}
			p, err := s.Kind.Open(protocol.Config{Model: m.Name, Schema: schema})
			if err != nil {
				t.Fatal(err)
			}
			examples := makeTensors(s.Input, d, 5)
			checkAnswers(t, p, m, "r-1", examples, sendTo(h, encode(t, p, "r-1", examples)))
			examples[3].Tensors[0].Shape = []int64{2, 2}
			if _, err := p.Encode("", examples); err == nil {
				t.Error("a tensor of another shape was encoded")
			}
		})
	}
}

// makeTensors makes n examples of four numbers that are 0 or 1, in every datatype alike.
func makeTensors(name string, d generators.Datatype, n int) []generators.Example {
	one := map[generators.Datatype][]byte{
		generators.FP16: {0x00, 0x3c}, generators.BF16: {0x80, 0x3f},
		generators.FP32: {0, 0, 0x80, 0x3f}, generators.FP64: {0, 0, 0, 0, 0, 0, 0xf0, 0x3f},
	}[d]
	if one == nil {
		one = append([]byte{1}, make([]byte, d.Size()-1)...)
	}
	examples := make([]generators.Example, n)
	for i := range examples {
		row, data := make([]float32, 4), []byte(nil)
		for j := range row {
			if i>>j&1 == 1 {
				row[j] = 1
				data = append(data, one...)
			} else {
				data = append(data, make([]byte, d.Size())...)
			}
		}
		examples[i] = generators.Example{Features: row, Tensors: []generators.Tensor{{Name: name, Datatype: d, Shape: []int64{4}, Data: data}}}
	}
	return examples
}

func testReady(t *testing.T, s Subject) {
	if targets.IsCall(s.Kind.Ready) {
		testReadyCall(t, s)
		return
	}
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

func testReadyCall(t *testing.T, s Subject) {
	for _, ready := range []bool{true, false} {
		svc := service()
		svc.Ready = func() bool { return ready }
		r, err := targets.NewReadyRequest(t.Context(), "http://x", s.Kind.Ready)
		if err != nil {
			t.Fatal(err)
		}
		r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
		w := httptest.NewRecorder()
		s.Handler(svc).ServeHTTP(w, r)
		if err := targets.CheckCall(w.Result(), targets.Credentials{}); (err == nil) != ready {
			t.Errorf("a server that is ready (%t) answers the call %s so that it is %v", ready, s.Kind.Ready, err)
		}
	}
}

func testUnknownModel(t *testing.T, s Subject) {
	svc := service()
	svc.Models.Remove(modelName)
	p := open(t, s)
	resp := sendTo(s.Handler(svc), encode(t, p, "", makeBatch(1, 1)))
	if !refused(p, resp) {
		t.Errorf("status %d: %s; want a refusal", resp.Status, resp.Body)
	}
}

func testBatchLimit(t *testing.T, s Subject) {
	svc := service(func(m *protocol.Served) { m.MaxBatch = 3 })
	p, h := open(t, s), s.Handler(svc)
	resp := sendTo(h, encode(t, p, "", makeBatch(1, 3)))
	if _, err := decode(p, resp); err != nil {
		t.Errorf("a batch at the limit got %d: %v: %s", resp.Status, err, resp.Body)
	}
	if resp := sendTo(h, encode(t, p, "", makeBatch(1, 4))); !refused(p, resp) {
		t.Errorf("a batch over the limit got %d: %s; want a refusal", resp.Status, resp.Body)
	}
}

// witness keeps what an observer is told.
type witness struct{ told []protocol.Inference }

func (w *witness) Observe(i protocol.Inference) { w.told = append(w.told, i) }

func testObserver(t *testing.T, s Subject) {
	seen := &witness{}
	h := s.Handler(service(func(m *protocol.Served) {
		if m.Name == modelName {
			m.Observer = seen
		}
	}))
	req := encode(t, open(t, s), "", makeBatch(1, 5))
	sendTo(h, req)
	if req.Body = req.Body[:len(req.Body)/2]; s.Break != nil {
		req.Body = s.Break(encode(t, open(t, s), "", makeBatch(1, 5)).Body)
	}
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
