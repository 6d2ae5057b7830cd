package analysis_test

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

func TestABVerdicts(t *testing.T) {
	late := recordtest.ABTest()
	late.Targets[0].Late = 100
	died := recordtest.ABTest()
	died.Targets[1].DiesAt = 500 * time.Millisecond
	wrong := recordtest.ABTest()
	wrong.Targets[1].Wrong = 0.0005
	early := recordtest.Slower()
	early.Rounds = 7
	faster := recordtest.ABTest()
	faster.Targets[1].Service = 600 * time.Microsecond
	goodput := recordtest.Failing()
	goodput.AB.Metrics = []string{record.MetricGoodput}
	goodput.Targets[1].Errors[0].Share = 0.3
	for _, tc := range []struct {
		name    string
		plan    recordtest.Plan
		verdict record.Verdict
		interim int
		why     string
	}{
		{"alike", recordtest.ABTest(), record.Pass, 1, "decided after 11 of 30 rounds"},
		{"slower", recordtest.Slower(), record.Fail, 1, "% slower at p50 [+1"},
		{"faster", faster, record.Pass, 1, "% faster at p50 [−2"},
		{"undecided", recordtest.Undecided(), record.Inconclusive, 4, "not decided after 30 of 30 rounds"},
		{"more errors", recordtest.Failing(), record.Fail, 1, "the candidate failed 1.96 % of its requests, the baseline 0 %"},
		{"wrong answers", wrong, record.Fail, 1, "wrong answers, the baseline none"},
		{"less goodput", goodput, record.Fail, 1, "less goodput [−3"},
		{"the candidate died", died, record.Inconclusive, 1, "the candidate's server did not last in round 11"},
		{"too few rounds", early, record.Inconclusive, 0, "seen in 7 rounds, before the first interim analysis at round 11"},
		{"not believed", late, record.InvalidInstrument, 1, "the measurement is not valid: lag"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := analyse(t, recordtest.Open(t, tc.plan))
			d := a.AB
			if d == nil || a.Verdict != tc.verdict || d.Verdict != tc.verdict || d.Interim != tc.interim {
				t.Fatalf("run %s, A/B test %+v, diagnostics %+v", a.Verdict, d, a.Diagnostics)
			}
			if got := sentence.Verdict(a); !strings.Contains(got, tc.why) {
				t.Errorf("%q, want %q in it", got, tc.why)
			}
			if len(a.Gates) > 0 || len(a.Ratios) > 0 {
				t.Errorf("an A/B test has %d gates and %d ratios beside it", len(a.Gates), len(a.Ratios))
			}
		})
	}
}
