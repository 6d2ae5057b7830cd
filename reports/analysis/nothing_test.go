package analysis_test

import (
	"testing"
	"time"

	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	"github.com/google/go-cmp/cmp"
)

// unsent makes a run whose cells hold no request.
func unsent(t *testing.T, spoil func(*record.Run)) *record.Run {
	t.Helper()
	p := recordtest.Compare()
	p.Phases[1].Rate, p.Phases[1].Arrivals = 0.001, "constant"
	p.Phases[1].Duration = time.Second
	run := recordtest.Open(t, p)
	spoil(run)
	return run
}

// TestNothing says why there is no result, and that there is none.
func TestNothing(t *testing.T) {
	for want, spoil := range map[string]func(*record.Run){
		"no request of a measured phase was sent":         func(*record.Run) {},
		"the run was interrupted: stopped in the warm-up": func(r *record.Run) { r.Interrupted = "stopped in the warm-up." },
		"the run has not come to its end":                 func(r *record.Run) { r.Finished = time.Time{} },
		"no phase of the scenario is measured": func(r *record.Run) {
			r.Cells, r.Scenario.Phases = nil, r.Scenario.Phases[:1]
		},
		"no target can run here": func(r *record.Run) { r.Cells, r.Targets = nil, r.Targets[2:] },
		"the server of physical did not come up in any round; the server of container did not come up in any round": func(r *record.Run) {
			r.Cells = nil
			for i := range r.Targets[:2] {
				for k := range r.Targets[i].Deployments {
					r.Targets[i].Deployments[k] = record.Deployment{Round: k + 1, Failed: "exit status 3"}
				}
			}
		},
	} {
		a := analyse(t, unsent(t, spoil))
		if diff := cmp.Diff(want, sentence.Nothing(a)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if a.Validity != record.Invalid || a.Diagnostics[0].Rule != "empty" || !a.Empty() || a.Diagnostics[0].Action == "" {
			t.Errorf("%s: %s %+v", want, a.Validity, a.Diagnostics)
		}
		for _, d := range a.Diagnostics {
			if d.Rule == "samples" || d.Rule == "one-round" || d.Rule == "interrupted" {
				t.Errorf("%s: a diagnostic about figures that are not there: %+v", want, d)
			}
		}
		for _, g := range a.Gates {
			if g.Verdict != record.InvalidInstrument {
				t.Errorf("%s: %s %s", want, g.Metric, g.Verdict)
			}
		}
	}
	if analyse(t, recordtest.Open(t, recordtest.Compare())).Empty() {
		t.Error("a run that measured is empty")
	}
}
