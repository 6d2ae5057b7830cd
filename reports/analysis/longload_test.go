package analysis_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
)

// longRun is a run of one cell of a long phase, in slices as the engine makes them: 20
// right answers a second, the last quarter of them half as fast as the others.
func longRun(t *testing.T, phase record.Phase) *record.Run {
	t.Helper()
	phase.Name, phase.Arrivals, phase.Rate, phase.Measured, phase.Open = "steady", "constant", 20, true, true
	run := &record.Run{
		ID: "long", Created: time.Now(), Finished: time.Now(),
		Scenario: record.Scenario{Name: "long", Rounds: 1, Requests: record.Requests{Corpus: 1000}, Phases: []record.Phase{phase}},
		Targets:  []record.Target{{Name: "physical", Running: true}},
	}
	w, err := record.Create(t.TempDir(), run)
	if err != nil {
		t.Fatal(err)
	}
	cell := record.Cell{Target: "physical", Phase: phase.Name, Round: 1, Measured: true, Span: phase.Duration, Window: phase.Duration, Elapsed: phase.Duration}
	log, err := w.Log(cell.Trial(), phase.Name)
	if err != nil {
		t.Fatal(err)
	}
	h := record.NewHistogram()
	for start := time.Duration(0); start < phase.Duration; {
		end := min(record.SliceEnd(start, record.SliceLength(start), phase.Steps), phase.Duration)
		n := int64((end - start) / (50 * time.Millisecond))
		took := int64(time.Millisecond)
		if 4*start >= 3*phase.Duration {
			took *= 2
		}
		for tag, value := range map[string]int64{record.TagResponse: took, record.TagService: took, record.TagLag: 1000} {
			h.Reset()
			err = errors.Join(err, h.RecordValues(value, n), log.Interval(tag, start, end, h))
		}
		cell.Slices = append(cell.Slices, record.Slice{Start: start, Length: end - start, Scheduled: n, Sent: n, OK: n, InFlight: 1})
		cell.Ledger.Scheduled, cell.Ledger.Sent, cell.Ledger.OK = cell.Ledger.Scheduled+n, cell.Ledger.Sent+n, cell.Ledger.OK+n
		start = end
	}
	cell.Log = log.Name()
	run.Cells = []record.Cell{cell}
	if err := errors.Join(err, log.Close(), w.Save(run)); err != nil {
		t.Fatal(err)
	}
	return run
}

// Of a long load, whose slices are the longer the later they begin, slices of the
// longest length are made, which are few and all alike, and lose no request.
func TestLongLoad(t *testing.T) {
	t.Parallel()
	const length = 150 * time.Minute
	run := longRun(t, record.Phase{Duration: length})
	if n := len(run.Cells[0].Slices); n != 3600+720+180 {
		t.Errorf("%d slices in the record", n)
	}
	a := analyse(t, run)
	row := a.Rows[0]
	if len(row.Slices) != int(length/(10*time.Second)) {
		t.Errorf("%d slices to show, want one for each 10 s", len(row.Slices))
	}
	for i, s := range row.Slices {
		if s.Start != time.Duration(i)*10*time.Second || s.Length != 10*time.Second || s.OK != 200 || s.Response.TotalCount() != 200 || s.Lag.TotalCount() != 200 {
			t.Fatalf("slice %d: %+v, want 200 answers in 10 s", i, s)
		}
	}
	if got := rules(a); slices.Contains(got, "ledger") || !slices.Contains(got, "stationarity") {
		t.Fatalf("diagnostics %v, want the drift alone", got)
	}
	i := slices.IndexFunc(a.Diagnostics, func(d record.Diagnostic) bool { return d.Rule == "stationarity" })
	if text := a.Diagnostics[i].Text; !strings.Contains(text, "median p50 of 10 s 2 ms, before 1 ms") {
		t.Errorf("drift told as %q", text)
	}
}

// No slice of a long load with steps is in two of them, before and after those are put
// together, and each step has some.
func TestLongSteps(t *testing.T) {
	t.Parallel()
	steps := []record.Step{
		{Start: 0, Duration: 2*time.Hour + 7*time.Second, Rate: 20},
		{Start: 2*time.Hour + 7*time.Second, Duration: 13 * time.Second, Rate: 20},
		{Start: 2*time.Hour + 20*time.Second, Duration: 20 * time.Minute, Rate: 20},
	}
	last := steps[2].Start + steps[2].Duration
	a := analyse(t, longRun(t, record.Phase{Duration: last, Steps: steps}))
	got := a.Stepped[0]
	if len(got.Steps) != len(steps) || len(got.Breaks) > 0 || slices.Contains(rules(a), "ledger") {
		t.Fatalf("%+v, diagnostics %v; want all three steps held", got, rules(a))
	}
	for i, s := range got.Steps {
		if want := int64(steps[i].Duration / (50 * time.Millisecond)); s.Ledger.OK != want || s.Response.N != want {
			t.Errorf("step %d: ledger %+v, %d times; want %d", i, s.Ledger, s.Response.N, want)
		}
	}
	if n := len(a.Rows[0].Slices); n > 2000 {
		t.Errorf("%d slices to show", n)
	}
}
