package analysis_test

import (
	"testing"
	"time"

	"servebench/reports/record/recordtest"

	"github.com/google/go-cmp/cmp"
)

// A start without a right first answer is no cold start, but does not vanish.
func TestStartWithoutAnswer(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	d := &run.Targets[1].Deployments[1]
	d.FirstAnswerError, d.Stages = "status 404", d.Stages[:2]
	row := analyse(t, run).Rows[1]
	if len(row.ColdStarts) != 2 {
		t.Errorf("cold starts %v, want those of two rounds", row.ColdStarts)
	}
	if diff := cmp.Diff([]time.Duration{d.Stages[1].At}, row.Unanswered); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
