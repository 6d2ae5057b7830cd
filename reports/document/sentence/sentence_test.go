package sentence_test

import (
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/failover"
	"servebench/reports/analysis/sample"
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

// TestFaultResult words what a fault cost, whatever became of the server.
func TestFaultResult(t *testing.T) {
	const ms = time.Millisecond
	once := func(d time.Duration) sample.Times { return sample.NewTimes([]time.Duration{d}) }
	refused := []record.ErrorCount{{Class: record.ErrorRefused, Count: 19}}
	for want, f := range map[string]failover.Fault{
		"process-kill at 10 s was not injected": {},
		"process-kill at 10 s: 19 requests lost (19 refused), within 182 ms, first correct answer after 187 ms; noticed after 9 ms (ended)": {
			Cases: []failover.Case{{Lost: 19, By: record.EventEnded, Noticed: 9 * ms}}, Lost: 19, Errors: refused, Burst: once(182 * ms), Recovered: once(187 * ms), Noticed: once(9 * ms),
		},
		"process-kill at 10 s: 19 requests lost (19 refused), within 5 s, and the server never recovered before the phase ended; p99 above 4 ms for 5 s, in which nothing was answered; the platform noticed nothing": {
			Cases: []failover.Case{{Lost: 19, Never: true, Limit: 4 * ms}}, Lost: 19, Errors: refused, Burst: once(5 * time.Second), Excursion: once(5 * time.Second),
		},
		"process-kill at 10 s: no request was lost; p99 up to 900 ms, above 4 ms for 1 s; the platform noticed nothing": {
			Cases: []failover.Case{{Limit: 4 * ms, Peak: 900 * ms}}, Excursion: once(time.Second),
		},
		"process-kill at 10 s: 19 requests lost (19 refused) in 2 rounds, and in 1 round the server never recovered before the phase ended; noticed after 9 ms (unready), in 1 round not at all": {
			Cases: []failover.Case{{Lost: 9, By: record.EventUnready, Noticed: 9 * ms}, {Lost: 10, Never: true}}, Lost: 19, Errors: refused, Noticed: once(9 * ms),
		},
	} {
		f.Kind, f.At = "process-kill", 10*time.Second
		if got := sentence.FaultResult(f); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
