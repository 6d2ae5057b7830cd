package analysis_test

import (
	"strings"
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/sample"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// TestServerFailures spoils the container of three rounds.
func TestServerFailures(t *testing.T) {
	whole := recordtest.Open(t, recordtest.Compare())
	for _, tt := range []struct {
		name  string
		spoil func(*record.Target)
		want  string
	}{
		{"none", func(*record.Target) {}, ""},
		{"one round", func(target *record.Target) { target.Deployments[1].Failed = "signal: killed\nlast words" },
			"the server of container died in round 2: signal: killed"},
		{"every round", func(target *record.Target) {
			for i := range target.Deployments {
				target.Deployments[i].Failed = "exit status 3; its output ends:\n\tout of memory"
			}
		}, "the server of container died in every round: exit status 3"},
		{"never up", func(target *record.Target) {
			for i := range target.Deployments {
				target.Deployments[i] = record.Deployment{Round: i + 1, Failed: strings.Repeat("x", 200)}
			}
		}, "the server of container did not come up in any round: " + strings.Repeat("x", 159) + "…"},
		{"not up is said before died", func(target *record.Target) {
			target.Deployments[0].Failed = "signal: killed"
			target.Deployments[1] = record.Deployment{Round: 2, Failed: "address in use"}
		}, "the server of container did not come up in round 2: address in use"},
		{"not up when a round was rerun", func(target *record.Target) {
			target.Deployments = append(target.Deployments, record.Deployment{Round: 2, Attempt: 1, Failed: "no node can take the pod"})
		}, "the server of container did not come up again to rerun round 2: no node can take the pod"},
		{"removed, so that the next are not up", func(target *record.Target) {
			target.Deployments[0].Failed, target.Deployments[0].Removed = "the namespace was deleted by somebody else", true
			target.Deployments[1] = record.Deployment{Round: 2, Failed: "the namespace is being removed"}
			target.Deployments[2] = record.Deployment{Round: 1, Attempt: 1, Failed: "the namespace is not found"}
		}, "the server of container was removed by somebody else in round 1: the namespace was deleted by somebody else"},
		{"first answer", func(target *record.Target) {
			target.Deployments[0].FirstAnswerError, target.Deployments[2].FirstAnswerError = "status 404", "status 404"
		}, "the server of container did not give a right first answer in rounds 1 and 3: status 404"},
	} {
		run, err := record.Open(whole.Dir)
		if err != nil {
			t.Fatal(err)
		}
		tt.spoil(&run.Targets[1])
		if got := says(&analysis.Analysis{Set: &sample.Set{Run: run}}); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func says(a *analysis.Analysis) string {
	var all []string
	for _, failure := range a.ServerFailures() {
		all = append(all, sentence.FailureClause(failure)+": "+failure.Cause)
	}
	return strings.Join(all, "; ")
}

func TestMostRequestsFailed(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.Rounds = p.Targets[:1], 1
	p.Targets[0].Errors = failing(1)
	got := says(analyse(t, recordtest.Open(t, p)))
	if want := "the server of physical failed 100 % of "; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, ": connection reset by peer") {
		t.Errorf("%q", got)
	}
	p.Targets[0].Errors = failing(0.3)
	if got := says(analyse(t, recordtest.Open(t, p))); got != "" {
		t.Errorf("a third failed: %q", got)
	}
}

// The connections that a dying server closes are not the fault of its idle
// timeout.
func TestNoRetriesOfADeadServer(t *testing.T) {
	for died, want := range map[string]bool{"": true, "signal: killed": false} {
		run := recordtest.Open(t, recordtest.Compare())
		second(run).Instrument.Retries = 2
		run.Targets[1].Deployments[1].Failed = died
		told := false
		for _, d := range analyse(t, run).Diagnostics {
			told = told || d.Rule == "retries"
		}
		if told != want {
			t.Errorf("died %q: retries told %v", died, told)
		}
	}
}

// TestGivenUpIsNoFailure ends a run while most of its requests have no answer: that is
// the user's doing, and neither an error nor a failure of the server.
func TestGivenUpIsNoFailure(t *testing.T) {
	a := &analysis.Analysis{Set: &sample.Set{
		Run: &record.Run{
			Interrupted: "given up by a second signal",
			Targets:     []record.Target{{Name: "endpoint", Running: true}},
			Scenario:    record.Scenario{Rounds: 1, Phases: []record.Phase{{Name: "long", Measured: true}}},
		},
		Rows: []sample.Row{{Target: "endpoint", Phase: "long", Ledger: record.Ledger{Scheduled: 64, Sent: 64, OK: 3, Censored: 61}}},
	},
		Gates:   []gate.Gate{{Target: "endpoint", Phase: "long", Metric: "error rate", Verdict: record.Inconclusive}},
		Verdict: record.Inconclusive,
	}
	const want = "61 of 64 requests were given up when the run was ended. Also, 1 of 1 limit undecided: endpoint error rate"
	if got := sentence.Verdict(a); got != want || len(a.ServerFailures()) > 0 {
		t.Errorf("%q, %+v, want %q", got, a.ServerFailures(), want)
	}
	if rate := a.Rows[0].ErrorRate(); rate.K != 0 || rate.N != 3 {
		t.Errorf("error rate %+v, want 0 of 3", rate)
	}
	a.Rows[0].Ledger = record.Ledger{Scheduled: 64, Sent: 64, OK: 3, Failed: 61}
	if failures := a.ServerFailures(); len(failures) != 1 || sentence.FailureClause(failures[0]) != "the server of endpoint failed 95.3 % of 64 requests" {
		t.Errorf("of failures: %+v", failures)
	}
}

// A server that nobody started may die unseen: the requests at the end of its load, none of
// which was answered rightly, show it.
func TestSilentServer(t *testing.T) {
	good, bad := record.Slice{Sent: 100, OK: 99, Failed: 1}, record.Slice{Sent: 60, Failed: 60}
	one := func(slices ...record.Slice) [][]record.Slice { return [][]record.Slice{slices} }
	for _, tt := range []struct {
		name   string
		rounds [][]record.Slice
		steps  bool
		want   string
	}{
		{"to the end", one(good, good, bad, bad), false, "the server of endpoint answered none of the last 120 requests of phase steady rightly: "},
		{"in a round of three", [][]record.Slice{{good}, {good, bad}, {good}}, false, "the server of endpoint answered none of the last 60 requests of phase steady rightly in round 2: "},
		{"in two rounds", [][]record.Slice{{good, bad}, {good}, {good, bad}}, false, "the server of endpoint answered none of the last 60 requests of phase steady rightly in round 1, and as little at its end in 1 other round: "},
		{"nothing due in the end", one(good, bad, record.Slice{}), false, "the server of endpoint answered none of the last 60 requests of phase steady rightly: "},
		{"it came back", one(good, bad, good), false, ""},
		{"few", one(good, record.Slice{Sent: 19, Failed: 19}), false, ""},
		{"given up by the user", one(good, record.Slice{Sent: 60, Censored: 60}), false, ""},
		{"never answered", one(bad, bad), false, ""},
		{"steps that were to break it", one(good, bad), true, ""},
	} {
		run := &record.Run{
			Targets:  []record.Target{{Name: "endpoint", Running: true}},
			Scenario: record.Scenario{Rounds: len(tt.rounds), Phases: []record.Phase{{Name: "steady", Measured: true}}},
		}
		if tt.steps {
			run.Scenario.Phases[0].Steps = []record.Step{{}, {}}
		}
		for i, slices := range tt.rounds {
			run.Cells = append(run.Cells, record.Cell{Target: "endpoint", Phase: "steady", Round: i + 1, Slices: slices})
		}
		if got := says(&analysis.Analysis{Set: &sample.Set{Run: run}}); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
