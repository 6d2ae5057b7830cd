package analysis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/validity"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// diagnosis fails the test where the trial cannot be examined.
func diagnosis(t *testing.T, run *record.Run, trial record.Trial) string {
	t.Helper()
	why, err := validity.DiagnoseTrial(run, trial)
	if err != nil {
		t.Fatal(err)
	}
	return why
}

// rerun discards a trial and adds it again, as it was before it was disturbed.
func rerun(run *record.Run, trial record.Trial, why string, undisturbed []record.Cell) {
	for i := range run.Cells {
		if run.Cells[i].Trial() != trial {
			continue
		}
		run.Cells[i].Discarded = why
		again := undisturbed[i]
		again.Attempt++
		run.Cells = append(run.Cells, again)
	}
	for i := range run.Targets {
		t := &run.Targets[i]
		if t.Name == trial.Target {
			again := t.Deployments[trial.Round-1]
			again.Attempt++
			t.Deployments = append(t.Deployments, again)
		}
	}
}

// A trial whose instrument was disturbed is recognised by itself, and once it is
// discarded and rerun the run is judged as if nothing had been.
func TestDiscardedTrial(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	undisturbed := slices.Clone(run.Cells)
	plain := analyse(t, run)
	c := second(run)
	trial := c.Trial()
	if text := diagnosis(t, run, trial); text != "" {
		t.Fatalf("%+v has a diagnostic without a reason: %s", trial, text)
	}
	c.Instrument.SendingCPU = c.Span * 81 / 100
	text := diagnosis(t, run, trial)
	if !strings.Contains(text, "generator CPU 81 % (expected ≤ 80 %)") {
		t.Fatalf("diagnostic %q, want it to name the figure and the limit", text)
	}
	for _, other := range []record.Trial{{Target: "physical", Round: trial.Round}, {Target: trial.Target, Round: trial.Round + 1}} {
		if why := diagnosis(t, run, other); why != "" {
			t.Errorf("%+v has one as well: %s", other, why)
		}
	}
	if before := analyse(t, run); before.Validity != record.Invalid {
		t.Fatal("the run is VALID though a trial's measurement is not valid")
	}
	rerun(run, trial, text, undisturbed)
	a := analyse(t, run)
	if a.Validity != record.Valid {
		t.Errorf("the run is %s though the trial was discarded: %+v", a.Validity, a.Diagnostics)
	}
	samePairs(t, plain, a)
	i := slices.IndexFunc(a.Diagnostics, func(d record.Diagnostic) bool { return d.Rule == "discarded" })
	if i < 0 || a.Diagnostics[i].Target != trial.Target || a.Diagnostics[i].Round != trial.Round || !strings.Contains(a.Diagnostics[i].Text, text) {
		t.Errorf("diagnostics %+v, want one that says which trial was discarded and why", a.Diagnostics)
	}
}

// samePairs wants the same figures of a run and of one in which a trial was
// rerun: the rounds in their order, and each paired with the same ones.
func samePairs(t *testing.T, plain, again *analysis.Analysis) {
	t.Helper()
	for i, row := range plain.Rows {
		if got := again.Rows[i]; got.Rounds != row.Rounds || got.Response.N != row.Response.N || len(got.ColdStarts) != len(row.ColdStarts) {
			t.Errorf("%s: %d rounds, n = %d, %d starts; want %d, %d and %d", row.Target,
				got.Rounds, got.Response.N, len(got.ColdStarts), row.Rounds, row.Response.N, len(row.ColdStarts))
		}
	}
	if !slices.Equal(plain.Ratios, again.Ratios) {
		t.Errorf("ratios %+v, want %+v", again.Ratios, plain.Ratios)
	}
	if !slices.IsSortedFunc(again.Cells, func(a, b sample.Row) int { return a.Round - b.Round }) {
		t.Error("the rounds are out of their order")
	}
}

// The start of a trial that was discarded is a start like any other.
func TestStartsOfDiscardedTrialsCount(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	before := analyse(t, run).ColdStarts()[1].N
	rerun(run, second(run).Trial(), "disturbed", slices.Clone(run.Cells))
	if got := analyse(t, run).ColdStarts()[1].N; got != before+1 {
		t.Errorf("%d starts, want %d", got, before+1)
	}
}

// Many discarded trials make one diagnostic, with the worst figure.
func TestManyDiscardedTrials(t *testing.T) {
	p := recordtest.Compare()
	p.Rounds = 5
	run := recordtest.Open(t, p)
	undisturbed := slices.Clone(run.Cells)
	shares := map[int]time.Duration{2: 85, 3: 97, 5: 90}
	for i := range undisturbed {
		if c := &run.Cells[i]; c.Measured && c.Target == "container" && shares[c.Round] > 0 {
			c.Instrument.SendingCPU = c.Span * shares[c.Round] / 100
			why := diagnosis(t, run, c.Trial())
			if why == "" {
				t.Fatalf("round %d has no diagnostic", c.Round)
			}
			rerun(run, c.Trial(), why, undisturbed)
		}
	}
	var found []record.Diagnostic
	for _, d := range analyse(t, run).Diagnostics {
		if d.Rule == "discarded" {
			found = append(found, d)
		}
	}
	if len(found) != 1 || found[0].Round != 0 || found[0].Severity == record.SeverityError ||
		!strings.Contains(found[0].Text, "3 of 13 trials were discarded and rerun") ||
		!strings.Contains(found[0].Text, "(container: rounds 2, 3, 5); the worst: container, round 3") ||
		!strings.Contains(found[0].Figure, "generator CPU 97 %") {
		t.Errorf("%+v", found)
	}
}

// A server that failed in a trial and again in its rerun failed in one round.
func TestFaultsOfARerunNameTheRoundOnce(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	container := &run.Targets[1]
	container.Deployments[1].Failed = "the server died: signal: killed"
	again := container.Deployments[1]
	again.Attempt++
	container.Deployments = append(container.Deployments, again)
	run.Faults = []record.Fault{
		{Target: "container", Round: 2, Text: "remove the server: busy"},
		{Target: "container", Round: 2, Text: "remove the server: busy"},
	}
	a := analyse(t, run)
	if got := a.ServerFailures(); len(got) != 1 || got[0].Kind != sample.Died || !slices.Equal(got[0].Rounds, []int{2}) {
		t.Errorf("failures %+v", got)
	}
	texts := map[string]string{"server-died": "signal: killed", "fault": "busy (2 times)"}
	for rule, end := range texts {
		i := slices.IndexFunc(a.Diagnostics, func(d record.Diagnostic) bool { return d.Rule == rule })
		if i < 0 || a.Diagnostics[i].Round != 2 || !strings.HasSuffix(sentence.Diagnostic(a.Diagnostics[i]), end) {
			t.Errorf("diagnostics %+v, want %s of round 2 that ends with %q", a.Diagnostics, rule, end)
		}
	}
}

// TestReplacedServer: in a search, a server that was ended from outside is said to have been, and
// decides nothing once the step was repeated.
func TestReplacedServer(t *testing.T) {
	for name, end := range map[string]func(*record.Deployment){
		"removed": func(d *record.Deployment) { d.Removed = true }, "evicted": func(d *record.Deployment) { d.Evicted = true },
	} {
		run := recordtest.Open(t, recordtest.Search())
		undisturbed := slices.Clone(run.Cells)
		plain := analyse(t, run)
		trial := run.Cells[0].Trial()
		run.Cells[0].Aborted = "the server ended"
		d := &run.Targets[0].Deployments[0]
		again := *d
		if d.Failed = "the server was " + name + " in phase probe-200\nits output"; d.Round != trial.Round {
			t.Fatalf("deployment %+v, want that of %+v", d, trial)
		}
		end(d)
		rerun(run, trial, "the server was "+name+" in phase probe-200", undisturbed)
		last := &run.Targets[0].Deployments[len(run.Targets[0].Deployments)-1]
		*last = again
		last.Attempt++
		a := analyse(t, run)
		if a.Validity != record.Valid || sentence.Verdict(a) != sentence.Verdict(plain) || len(a.ServerFailures()) > 0 {
			t.Errorf("%s: %s, %s\nwant VALID, %s", name, a.Validity, sentence.Verdict(a), sentence.Verdict(plain))
		}
		if want := "physical: this trial was discarded and rerun, because its server was ended from outside: the server was " + name + " in phase probe-200"; rulesOf(a)["discarded"] != want {
			t.Errorf("%q, want %q", rulesOf(a)["discarded"], want)
		}
		for i := range run.Cells {
			run.Cells[i].Discarded = ""
		}
		if a := analyse(t, run); len(a.ServerFailures()) != 1 || (a.Validity == record.Invalid) != d.Removed {
			t.Errorf("%s, in a trial that counts: %s, %+v", name, a.Validity, a.ServerFailures())
		}
	}
}
