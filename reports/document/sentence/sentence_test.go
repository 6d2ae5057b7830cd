package sentence_test

import (
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/capacity"
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
	errorsOnly, oneLimit := recordtest.Compare(), recordtest.Compare()
	errorsOnly.SLO.P99 = 0
	oneLimit.SLO, oneLimit.Targets = record.SLO{Errors: errorsOnly.SLO.Errors}, oneLimit.Targets[:1]
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
		{"limits of which none is on time", errorsOnly, "PASS", "all 4 limits are met; none is on response time"},
		{"one limit, not on time", oneLimit, "PASS", "the limit is met; it is not on response time"},
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

// An A/B test in which one of the servers never served has no result, and says why.
func TestNeverServed(t *testing.T) {
	for started, want := range map[bool]string{
		false: "the candidate did not start: it exited with status 3",
		true:  "the candidate gave no right first answer: status 500",
	} {
		p := recordtest.Slower()
		p.Rounds, p.Targets[1].StartFails = 2, []int{1, 2}
		run := recordtest.Open(t, p)
		if candidate := run.Targets[1]; started {
			for i := range candidate.Deployments {
				candidate.Deployments[i] = record.Deployment{Round: i + 1, Stages: []record.Stage{{Name: "started", At: time.Millisecond}}, FirstAnswerError: "status 500"}
			}
		}
		a, err := analysis.Analyse(run)
		if err != nil {
			t.Fatal(err)
		}
		if got := sentence.Verdict(a); sentence.Word(a) != "NO RESULT" || got != want {
			t.Errorf("%s: %s\nwant NO RESULT: %s", sentence.Word(a), got, want)
		}
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
	refused, quarter := []record.ErrorCount{{Class: record.ErrorRefused, Count: 19}}, 0.262
	for want, f := range map[string]failover.Fault{
		"process-kill at 10 s was not injected": {},
		"process-kill at 10 s: 19 requests lost (19 refused), within 182 ms, first correct answer after 187 ms; noticed after 9 ms (ended)": {
			Cases: []failover.Case{{Lost: 19, By: record.EventEnded, Noticed: 9 * ms}}, Lost: 19, Errors: refused, Burst: once(182 * ms), Recovered: once(187 * ms), Noticed: once(9 * ms),
		},
		"process-kill at 10 s: no request was lost; the new server was ready after 1.1 s (in 1 of 3 rounds) and gave its first correct answer after 1.2 s (in 1 of 3 rounds); p99 up to 900 ms, above its limit, 7.65 ms to 87.2 ms, for up to 1 s in 1 of 3 rounds; noticed after 9 ms (unready in 1 round, warning in 2 rounds)": {
			Cases: []failover.Case{
				{By: record.EventUnready, Noticed: 9 * ms, Limit: 7650 * time.Microsecond, Peak: 10 * ms},
				{By: record.EventWarning, Noticed: 9 * ms, Limit: 87200 * time.Microsecond, Peak: 80 * ms}, {By: record.EventWarning, Noticed: 9 * ms, Limit: 56 * ms, Peak: 900 * ms, Excursion: time.Second},
			},
			Noticed: once(9 * ms), Answered: once(1200 * ms), Ready: once(1100 * ms), Excursion: sample.NewTimes([]time.Duration{0, 0, time.Second}),
		},
		"process-kill at 10 s: no request was lost; p99 up to 1.03 s, above 100 ms for 1 s (the first packet of 104 connections was lost in the phase, and sent again after 1 s or more); the platform noticed nothing": {
			Cases: []failover.Case{{Limit: 100 * ms, Peak: 1030 * ms, Excursion: time.Second, Resent: 104}}, Excursion: once(time.Second),
		},
		"process-kill at 10 s: the server was already failing before the fault in 2 rounds (9.76 % to 35.1 % of the requests due in the 10 s before it failed, 40 % to 62 % in the 10 s after it); 19 requests failed from then on (19 refused) in 2 of 3 rounds, first correct answer after 187 ms; the platform noticed nothing": {
			Cases: []failover.Case{{Lost: 9, Failing: true, FailedBefore: 0.351, FailedAfter: 0.62}, {Lost: 10, Failing: true, FailedBefore: 0.0976, FailedAfter: 0.4}, {}},
			Lost:  19, Errors: refused, Recovered: once(187 * ms),
		},
		"process-kill at 10 s: no request was lost; the new server gave its first correct answer after 1.2 s; noticed after 9 ms (ended)": {
			Cases: []failover.Case{{By: record.EventEnded, Noticed: 9 * ms}}, Noticed: once(9 * ms), Answered: once(1200 * ms),
		},
		"process-kill at 10 s: no request was lost; the new server gave no correct answer before the phase ended; noticed after 9 ms (ended)": {
			Cases: []failover.Case{{By: record.EventEnded, Noticed: 9 * ms, New: failover.NewServer{Began: ms, Known: true}}}, Noticed: once(9 * ms),
		},
		"process-kill at 10 s: 19 requests lost (19 refused), within 5 s, and the server never recovered before the phase ended; p99 above 4 ms for 5 s, in which nothing was answered; the platform noticed nothing": {
			Cases: []failover.Case{{Lost: 19, Never: true, Limit: 4 * ms, Excursion: 5 * time.Second}}, Lost: 19, Errors: refused, Burst: once(5 * time.Second), Excursion: once(5 * time.Second),
		},
		"process-kill at 10 s: no request was lost; p99 up to 900 ms, above 4 ms for 1 s; the platform noticed nothing": {
			Cases: []failover.Case{{Limit: 4 * ms, Peak: 900 * ms, Excursion: time.Second}}, Excursion: once(time.Second),
		},
		"process-kill at 10 s: 19 requests lost (19 refused) in 2 rounds, and in 1 round the server never recovered before the phase ended; noticed after 9 ms (unready), in 1 round not at all": {
			Cases: []failover.Case{{Lost: 9, By: record.EventUnready, Noticed: 9 * ms}, {Lost: 10, Never: true}}, Lost: 19, Errors: refused, Noticed: once(9 * ms),
		},
		"process-kill at 10 s hit a replica that gave 0 % to 26.2 % of the answers of the 5 s before (known in 2 of 3 rounds): no request was lost; the platform noticed nothing": {
			Cases: []failover.Case{{Share: new(float64)}, {Share: &quarter}, {}},
		},
		"process-kill at 10 s: 19 requests lost (19 refused), within 182 ms; the platform noticed nothing": {
			Cases: []failover.Case{{Lost: 19}}, Lost: 19, Errors: refused, Burst: once(182 * ms), Recovered: once(1),
		},
	} {
		f.Kind, f.At = "process-kill", 10*time.Second
		if got := sentence.FaultResult(f); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestBreaks says why a target broke in each of several rounds, not in the first alone.
func TestBreaks(t *testing.T) {
	late := func(round int, k int64) capacity.Break {
		return capacity.Break{Round: round, Step: 1, Rate: 60, Held: 5, InTime: stat.Counts{K: k, N: 2100}, Grace: time.Second}
	}
	lost := capacity.Break{Round: 3, Step: 1, Rate: 60, Held: 5, Lost: stat.NewProportion(42, 2100)}
	const grace = " before 1 s after the step's end, less than 95 %"
	for want, breaks := range map[string][]capacity.Break{
		"held 5/s, broke at 60/s: 88 % of 2,100 requests due were answered" + grace:                                                                                                       {late(1, 1848)},
		"held 5/s, broke at 60/s in 3 rounds: 9.76 % to 88 % of the requests due were answered" + grace:                                                                                   {late(1, 1848), late(2, 737), late(3, 205)},
		"held 5/s, broke at 60/s in 2 rounds: 2 % of 2,100 requests failed or were censored, more than 1 %":                                                                               {lost, lost},
		"held 5/s, broke at 60/s in 2 rounds: 88 % of 2,100 requests due were answered" + grace + " (round 1) and 2 % of 2,100 requests failed or were censored, more than 1 % (round 3)": {late(1, 1848), lost},
	} {
		if got := sentence.StepsResult(capacity.Stepped{Rounds: len(breaks), Steps: make([]capacity.Step, 2), Breaks: breaks}); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestBlameNamesTheError: an action that asks to fix an error stands beside that error.
func TestBlameNamesTheError(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	for i := range run.Cells {
		if run.Cells[i].Measured {
			run.Cells[i].Failed = "write latency.hlog: no space left on device"
			break
		}
	}
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	const want = "the measurement is not valid: record (the record of a phase is incomplete: write latency.hlog: no space left on device); " +
		"to fix it: fix the error reported, such as a full disk, and run it again"
	if got := sentence.Blame(a); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
