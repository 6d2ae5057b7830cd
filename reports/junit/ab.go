package junit

import (
	"fmt"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/ab"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"

	"github.com/jstemmer/go-junit-report/v2/junit"
)

// abSuite holds a test for each metric and phase in which the variants were compared,
// and one for their errors.
func abSuite(a *analysis.Analysis) junit.Testsuite {
	took := a.Run.Finished.Sub(a.Run.Created)
	s := newSuite(a, format.Plain(a.Run.Scenario.Name)+": "+record.Candidate+" against "+record.Baseline, took)
	if d := a.Run.AB; d != nil {
		s.AddProperty(record.Baseline, format.Plain(d.Baseline.Source))
		s.AddProperty(record.Candidate, format.Plain(d.Candidate.Source))
	}
	if a.NoResult() {
		s.AddTestcase(believed(a, record.Candidate))
		return s
	}
	d := a.AB
	n := time.Duration(len(d.Metrics) + len(d.Errors))
	for _, m := range d.Metrics {
		test := junit.Testcase{
			Classname: class(record.Candidate, m.Phase), Name: m.Name + " no worse than the " + record.Baseline + "'s", Time: seconds(took / n),
		}
		judge(&test, a, within(d, m.Verdict), sentence.MetricLine(d, m), metricDetails(d, m))
		s.AddTestcase(test)
	}
	for _, e := range d.Errors {
		test := junit.Testcase{
			Classname: class(record.Candidate, e.Phase), Name: "errors no more than the " + record.Baseline + "'s", Time: seconds(took / n),
		}
		judge(&test, a, within(d, e.Verdict), sentence.ErrorsLine(d, e), []string{sentence.ErrorsLine(d, e)})
		s.AddTestcase(test)
	}
	if n == 0 {
		test := junit.Testcase{Classname: record.Candidate, Name: "no worse than the " + record.Baseline, Time: seconds(took)}
		judge(&test, a, d.Verdict, sentence.ABWhy(a), nil)
		s.AddTestcase(test)
	}
	return s
}

// within is the verdict on a part of an A/B test: none is better than what the whole can
// be believed for.
func within(d *ab.Result, part record.Verdict) record.Verdict {
	if d.Verdict == record.InvalidInstrument || part == record.NoLimit {
		return d.Verdict
	}
	return part
}

func metricDetails(d *ab.Result, m ab.Metric) []string {
	lines := []string{"phase:    " + format.Plain(m.Phase), "metric:   " + m.Name}
	if len(m.Pairs) > 0 {
		lines = append(lines, "change:   "+format.Change(m.Ratio), "bounds:   "+orNone(sentence.MetricBounds(m)))
	}
	lines = append(lines, fmt.Sprintf("pairs:    %d", len(m.Pairs)))
	if why := sentence.MetricWhy(d, m); why != "" {
		lines = append(lines, "why:      "+format.Plain(why))
	}
	if advice := sentence.Advice(d); d.Command != "" {
		lines = append(lines, "more:     "+advice+":", "          "+format.Plain(d.Command))
	}
	return lines
}
