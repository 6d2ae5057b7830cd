package trial

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/record"

	"github.com/google/go-cmp/cmp"
)

// TestRunOfAMix sends two classes of request to two models, as often as their
// weights say, and checks each by its own model.
func TestRunOfAMix(t *testing.T) {
	a := &fakeTarget{}
	runner, s := newRunner(t, a, &fakeTarget{}, set(t, "targets=[a]", "rounds=1",
		"load=[{name: both, rate: 500, duration: 400ms, mix: [{name: small, weight: 9, model: noop}, {name: big, batch: 7}]}]")...)
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	want := []record.Class{{Name: "small", Model: "noop", Batch: 1, Share: 0.9}, {Name: "big", Model: "credit", Batch: 7, Share: 0.1}}
	if diff := cmp.Diff(want, run.Scenario.Phases[0].Mix); diff != "" {
		t.Errorf("mix of the record (-want +got):\n%s", diff)
	}
	counts := []record.ClassCount{
		{Name: "small", Ledger: record.Ledger{Scheduled: 180, Sent: 180, OK: 180}},
		{Name: "big", Ledger: record.Ledger{Scheduled: 20, Sent: 20, OK: 20}},
	}
	if diff := cmp.Diff(counts, run.Cells[0].Classes); diff != "" {
		t.Errorf("classes of the cell (-want +got):\n%s", diff)
	}
	if got := run.Cells[0].Answers; got.Checked != 180+20*7 || got.Labelled != 20*7 {
		t.Errorf("answers %+v, want those of both models compared and those of one labelled", got)
	}
	big := 0
	for _, body := range a.bodies {
		if strings.Contains(body, `"servebench-big-`) {
			big++
		}
	}
	if big != 20 {
		t.Errorf("%d requests of the class big arrived, want 20", big)
	}
}

// TestRunOfSteps records what an arrival process has of steps, and the mean of its rate.
func TestRunOfSteps(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, set(t, "targets=[a]", "rounds=1",
		"load=[{name: up, arrivals: steps, rate: 20, to: 60, steps: 2, duration: 2s}]")...)
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	phase := run.Scenario.Phases[0]
	want := []record.Step{{Duration: time.Second, Rate: 20}, {Start: time.Second, Duration: time.Second, Rate: 60}}
	if diff := cmp.Diff(want, phase.Steps); diff != "" || phase.Rate != 40 || phase.Duration != 2*time.Second {
		t.Errorf("phase %+v, want 40/s for 2 s in two steps:\n%s", phase, diff)
	}
	if n := run.Cells[0].Slices[1].Scheduled; n != 60 || run.Cells[0].Ledger.Scheduled != 80 {
		t.Errorf("%d requests in the second step, want 60", n)
	}
}
