// Package junit writes what a gate found as JUnit XML, the file ci/junit.xml, which
// CI systems show as tests: one suite for each target, one test for each limit; of
// an A/B test one test for each metric. It stands at the end of the flow: everything in
// it is in the analysis.Analysis that it is given.
//
// PASS is a test that passed and FAIL one that failed. INCONCLUSIVE is a test that
// failed as well, of the type INCONCLUSIVE: GitLab, Jenkins and the readers for
// GitHub all count a skipped test as one that does not stand in the way, so that a
// limit that nobody could judge would look like one that holds. INVALID is an error,
// as of a test that broke before it had anything to say.
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/format"
	"servebench/reports/record"

	"github.com/jstemmer/go-junit-report/v2/junit"
)

// File is where the report lies in a run's folder.
const File = "ci/junit.xml"

// Format is the JUnit report of a run.
func Format() reports.Format {
	return reports.Format{
		Name: "junit",
		Doc:  "the limits, or the metrics of an A/B test, as tests in JUnit XML (" + File + ")",
		CI:   true,

		Render: reports.Into(File, Write),
	}
}

// Write writes the report.
func Write(w io.Writer, a *analysis.Analysis) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	if err := newSuites(a).WriteXML(w); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	return nil
}

func newSuites(a *analysis.Analysis) *junit.Testsuites {
	all := &junit.Testsuites{Name: "servebench " + format.Plain(a.Run.Scenario.Name), Time: seconds(a.Run.Finished.Sub(a.Run.Created))}
	switch {
	case a.AB != nil:
		all.AddSuite(abSuite(a))
	case len(a.Gates) == 0:
		all.AddSuite(runSuite(a))
	default:
		for _, t := range a.Run.Targets {
			all.AddSuite(targetSuite(a, t))
		}
		if a.Shortfall() != nil {
			all.AddSuite(runSuite(a))
		}
	}
	if (all.Failures+all.Errors == 0 || a.HoldInPart()) && a.Verdict != record.Pass && a.Verdict != record.NoLimit {
		all.AddSuite(wholeSuite(a))
	}
	for i := range all.Suites {
		all.Suites[i].ID = i
	}
	return all
}

// newSuite is a suite without tests, with what tells the run from others.
func newSuite(a *analysis.Analysis, name string, took time.Duration) junit.Testsuite {
	s := junit.Testsuite{Name: name, Time: seconds(took)}
	s.SetTimestamp(a.Run.Created.UTC())
	s.AddProperty("run", format.Plain(a.Run.ID))
	s.AddProperty("seed", fmt.Sprint(a.Run.Scenario.Seed))
	s.AddProperty("servebench", format.Plain(a.Run.Version))
	return s
}

// seconds as JUnit writes them.
func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", max(d, 0).Seconds()) }

// class is a test's class name: Java's packages have made the point its separator.
func class(target, phase string) string {
	if phase == "" { // of the starts
		return format.Plain(target)
	}
	return format.Plain(target) + "." + format.Plain(phase)
}

func addFacts(s *junit.Testsuite, facts []record.Fact) {
	for _, f := range facts {
		s.AddProperty(format.Plain(f.Name), format.Plain(f.String()))
	}
}
