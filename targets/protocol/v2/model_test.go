package v2

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
)

// logistic is a small real model: a logistic regression on three features.
func logistic() protocol.Model {
	return protocol.Model{
		Name:    "logistic",
		Doc:     "A logistic regression.",
		Version: "7",
		Schema: generators.Schema{
			Features: []generators.Feature{{Name: "a"}, {Name: "b"}, {Name: "c"}},
			Classes:  []string{"no", "yes"},
		},
		Predict: protocol.Binary(func(x []float32) float32 {
			return float32(1 / (1 + math.Exp(-float64(x[0]-x[1]+0.5*x[2]))))
		}),
	}
}

// sum takes rows of any width.
func sum() protocol.Model {
	m := protocol.Model{Name: "sum", Version: "1", Predict: protocol.Binary(func(x []float32) float32 {
		var total float32
		for _, v := range x {
			total += v
		}
		return total
	})}
	m.Schema.Classes = []string{"0", "1"}
	return m
}

func testHandler() http.Handler {
	return Handler(protocol.Service{
		Name: "tester", Version: "1.2",
		Models: protocol.NewRegistry(&protocol.Served{Model: logistic(), MaxBatch: 4}, &protocol.Served{Model: sum(), MaxBatch: 4}),
	})
}

func call(t *testing.T, h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func testClient(t testing.TB) protocol.Protocol {
	t.Helper()
	c, err := Kind().Open(protocol.Config{Model: "logistic", Schema: logistic().Schema})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
