package analysis_test

import (
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// TestIdleReplicas tells of new replicas that were ready and got no request, and of none
// where all did.
func TestIdleReplicas(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*record.Cell)
		want  string
	}{
		"all answered":     {func(*record.Cell) {}, ""},
		"one did not":      {func(c *record.Cell) { c.Replicas = c.Replicas[:2] }, "1 of 2 new replicas"},
		"the old one did":  {func(c *record.Cell) { c.Replicas = c.Replicas[:1] }, "2 of 2 new replicas"},
		"nobody knows who": {func(c *record.Cell) { c.Replicas = nil }, ""},
	} {
		run := recordtest.Open(t, recordtest.Scale())
		c.spoil(&run.Cells[0])
		a, err := analysis.Analyse(run)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, d := range a.Diagnostics {
			if d.Rule == "idle-replicas" {
				got = d.Figure
				if d.Severity != record.SeverityNote || d.Target != "kubernetes" {
					t.Errorf("%s: %+v, want a note on kubernetes", name, d)
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
