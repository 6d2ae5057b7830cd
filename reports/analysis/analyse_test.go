package analysis_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func analyse(t *testing.T, run *record.Run) *analysis.Analysis {
	t.Helper()
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestOrdinaryRunIsValidAndPasses(t *testing.T) {
	a := analyse(t, recordtest.Open(t, recordtest.Compare()))
	if a.Validity != record.Valid || a.Verdict != record.Pass || a.Reference != "physical" {
		t.Errorf("%s, %s, reference %s; diagnostics %+v", a.Validity, a.Verdict, a.Reference, a.Diagnostics)
	}
	var rows []string
	for _, r := range a.Rows {
		rows = append(rows, r.Target+" "+r.Phase)
	}
	if diff := cmp.Diff([]string{"physical steady", "container steady"}, rows); diff != "" {
		t.Errorf("warm-up or an unavailable target has a row:\n%s", diff)
	}
	if len(a.Cells) != 6 {
		t.Errorf("%d cells, want 6", len(a.Cells))
	}
}

// A quantile over rounds is the quantile of all their values, which the mean of
// the rounds' quantiles is not.
func TestPooledQuantilesComeFromMergedHistograms(t *testing.T) {
	p := recordtest.Compare()
	p.Targets[1].Drift = 0.3
	run := recordtest.Open(t, p)
	a := analyse(t, run)
	merged := record.NewHistogram()
	for i := range run.Cells {
		c := &run.Cells[i]
		if c.Target != "container" || !c.Measured {
			continue
		}
		intervals, err := run.Intervals(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, interval := range intervals {
			if interval.Tag == record.TagResponse {
				merged.Merge(interval.Histogram)
			}
		}
	}
	row := a.Rows[1]
	if row.Response.N != merged.TotalCount() || row.Response.Max != time.Duration(merged.Max()) {
		t.Errorf("n %d, max %v; merged %d, %v", row.Response.N, row.Response.Max, merged.TotalCount(), merged.Max())
	}
	for _, q := range row.Response.Quantiles {
		if want := time.Duration(merged.ValueAtQuantile(100 * q.Q)); q.Value != want {
			t.Errorf("p%v is %v, merged %v", 100*q.Q, q.Value, want)
		}
		if q.HasInterval && (q.Low > q.Value || q.Value > q.High) {
			t.Errorf("p%v = %v lies outside [%v, %v]", 100*q.Q, q.Value, q.Low, q.High)
		}
	}
}

func TestKnownNeedsTenValuesBeyond(t *testing.T) {
	for _, tt := range []struct {
		rate  float64
		known []bool // p50, p90, p99, p99.9
	}{
		{1, []bool{false, false, false, false}},
		{60, []bool{true, true, false, false}},
		{200, []bool{true, true, true, false}},
		{1100, []bool{true, true, true, true}},
	} {
		p := recordtest.Compare()
		p.Targets, p.Rounds = p.Targets[:1], 1
		p.Phases[1].Rate = tt.rate
		row := analyse(t, recordtest.Open(t, p)).Rows[0]
		for i, q := range row.Response.Quantiles {
			enough := float64(row.Response.N)*(1-q.Q) > 10-1e-6
			if q.Known != tt.known[i] || q.Known != enough {
				t.Errorf("n = %d: p%v known %v", row.Response.N, 100*q.Q, q.Known)
			}
		}
	}
}

// The same run gives the same analysis, to the last digit.
func TestAnalyseIsDeterministic(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	sameCounts := cmp.Comparer(func(a, b *hdrhistogram.Histogram) bool {
		return a == b || a != nil && b != nil && a.Equals(b)
	})
	figures := cmpopts.IgnoreFields(sample.Set{}, "Measured") // what the rest is made from
	if diff := cmp.Diff(analyse(t, run), analyse(t, run), sameCounts, figures); diff != "" {
		t.Error(diff)
	}
}

// Slices tell every request of the ledger, round after round.
func TestSlicesAddUp(t *testing.T) {
	for _, row := range analyse(t, recordtest.Open(t, recordtest.Compare())).Rows {
		var sent, ok, seen int64
		for _, s := range row.Slices {
			sent, ok = sent+s.Sent, ok+s.OK
			if s.Response != nil {
				seen += s.Response.TotalCount()
			}
		}
		if sent != row.Ledger.Sent || ok != row.Ledger.OK || seen != row.Ledger.OK {
			t.Errorf("%s: sent %d, ok %d, in histograms %d; ledger %+v", row.Target, sent, ok, seen, row.Ledger)
		}
		if len(row.Slices) != 30 || row.Slices[0].Round != 1 || row.Slices[29].Round != 3 {
			t.Errorf("%s: %d slices", row.Target, len(row.Slices))
		}
	}
}

func TestRatiosPairRounds(t *testing.T) {
	p := recordtest.Compare()
	p.Targets[1] = p.Targets[0]
	p.Targets[1].Name, p.Targets[1].Service = "double", 2*p.Targets[0].Service
	for i := range p.Targets {
		p.Targets[i].Lag = time.Microsecond
	}
	got := make(map[string]sample.Ratio)
	for _, r := range analyse(t, recordtest.Open(t, p)).Ratios {
		got[r.Metric] = r
	}
	for metric, want := range map[string]float64{"p50": 2, "p99": 2, "goodput": 1} {
		r := got[metric]
		if r.Target != "double" || r.Rounds != 3 || !r.HasInterval || math.Abs(r.Value/want-1) > 0.1 {
			t.Errorf("%s: %+v, want about %v", metric, r, want)
		}
		if r.Low > r.Value || r.Value > r.High {
			t.Errorf("%s: %v outside [%v, %v]", metric, r.Value, r.Low, r.High)
		}
	}
	p.Rounds = 2
	for _, r := range analyse(t, recordtest.Open(t, p)).Ratios {
		if r.HasInterval {
			t.Errorf("%s of two rounds has an interval", r.Metric)
		}
	}
}

// One request that hangs until its timeout takes nothing from the throughput of
// the others.
func TestStragglerTakesNoThroughput(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.Rounds = p.Targets[:1], 1
	run := recordtest.Open(t, p)
	before := analyse(t, run).Rows[0]
	run.Cells[1].Elapsed += 10 * time.Second
	after := analyse(t, run).Rows[0]
	if after.OKRate != before.OKRate || after.Goodput != before.Goodput || after.OKRate < 390 {
		t.Errorf("%v OK/s, goodput %v/s; without the straggler %v and %v", after.OKRate, after.Goodput, before.OKRate, before.Goodput)
	}
}

// The rates of a stopped cell are over the time until the stop.
func TestStoppedCellIsRatedUntilTheStop(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.Rounds = p.Targets[:1], 1
	p.Targets[0].StopsAt = 4 * time.Second
	row := analyse(t, recordtest.Open(t, p)).Rows[0]
	if row.OKRate < 350 || row.OKRate > 450 {
		t.Errorf("%v OK/s, want about 400", row.OKRate)
	}
}

func TestAnalyseNamesTheDamagedCell(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"cut off": func(path string) error { return os.Truncate(path, 700) },
		"missing": os.Remove,
	} {
		run := recordtest.Open(t, recordtest.Compare())
		if err := damage(filepath.Join(run.Dir, run.Cells[1].Log)); err != nil {
			t.Fatal(err)
		}
		_, err := analysis.Analyse(run)
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		for _, want := range []string{"physical, phase steady, round 1", "r01-physical-steady.hlog"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
	}
}

// A log that lost whole lines, or all it held, is cut off: nothing contradicts itself
// in what servebench wrote.
func TestLogThatLostLinesIsCutOff(t *testing.T) {
	lines := func(keep int) func(text []byte) []byte {
		return func(text []byte) []byte {
			all := bytes.SplitAfter(text, []byte("\n"))
			return bytes.Join(all[:min(keep, len(all)-2)], nil)
		}
	}
	for name, cut := range map[string]func([]byte) []byte{
		"emptied":     lines(0),
		"header only": lines(6),
		"a few lines": lines(20),
		"one missing": lines(math.MaxInt),
	} {
		run := recordtest.Open(t, recordtest.Compare())
		c := second(run)
		path := filepath.Join(run.Dir, c.Log)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, cut(text), 0o644); err != nil {
			t.Fatal(err)
		}
		a := analyse(t, run)
		d := a.Diagnostics[0]
		if a.Validity != record.Invalid || d.Rule != "log" || d.Round != c.Round || !strings.Contains(d.Text, c.Log+" is cut off") {
			t.Errorf("%s: %s, %+v", name, a.Validity, d)
		}
		for _, d := range a.Diagnostics {
			if strings.Contains(d.Action, "fault of servebench") {
				t.Errorf("%s: %+v", name, d)
			}
		}
	}
}

// A cell that is known to be incomplete is read as far as it can be, and fails
// nothing but itself.
func TestIncompleteCellIsReadInPart(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"cut off": func(path string) error { return os.Truncate(path, 20_000) },
		"missing": os.Remove,
	} {
		run := recordtest.Open(t, recordtest.Compare())
		c := second(run)
		c.Failed = "write record: no space left on device"
		if err := damage(filepath.Join(run.Dir, c.Log)); err != nil {
			t.Fatal(err)
		}
		a := analyse(t, run)
		d := a.Diagnostics[0]
		if a.Validity != record.Invalid || d.Rule != "record" || d.Round != c.Round ||
			!strings.Contains(d.Text, c.Failed) || !strings.Contains(d.Text, "read in part only") {
			t.Errorf("%s: %s, %+v", name, a.Validity, d)
		}
		if len(a.Diagnostics) > 1 && a.Diagnostics[1].Severity == record.SeverityError {
			t.Errorf("%s: another error: %+v", name, a.Diagnostics[1])
		}
	}
}

// What a log holds beyond the range of the run's histograms is counted, in the
// pooled row as well.
func TestValuesBeyondTheRangeAreCounted(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	h := hdrhistogram.New(1, int64(10*time.Hour), 3)
	if err := h.RecordValue(int64(5 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	appendInterval(t, run, second(run), h)
	a := analyse(t, run)
	if n := a.Rows[1].Instrument.OutOfRange; n != 1 {
		t.Errorf("%d out of range in the pooled row, want 1", n)
	}
	if d := a.Diagnostics[0]; d.Rule != "out-of-range" || d.Target != "container" {
		t.Errorf("%+v", d)
	}
}

// appendInterval adds a histogram of response times to a cell's log.
func appendInterval(t *testing.T, run *record.Run, c *record.Cell, h *hdrhistogram.Histogram) {
	t.Helper()
	into := &record.Run{ID: "other"}
	w, err := record.Create(t.TempDir(), into)
	if err != nil {
		t.Fatal(err)
	}
	log, err := w.Log(c.Trial(), c.Phase)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(log.Interval(record.TagResponse, 0, time.Second, h), log.Close()); err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(filepath.Join(into.Dir, log.Name()))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(run.Dir, c.Log)
	own, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(own, other...), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A run of which nothing came to be measured is analysed too.
func TestEmptyRun(t *testing.T) {
	p := recordtest.Compare()
	p.Targets = p.Targets[2:]
	a := analyse(t, recordtest.Open(t, p))
	if a.Validity != record.Invalid || a.Verdict != record.InvalidInstrument || len(a.Rows) != 0 || a.Diagnostics[0].Rule != "empty" {
		t.Errorf("%s, %s, %+v", a.Validity, a.Verdict, a.Diagnostics)
	}
}
