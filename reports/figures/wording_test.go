package figures_test

import (
	"strings"
	"testing"

	"servebench/reports/analysis/stat"
	"servebench/reports/figures"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// Answers that nobody compared are not called correct.
func TestUncheckedAnswersAreNotCalledCorrect(t *testing.T) {
	for _, checked := range []bool{true, false} {
		a := compare(t, 2, 2)
		for i := range a.Rows {
			if !checked {
				a.Rows[i].Agreement = stat.Proportion{}
			}
		}
		var said strings.Builder
		for _, f := range figures.All(a) {
			said.WriteString(f.Caption + f.Conditions)
		}
		for words, want := range map[string]bool{
			"a correct answer": checked, "Requests answered correctly, n:": checked,
			"an answer (not checked)": !checked, "Requests answered (not checked), n:": !checked,
		} {
			if strings.Contains(said.String(), words) != want {
				t.Errorf("checked %v: %q is said %v", checked, words, !want)
			}
		}
	}
}

// Where nothing was measured, the starts are still drawn, and the figure says so.
func TestNoResultIsMarked(t *testing.T) {
	a := compare(t, 1, 1)
	a.Rows, a.Cells, a.Validity = nil, nil, record.Invalid
	a.Run.Targets[0].Deployments = []record.Deployment{{Round: 1, Failed: "exit status 1"}}
	all := figures.All(a)
	if mark := all[len(all)-1].Mark; mark != "NO RESULT: nothing was measured" {
		t.Errorf("mark %q", mark)
	}
}

// In a closed loop no request is due before its worker is ready, and a caption says so.
func TestCaptionsNameTheLoop(t *testing.T) {
	for name, want := range map[string]string{"percentiles": "from when a request was due,", "percentiles-c1": "from when a worker was ready to send,"} {
		plan := recordtest.Compare()
		if name != "percentiles" {
			plan = recordtest.Saturate()
		}
		if f := figuresOf(t, plan)[name]; !strings.Contains(f.Caption, want) {
			t.Errorf("%s: %q lacks %q", name, f.Caption, want)
		}
	}
}
