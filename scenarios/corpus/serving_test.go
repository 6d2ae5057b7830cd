package corpus

import (
	"testing"
	"time"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/targets/protocol"
	v2 "servebench/targets/protocol/v2"
)

// answering is a model that answers one class.
func answering(class int) protocol.Model {
	return protocol.Model{Name: "credit", Schema: generators.Schema{Classes: []string{"declined", "approved"}}, Predict: func(_, scores []float32) {
		clear(scores)
		scores[class] = 1
	}}
}

// TestServing swaps a model that answers 0 for one that answers 1, and that for one that nobody
// knows: each answer has to be of a model that may have given it.
func TestServing(t *testing.T) {
	g, err := credit.Kind().Open(generators.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := v2.Kind().Open(protocol.Config{Model: "credit", Schema: g.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Build(Config{Generator: g, Protocol: p, Size: 1, Batch: 1, Seed: 1, Model: answering(0), Monitored: true})
	if err != nil {
		t.Fatal(err)
	}
	s := NewServing("credit")
	s.Begin(10*time.Second, answering(1))
	s.Done(12 * time.Second)
	s.Begin(20*time.Second, answering(1))
	s.Refuse()
	s.Begin(30*time.Second, protocol.Model{})
	s.Done(32 * time.Second)
	other := NewServing("other")
	other.Begin(0, answering(1))
	other.Done(0)
	answers := [2]string{
		`{"id":"servebench-0","model_name":"credit","outputs":[{"name":"label","datatype":"INT64","shape":[1],"data":[0]}]}`,
		`{"id":"servebench-0","model_name":"credit","outputs":[{"name":"label","datatype":"INT64","shape":[1],"data":[1]}]}`,
	}
	for _, x := range []struct {
		name       string
		serving    *Serving
		sent, done int // seconds
		right      [2]bool
		checked    int64
	}{
		{"nothing was swapped", nil, 1, 2, [2]bool{true, false}, 1},
		{"before", s, 8, 9, [2]bool{true, false}, 1},
		{"sent before, answered while it is swapped", s, 9, 11, [2]bool{true, true}, 1},
		{"sent before, answered after", s, 9, 15, [2]bool{true, true}, 1},
		{"sent while it is swapped", s, 11, 15, [2]bool{true, true}, 1},
		{"after", s, 13, 14, [2]bool{false, true}, 1},
		{"after a refusal", s, 25, 26, [2]bool{false, true}, 1},
		{"sent before the unknown one", s, 29, 31, [2]bool{true, true}, 0},
		{"the unknown one", s, 40, 41, [2]bool{true, true}, 0},
		{"the load that follows", s.Next(), 0, 1, [2]bool{true, true}, 0},
		{"the load that follows the first swap", firstSwap().Next(), 0, 1, [2]bool{false, true}, 1},
		{"another model", other, 1, 2, [2]bool{true, false}, 1},
	} {
		for class, answer := range answers {
			response := protocol.Response{Status: 200, Body: []byte(answer), Length: int64(len(answer))}
			for range 2 { // from what is remembered as well
				j := c.Request(0).CheckBy(response, x.serving, time.Duration(x.sent)*time.Second, time.Duration(x.done)*time.Second)
				if (j.Class == "") != x.right[class] || j.Answers.Checked != x.checked || j.Answers.Labelled != 1 {
					t.Errorf("%s: answer %d: %+v, want right %t, %d checked", x.name, class, j, x.right[class], x.checked)
				}
			}
		}
	}
}

func firstSwap() *Serving {
	s := NewServing("credit")
	s.Begin(10*time.Second, answering(1))
	s.Done(12 * time.Second)
	return s
}
