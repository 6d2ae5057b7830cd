package trial

import (
	"testing"

	"servebench/scenarios/decode"
)

// TestConceptDriftUnderLoad changes the labelling where the warm-up ends: from then on the
// model, which answers what it always did, is right about half of the time.
func TestConceptDriftUnderLoad(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{}
	runner, s := newRunner(t, a, b,
		decode.Setting{Key: "data.noise", Value: "0"},
		decode.Setting{Key: "data.drift", Value: "{concept: {function: 8}, at: 100ms}"})
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range run.Cells {
		n := cell.Answers.Labelled
		if n != cell.Ledger.Scheduled || cell.Answers.Agreed != n {
			t.Errorf("%s: %+v of %d requests, want every answer checked and agreed with", cell.Phase, cell.Answers, cell.Ledger.Scheduled)
		}
		right := float64(cell.Answers.Correct) / float64(n)
		if warm := !cell.Measured; warm && right < 0.8 || !warm && (right < 0.25 || right > 0.75) {
			t.Errorf("%s: %g of the answers are correct", cell.Phase, right)
		}
	}
}
