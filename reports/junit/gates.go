package junit

import (
	"fmt"
	"strings"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/gate"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"

	"github.com/jstemmer/go-junit-report/v2/junit"
)

// targetSuite holds a test for each limit of a target.
func targetSuite(a *analysis.Analysis, t record.Target) junit.Testsuite {
	s := newSuite(a, format.Plain(a.Run.Scenario.Name)+" on "+format.Plain(a.Label(t.Name)), elapsedOn(a, t.Name))
	addFacts(&s, t.Facts)
	if a.By != "" {
		s.AddProperty("limits from", format.Plain(a.By))
	}
	if line := sentence.RoundsLine(a); line != "" {
		s.AddProperty("rounds", line)
	}
	if t.Unavailable != "" {
		s.AddTestcase(junit.Testcase{
			Classname: format.Plain(t.Name), Name: "can run here", Time: seconds(0),
			Skipped: &junit.Result{Message: format.Plain(t.Unavailable)},
		})
	}
	for _, g := range a.Gates {
		if g.Target == t.Name {
			s.AddTestcase(gateTest(a, g))
		}
	}
	return s
}

func gateTest(a *analysis.Analysis, g gate.Gate) junit.Testcase {
	test := junit.Testcase{
		Classname: class(g.Target, g.Phase),
		Name:      g.Metric + " " + sentence.NewLimit(g).Limit,
		Time:      seconds(elapsed(a, g.Target, g.Phase) / time.Duration(alike(a, g))),
	}
	judge(&test, a, g.Verdict, sentence.LimitLine(g), gateDetails(a, g))
	return test
}

// alike is how many limits are judged from the same load: they share its time, so
// that the times of the tests add up.
func alike(a *analysis.Analysis, g gate.Gate) int {
	n := 0
	for _, other := range a.Gates {
		if other.Target == g.Target && other.Phase == g.Phase {
			n++
		}
	}
	return n
}

// elapsed is how long a target was measured in a phase; 0 of the starts, which are in
// no phase.
func elapsed(a *analysis.Analysis, target, phase string) time.Duration {
	for _, r := range a.Rows {
		if r.Target == target && r.Phase == phase {
			return r.Elapsed
		}
	}
	return 0
}

// elapsedOn is how long a target was measured in all phases.
func elapsedOn(a *analysis.Analysis, target string) time.Duration {
	var sum time.Duration
	for _, r := range a.Rows {
		if r.Target == target {
			sum += r.Elapsed
		}
	}
	return sum
}

func gateDetails(a *analysis.Analysis, g gate.Gate) []string {
	l := sentence.NewLimit(g)
	lines := []string{
		"target:   " + format.Plain(a.Label(g.Target)),
		"phase:    " + orNone(format.Plain(g.Phase)),
		"metric:   " + g.Metric,
		"limit:    " + l.Limit,
		"observed: " + l.Observed,
		"interval: " + orNone(l.Interval),
		"n:        " + format.Count(g.N),
	}
	if l.Why != "" {
		lines = append(lines, "why:      "+format.Plain(l.Why))
	}
	if g.More > 0 {
		lines = append(lines, fmt.Sprintf("settled:  by about %s rounds in all", format.Count(int64(g.More))))
	}
	if l.Note != "" {
		lines = append(lines, "note:     "+format.Plain(l.Note))
	}
	return lines
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// judge gives the test the outcome that stands for the verdict.
func judge(test *junit.Testcase, a *analysis.Analysis, v record.Verdict, told string, details []string) {
	details = append(details, "report:   "+format.Plain(analysis.ReportCommand(a.Run)))
	result := &junit.Result{
		Message: string(v) + ": " + format.Plain(told),
		Type:    string(v),
		Data:    strings.Join(details, "\n"),
	}
	switch v {
	case record.Pass, record.NoLimit: // NoLimit: a server that is compared with itself
		test.SystemOut = &junit.Output{Data: strings.Join(details, "\n")}
	case record.InvalidInstrument:
		if blame := sentence.Blame(a); blame != "" {
			result.Message = string(v) + ": " + format.Plain(blame)
		}
		test.Error = result
	default:
		test.Failure = result
	}
}
