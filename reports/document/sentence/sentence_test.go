package sentence_test

import (
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/stat"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

func TestSentence(t *testing.T) {
	tight := recordtest.Compare()
	tight.SLO = record.SLO{P50: 880 * time.Microsecond}
	broken := recordtest.Compare()
	broken.SLO = record.SLO{P50: 700 * time.Microsecond}
	free := recordtest.Compare()
	free.SLO = record.SLO{}
	nowhere := recordtest.Compare()
	nowhere.Targets = nowhere.Targets[2:]
	busy := recordtest.Compare()
	busy.Targets[0].GeneratorCPU = 0.91
	died := recordtest.Compare()
	died.SLO, died.Targets[1].DiesAt = record.SLO{}, 4*time.Second
	for _, tt := range []struct {
		name           string
		plan           recordtest.Plan
		word, sentence string
	}{
		{"limits that hold", recordtest.Compare(), "PASS", "all 6 limits are met"},
		{"a limit inside its interval", tight, "INCONCLUSIVE", "2 of 2 limits undecided: physical p50 response time, container p50 response time"},
		{"limits that are broken", broken, "FAIL", "2 of 2 limits not met: physical p50 response time, container p50 response time"},
		{"no limits", free, "VALID", "measured; the scenario sets no limits"},
		{"no target", nowhere, "NO RESULT", "nothing was measured: no target can run here"},
		{
			"a generator too busy", busy, "INVALID",
			"the measurement is not valid: generator-cpu (generator CPU 91 %, want ≤ 80 %); to fix it: " +
				"lower the rate, or give the load generator more CPUs",
		},
		{"a server that died", died, "VALID", "the server of container died in round 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := analysis.Analyse(recordtest.Open(t, tt.plan))
			if err != nil {
				t.Fatal(err)
			}
			if sentence.Word(a) != tt.word || sentence.Verdict(a) != tt.sentence {
				t.Errorf("%s: %s\nwant %s: %s", sentence.Word(a), sentence.Verdict(a), tt.word, tt.sentence)
			}
		})
	}
}

// A share above the threshold that chance explains is said to be that.
func TestLateByChance(t *testing.T) {
	for late, want := range map[stat.Proportion]string{
		{N: 100, K: 1, Value: 0.01, Low: 0.001}:   "",
		{N: 100, K: 2, Value: 0.02, Low: 0.005}:   "not beyond 1 % by more than chance",
		{N: 1000, K: 50, Value: 0.05, Low: 0.038}: "",
	} {
		if got := sentence.LateByChance(late); got != want {
			t.Errorf("%+v: %q, want %q", late, got, want)
		}
	}
}
