package alarms

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestAlarms plays runs without drift, and counts that no detector raises alarms in more of them
// than promised: in 100 runs with a chance of 5 %, more than 11 have an alarm once in 200 tests,
// and the same runs are played every time. A shift by σ is found by all that look at the inputs,
// concept drift by those that look at the errors, and by no others.
func TestAlarms(t *testing.T) {
	cases := Cases()
	runs, short := 100, 20
	if testing.Short() {
		runs = 30
	}
	quiet, err := Run(t.Context(), cases[:2], runs)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range quiet {
		if row.Found > 0 || row.False > 11*runs/100 {
			t.Errorf("%s, %s: alarms in %d of %d runs without drift", row.Case.Name, row.Detector, row.False, row.Runs)
		}
	}
	rows, err := Run(t.Context(), cases[4:], short)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		ofInputs := row.Detector == "psi" || row.Detector == "ks"
		want := 0
		if ofInputs == (row.Case.Name == cases[4].Name) {
			want = short
		}
		if row.Found != want && !(want == 0 && row.Found <= 3) {
			t.Errorf("%s found %s in %d of %d runs, want %d", row.Detector, row.Case.Name, row.Found, row.Runs, want)
		}
		if delay, ok := row.MedianDelay(); want > 0 && (!ok || delay > 3000 || ofInputs && delay > Window) {
			t.Errorf("%s found %s after %d requests", row.Detector, row.Case.Name, delay)
		}
	}
}

func TestSameRunsSameRows(t *testing.T) {
	var rows [2][]Row
	for i := range rows {
		var err error
		if rows[i], err = Run(t.Context(), Cases()[2:3], 3); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(rows[0], rows[1], cmpopts.IgnoreFields(Case{}, "Kind")); diff != "" {
		t.Error(diff)
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rows, err := Run(ctx, Cases(), 10); err == nil {
		t.Errorf("%d rows of a run that was interrupted", len(rows))
	}
}
