package stats_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/stats"
	"servebench/reports/stats/statstest"
)

// A round whose instrument was disturbed is recognised by itself, and once it is
// set aside the run is judged without it.
func TestRoundSetAside(t *testing.T) {
	run := statstest.Open(t, statstest.Compare())
	why := func(round int) string {
		text, err := stats.RoundDoubt(run, round)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if text := why(1); text != "" {
		t.Fatalf("round 1 is doubted without a reason: %s", text)
	}
	c := second(run)
	c.Instrument.SendingCPU = c.Span * 81 / 100
	text := why(c.Round)
	if !strings.Contains(text, "generator CPU 81 %") || !strings.Contains(text, "container") {
		t.Fatalf("doubt %q, want it to name the figure and the target", text)
	}
	if other := why(c.Round + 1); other != "" {
		t.Errorf("another round is doubted as well: %s", other)
	}
	before := analyse(t, run)
	if before.Validity != stats.Invalid {
		t.Fatal("the run is VALID though a round's instrument cannot be believed")
	}
	for i := range run.Cells {
		if run.Cells[i].Round == c.Round {
			run.Cells[i].SetAside = text
		}
	}
	run.Scenario.Rounds-- // as many rounds count as were planned
	a := analyse(t, run)
	if a.Validity != stats.Valid {
		t.Errorf("the run is %s though the round was set aside: %+v", a.Validity, a.Doubts)
	}
	if a.Rows[0].Rounds != before.Rows[0].Rounds-1 || slices.ContainsFunc(a.Cells, func(r stats.Row) bool { return r.Round == c.Round }) {
		t.Error("the round that was set aside is in the figures")
	}
	i := slices.IndexFunc(a.Doubts, func(d stats.Doubt) bool { return d.Rule == "set-aside" })
	if i < 0 || a.Doubts[i].Round != c.Round || !strings.Contains(a.Doubts[i].Text, text) {
		t.Errorf("doubts %+v, want one that says which round was set aside and why", a.Doubts)
	}
}

// Many rounds set aside make one doubt, with the worst figure.
func TestManyRoundsSetAside(t *testing.T) {
	p := statstest.Compare()
	p.Rounds = 5
	run := statstest.Open(t, p)
	shares := map[int]time.Duration{2: 85, 3: 97, 5: 90}
	for i := range run.Cells {
		if c := &run.Cells[i]; c.Measured && c.Target == "container" && shares[c.Round] > 0 {
			c.Instrument.SendingCPU = c.Span * shares[c.Round] / 100
		}
	}
	for round := range shares {
		why, err := stats.RoundDoubt(run, round)
		if err != nil || why == "" {
			t.Fatalf("round %d: doubt %q, %v", round, why, err)
		}
		for i := range run.Cells {
			if run.Cells[i].Round == round {
				run.Cells[i].SetAside = why
			}
		}
	}
	var found []stats.Doubt
	for _, d := range analyse(t, run).Doubts {
		if d.Rule == "set-aside" {
			found = append(found, d)
		}
	}
	if len(found) != 1 || found[0].Round != 0 || found[0].Fatal ||
		!strings.Contains(found[0].Text, "rounds 2, 3, 5 do not count") || !strings.Contains(found[0].Figure, "generator CPU 97 %") {
		t.Errorf("%+v", found)
	}
}
