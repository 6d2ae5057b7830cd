package corpus

import (
	"testing"

	"servebench/generators"

	"github.com/google/go-cmp/cmp"
)

// TestPredictions wants the predictions of every answer that could be read, from memory too, and
// those of no other one.
func TestPredictions(t *testing.T) {
	c := build(t, Config{Size: 2, Batch: 2, Seed: 1, Monitored: true})
	r := c.Request(0)
	right := truth(t, r.Wire())
	wrong := []float64{right[0], 1 - right[1]}
	for _, step := range []struct {
		name    string
		answers any
		correct []bool
	}{
		{"right", right, []bool{true, true}},
		{"right, from memory", right, []bool{true, true}},
		{"one answer for two examples", right[:1], nil},
		{"right again", right, []bool{true, true}},
		{"one wrong", wrong, []bool{true, false}},
		{"no answers", "none", nil},
	} {
		r.Check(respond(t, step.answers))
		var correct []bool
		for i, p := range r.Predictions() {
			correct = append(correct, p.Correct)
			if p.Text == "" || p.Outcome == "" || p.Correct != (p.Text == p.Outcome) {
				t.Errorf("%s: prediction %d is %+v", step.name, i, p)
			}
		}
		if diff := cmp.Diff(step.correct, correct); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	if inputs := r.Inputs(); len(inputs) != 2 || len(inputs[0]) == 0 {
		t.Errorf("the inputs are %v, want a row of features for each of 2 examples", inputs)
	}
	r = build(t, Config{Size: 1, Batch: 1, Seed: 1}).Request(0)
	if r.Check(respond(t, truth(t, r.Wire()))); r.Predictions() != nil || r.Inputs() != nil {
		t.Error("a corpus that is not monitored keeps predictions or inputs")
	}
}

// TestBrief wants an answer in short whatever it is: a class by its name, a number, or text.
func TestBrief(t *testing.T) {
	c := comparison{classes: []string{"no", "yes"}}
	text := func(s string, json bool) generators.Answer {
		return generators.Answer{Kind: generators.Text, Value: generators.Value{Text: s, JSON: json}}
	}
	yes := generators.Classified(1)
	number := text("2.5", false)
	for _, x := range []struct {
		answer generators.Answer
		text   string
		want   generators.Answer
	}{
		{yes, "yes", yes},
		{generators.Classified(7), "7", generators.Classified(7)},
		{text("yes", false), "yes", yes},
		{text(`"yes"`, true), "yes", yes},
		{text("1", true), "yes", yes},
		{text("2.5", false), "2.5", number},
		{text("[2.5]", true), "2.5", number},
		{text("a story", false), "a story", generators.Answer{}},
		{text("[1,2]", true), "[1,2]", generators.Answer{}},
		{generators.Answer{Kind: generators.Tensors, Tensors: []generators.Tensor{{Datatype: generators.UINT8, Shape: []int64{1}, Data: []byte{1}}}}, "yes", yes},
	} {
		got, answer := c.brief(x.answer)
		if diff := cmp.Diff(x.want, answer); got != x.text || diff != "" {
			t.Errorf("%+v is %q, want %q (-want +got):\n%s", x.answer, got, x.text, diff)
		}
	}
}
