package junit_test

import (
	"encoding/xml"
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/formattest"
	"servebench/reports/junit"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	lib "github.com/jstemmer/go-junit-report/v2/junit"
)

var update = flag.Bool("update", false, "write the golden files anew")

func plans() map[string]recordtest.Plan {
	all := recordtest.Judged()
	all["ab slower"], all["ab undecided"] = recordtest.Slower(), recordtest.Undecided()
	same, early := recordtest.ABTest(), recordtest.Slower()
	same.AB.Same, same.AB.Interims = true, same.AB.Interims[:1] // it is played to its last interim analysis
	early.Rounds = 3
	all["ab same"], all["ab early"] = same, early
	return all
}

func render(t *testing.T, a *analysis.Analysis) []byte {
	t.Helper()
	return formattest.Render(t, junit.Format(), a)[junit.File]
}

// parse reads a report and holds its counts against its tests.
func parse(t *testing.T, text []byte) lib.Testsuites {
	t.Helper()
	var all lib.Testsuites
	if err := xml.Unmarshal(text, &all); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var sum lib.Testsuites
	for _, s := range all.Suites {
		counted := lib.Testsuite{}
		names := make(map[string]bool)
		for _, test := range s.Testcases {
			counted.AddTestcase(test)
			if id := test.Classname + " " + test.Name; names[id] {
				t.Errorf("two tests are called %q", id)
			} else {
				names[id] = true
			}
		}
		if counted.Tests != s.Tests || counted.Failures != s.Failures || counted.Errors != s.Errors || counted.Skipped != s.Skipped {
			t.Errorf("suite %s counts %d tests, %d failures, %d errors, %d skipped and has others", s.Name, s.Tests, s.Failures, s.Errors, s.Skipped)
		}
		sum.AddSuite(s)
	}
	if sum.Tests != all.Tests || sum.Failures != all.Failures || sum.Errors != all.Errors || all.Tests == 0 {
		t.Errorf("the counts of all suites are not the sum of theirs")
	}
	return all
}

// outcome is what CI systems make of a report: failures or errors stop a merge.
type outcome struct{ fails, errs bool }

func outcomes() map[string]outcome {
	return map[string]outcome{
		"pass": {}, "fail": {fails: true}, "inconclusive": {fails: true}, "invalid": {errs: true},
		"no limits": {errs: true}, // it was interrupted
		"nothing":   {errs: true}, "ab slower": {fails: true}, "ab undecided": {fails: true}, "ab early": {fails: true},
		"ab same": {},
	}
}

func TestGolden(t *testing.T) {
	for name, p := range plans() {
		t.Run(name, func(t *testing.T) {
			text := render(t, formattest.Analyse(t, p))
			all := parse(t, text)
			formattest.Golden(t, *update, name+".xml", text)
			if got := (outcome{all.Failures > 0, all.Errors > 0}); got != outcomes()[name] {
				t.Errorf("%+v, want %+v", got, outcomes()[name])
			}
		})
	}
}

// A failure names metric, limit, value, interval and n.
func TestFailureTells(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.SLO.P99 = p.Targets[:1], time.Millisecond
	a := formattest.Analyse(t, p)
	all := parse(t, render(t, a))
	if all.Failures != 1 {
		t.Fatalf("%d failures", all.Failures)
	}
	i := slices.IndexFunc(all.Suites[0].Testcases, func(c lib.Testcase) bool { return c.Failure != nil })
	test := all.Suites[0].Testcases[i]
	g, l := a.Gates[0], sentence.NewLimit(a.Gates[0])
	for _, want := range []string{"FAIL", g.Metric, l.Limit, l.Observed, l.Interval, format.Count(g.N)} {
		if want == "" || !strings.Contains(test.Failure.Message, want) {
			t.Errorf("no %q in %q", want, test.Failure.Message)
		}
	}
	if test.Classname != "physical.steady" || test.Name != "p99 response time ≤ 1 ms" {
		t.Errorf("%s: %s", test.Classname, test.Name)
	}
}

// A run whose limits all hold in what was measured, and that lost a server on the way,
// is no PASS, and its report stops a merge as its exit code does.
func TestLostServer(t *testing.T) {
	p := recordtest.Compare()
	p.Targets[0].StartFails = []int{2}
	a := formattest.Analyse(t, p)
	if a.Verdict != record.Inconclusive || !a.HoldInPart() {
		t.Fatalf("%s, limits %+v", a.Verdict, a.Gates)
	}
	all := parse(t, render(t, a))
	if first := all.Suites[0]; first.Failures != first.Tests || all.Failures != first.Tests+1 {
		t.Fatalf("%d failures, %d of them of the %d limits of the target that lost it", all.Failures, first.Failures, first.Tests)
	}
	last := all.Suites[len(all.Suites)-1].Testcases[0]
	if last.Failure == nil || !strings.Contains(last.Failure.Message, "INCONCLUSIVE: the server of physical") {
		t.Errorf("%+v", last.Failure)
	}
}

// The time that the tests took adds up to what was measured.
func TestTimes(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Compare())
	for i, s := range parse(t, render(t, a)).Suites[:2] {
		var sum time.Duration
		for _, test := range s.Testcases {
			took, err := time.ParseDuration(test.Time + "s")
			if err != nil {
				t.Fatal(err)
			}
			sum += took
		}
		if gap := (sum - a.Rows[i].Elapsed).Abs(); gap > 10*time.Millisecond {
			t.Errorf("%s: %v, measured %v", s.Name, sum, a.Rows[i].Elapsed)
		}
	}
}

// A limit on the starts, which are in no phase, is a test like others.
func TestStarts(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.SLO.ColdStart = p.Targets[:1], 10*time.Millisecond
	all := parse(t, render(t, formattest.Analyse(t, p)))
	tests := all.Suites[0].Testcases
	last := tests[len(tests)-1]
	if last.Classname != "physical" || last.Name != "cold start ≤ 10 ms" || last.Failure == nil {
		t.Errorf("%+v", last)
	}
}

func TestHostileText(t *testing.T) {
	text := render(t, formattest.Analyse(t, recordtest.Hostile()))
	parse(t, text)
	if strings.ContainsAny(string(text), "\x1b\x00\r\u202e\ufffd") {
		t.Errorf("%q", text)
	}
}
