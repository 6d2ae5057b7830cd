package text

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"servebench/reports/analysis/ab/proof"
	"servebench/reports/record"
)

// unjustGate is a table of a gate that fails every second candidate, whatever it is.
func unjustGate() proof.Table {
	t := proof.Table{Simulations: 200}
	for _, noise := range proof.Noises() {
		for _, change := range proof.Changes() {
			c := proof.Cell{Noise: noise.Name, Change: change}
			for simulation := range t.Simulations {
				c.Add([]record.Verdict{record.Fail, record.Pass}[simulation%2], 10)
			}
			t.Gate.Cells = append(t.Gate.Cells, c)
		}
	}
	t.Judge()
	return t
}

// TestProofOfAnUnjustGate: each goal that is missed is named, with its rate.
func TestProofOfAnUnjustGate(t *testing.T) {
	err := errors.Join(MissedGoals(unjustGate())...)
	if err == nil {
		t.Fatal("no goal is missed")
	}
	for _, want := range []string{
		"FAIL of the same server, shared machine: 50 % of 200 A/B tests, want at most 0.8 %",
		"PASS of a server +5 %, dedicated machine: 50 % of 200 A/B tests, want at most 5 %",
		"FAIL of a server +10 %, shared machine: 50 % of 200 A/B tests, want at least 95 %",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("outcome %q, want %q in it", err, want)
		}
	}
	if strings.Contains(err.Error(), "INCONCLUSIVE") {
		t.Errorf("outcome %q names a goal that holds", err)
	}
	var text strings.Builder
	if err := WriteProof(&text, unjustGate()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(text.String(), "misses  "); got != 7 {
		t.Errorf("%d goals are missed in the text, want 7:\n%s", got, &text)
	}
}

// TestDesignsAreAligned: a design with a long name moves the figures of all.
func TestDesignsAreAligned(t *testing.T) {
	table := unjustGate()
	table.Gate.Design = "the gate"
	other := table.Gate
	other.Design = "a × design whose name is longer than any that there are"
	table.Others = []proof.Row{other}
	var text strings.Builder
	if err := WriteProof(&text, table); err != nil {
		t.Fatal(err)
	}
	widths := map[int]bool{}
	for _, line := range strings.Split(text.String(), "\n") {
		if strings.HasPrefix(line, table.Gate.Design) || strings.HasPrefix(line, other.Design) {
			widths[utf8.RuneCountInString(line)] = true
		}
	}
	if len(widths) != 1 {
		t.Errorf("the designs are not aligned:\n%s", &text)
	}
}

func TestProofOfAGateWithoutCells(t *testing.T) {
	var empty proof.Table
	empty.Judge()
	if len(MissedGoals(empty)) == 0 {
		t.Error("nothing was counted, and all goals hold")
	}
}
