package markdown

import (
	"fmt"
	"io"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/analysis/gate"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// mostAnnotations is how many a step shows of each kind.
// https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md#limitations
const mostAnnotations = 10

// annotation is a note that GitHub shows beside the job.
type annotation struct {
	level string // "error", "warning", "notice"
	title string
	text  string
}

func (n annotation) String() string {
	return fmt.Sprintf("::%s title=%s::%s", n.level, property(short(format.Plain(n.title))), message(short(format.Plain(n.text))))
}

// Annotate writes the run's annotations as workflow commands, one a line. The runner
// reads them from the output of a step and from its errors alike, so that what else
// is written to the output can be left clean.
func Annotate(w io.Writer, a *analysis.Analysis) error {
	for _, n := range annotations(a) {
		if _, err := fmt.Fprintln(w, n); err != nil {
			return fmt.Errorf("write annotations: %w", err)
		}
	}
	return nil
}

// annotations are those of the run: what it came to, then each limit or metric that
// does not hold.
func annotations(a *analysis.Analysis) []annotation {
	first := annotation{level(a), fmt.Sprintf("%s: %s", sentence.Word(a), a.Run.Scenario.Name), sentence.Verdict(a)}
	if short := a.Shortfall(); short != nil {
		first.title, first.text = short.Word+": "+a.Run.Scenario.Name, fmt.Sprintf("%s. Of what was measured: %s", sentence.Shortfall(a, short), sentence.Verdict(a))
	}
	rest := broken(a)
	if more := len(rest) - (mostAnnotations - 1); more > 0 {
		first.text += fmt.Sprintf(" (%d more are in the summary)", more)
		rest = rest[:mostAnnotations-1]
	}
	return append([]annotation{first}, rest...)
}

func level(a *analysis.Analysis) string {
	if a.NoResult() || a.Shortfall() != nil {
		return "error"
	}
	return levelOf(a.Verdict)
}

func levelOf(v record.Verdict) string {
	switch v {
	case record.Fail, record.InvalidInstrument:
		return "error"
	case record.Inconclusive:
		return "warning"
	}
	return "notice"
}

// broken has a note for each part that decided against the whole; none where the
// whole cannot be believed.
func broken(a *analysis.Analysis) []annotation {
	var all []annotation
	add := func(v record.Verdict, where, told string) {
		if v == record.Fail || v == record.Inconclusive {
			all = append(all, annotation{levelOf(v), fmt.Sprintf("%s: %s", v, where), told})
		}
	}
	switch d := a.AB; {
	case a.Verdict == record.InvalidInstrument || a.NoResult():
	case d != nil:
		for _, m := range d.Metrics {
			add(m.Verdict, record.Candidate+", phase "+m.Phase, sentence.MetricLine(d, m))
		}
		for _, e := range d.Errors {
			add(e.Verdict, record.Candidate+", phase "+e.Phase, sentence.ErrorsLine(d, e))
		}
	default:
		for _, g := range sentence.WorstFirst(a.Gates) {
			add(g.Verdict, at(g), sentence.LimitLine(g))
		}
	}
	return all
}

// at is what a limit is of: "container, phase steady", or the target alone of its
// starts, which are in no phase.
func at(g gate.Gate) string {
	if g.Phase == "" {
		return g.Target
	}
	return g.Target + ", phase " + g.Phase
}

// message and property escape the two parts of a workflow command as GitHub reads it.
// https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
func message(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(message(s))
}
