package junit

import (
	"servebench/reports/analysis"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"

	"github.com/jstemmer/go-junit-report/v2/junit"
)

// runSuite holds what is true of a run as a whole: that it was played to its end,
// and that its figures can be believed. It is all that there is to test where the
// scenario sets no limits.
func runSuite(a *analysis.Analysis) junit.Testsuite {
	name := format.Plain(a.Run.Scenario.Name)
	s := newSuite(a, name, a.Run.Finished.Sub(a.Run.Created))
	addFacts(&s, a.Run.Environment)
	if len(a.Gates) == 0 {
		s.AddTestcase(believed(a, name))
	}
	if short := a.Shortfall(); short != nil {
		s.AddTestcase(junit.Testcase{
			Classname: name, Name: "ran to its end", Time: seconds(0),
			Error: &junit.Result{Message: short.Word + ": " + format.Plain(sentence.Shortfall(a, short)), Type: short.Word},
		})
	}
	return s
}

// wholeSuite holds the verdict on the run where each part by itself holds and the
// whole does not, or hold in a part of what was planned: a server was lost on the way,
// say.
func wholeSuite(a *analysis.Analysis) junit.Testsuite {
	name := format.Plain(a.Run.Scenario.Name)
	s := newSuite(a, name, 0)
	test := junit.Testcase{Classname: name, Name: "the run as a whole", Time: seconds(0)}
	judge(&test, a, a.Verdict, sentence.Verdict(a), []string{sentence.Word(a) + ": " + format.Plain(sentence.Verdict(a))})
	s.AddTestcase(test)
	return s
}

func believed(a *analysis.Analysis, name string) junit.Testcase {
	test := junit.Testcase{Classname: name, Name: "valid figures", Time: seconds(a.Run.Finished.Sub(a.Run.Created))}
	switch {
	case a.NoResult():
		test.Error = &junit.Result{Message: sentence.Word(a) + ": " + format.Plain(sentence.Verdict(a)), Type: sentence.Word(a)}
	case a.Validity == record.Invalid:
		judge(&test, a, record.InvalidInstrument, sentence.Blame(a), nil)
	default:
		judge(&test, a, record.Pass, "", []string{string(a.Validity) + ": " + format.Plain(sentence.Verdict(a))})
	}
	return test
}
