package analysis_test

import (
	"testing"

	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// Answers count as checked where any was.
func TestUnchecked(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	if analyse(t, run).Unchecked() {
		t.Error("checked answers are called unchecked")
	}
	for i := range run.Cells {
		run.Cells[i].Answers = record.Answers{}
	}
	if !analyse(t, run).Unchecked() {
		t.Error("unchecked answers are called checked")
	}
}
