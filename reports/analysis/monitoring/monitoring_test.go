package monitoring

import (
	"testing"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/record/recordtest"
)

// TestAnalyse wants the accuracy of each window and of all, and what was not looked at to be said.
func TestAnalyse(t *testing.T) {
	run := recordtest.Open(t, recordtest.Monitored())
	cells, err := sample.Load(run)
	if err != nil {
		t.Fatal(err)
	}
	trials := Analyse(run, cells)
	if len(trials) != 4 { // two targets in two rounds
		t.Fatalf("%d trials, want 4", len(trials))
	}
	first, unwatched := trials[0], trials[2]
	if a := first.Accuracy; a.N != 4000 || a.K != 3400 || a.Low >= a.Value || a.High <= a.Value {
		t.Errorf("the accuracy is %+v, want 3400 of 4000 within its interval", a)
	}
	if a := first.Accuracy; a.Effective >= 400 {
		t.Errorf("4000 outcomes whose share falls in the middle tell as much as %.0f, want far fewer", a.Effective)
	}
	if w := first.Lowest; w == nil || w.From != 5*time.Second || w.Accuracy.Value != 0.75 {
		t.Errorf("the lowest window is %+v, want the one from 5 s on", w)
	}
	if len(first.Windows) != 10 || first.Answers != 4000 || first.Unanswered != 5 || first.Late != 800 {
		t.Errorf("%+v", first)
	}
	if unwatched.Unwatched == "" || unwatched.Accuracy.N != 0 || unwatched.Lowest != nil {
		t.Errorf("%+v, want nothing known, and why", unwatched)
	}
	run.Scenario.Monitor = nil
	if got := Analyse(run, cells); got != nil {
		t.Errorf("%+v of a run without a monitor", got)
	}
}

// TestRepeatedExamples wants answers to a few examples to tell no more than there are examples.
func TestRepeatedExamples(t *testing.T) {
	plan := recordtest.Monitored()
	run := recordtest.Open(t, plan)
	run.Scenario.Requests.Corpus = 20
	cells, err := sample.Load(run)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range Analyse(run, cells)[0].Windows {
		if w.Accuracy.Effective > 20 {
			t.Errorf("a window of %d answers to 20 examples tells as much as %.0f", w.Answers, w.Accuracy.Effective)
		}
	}
}
