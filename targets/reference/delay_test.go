package reference

import (
	"net/http"
	"strings"
	"testing"

	"servebench/targets/protocol"
)

// TestDelayComesFirst wants the delay once for each request, before anything is done
// with it, and the answer all the same.
func TestDelayComesFirst(t *testing.T) {
	var order []string
	model := half()
	model.Predict = protocol.Binary(func([]float32) float32 { order = append(order, "model"); return 0.5 })
	s := newServer(t, Config{Models: models(model), Delay: func() { order = append(order, "delay") }})
	if w := infer(s, "half", strings.NewReader(oneRow)); w.Code != http.StatusOK {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if got := strings.Join(order, " "); got != "delay model" {
		t.Errorf("order %q, want the delay and then the model", got)
	}
}
