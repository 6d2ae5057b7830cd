package document

import (
	"fmt"
	"slices"
	"time"

	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/validity"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// verdict says what the run comes to. What makes it INVALID is said once, as reasons.
func (b builder) verdict() Verdict {
	a := b.a
	v := Verdict{Word: sentence.Word(a), Tone: element.ToneOf(a.Verdict), Why: sentence.Lead(a)}
	switch {
	case a.NoResult():
		v.Tone = element.Bad
	case a.Refused():
		v.Why += ". Nothing was sent"
	case a.Validity == record.Invalid:
		v.Why += ". The figures below are not results"
	}
	if short := a.Shortfall(); short != nil {
		v.Notices = append(v.Notices, b.shortfall(short))
	}
	if a.Verdict == record.Pass {
		for _, d := range a.Diagnostics {
			if d.Rule == validity.RuleIdleFault { // by which the limits may hold
				v.Notices = append(v.Notices, b.diagnostic(d))
			}
		}
	}
	v.Notices = append(v.Notices, b.advice()...)
	v.Reasons = b.reasons()
	return v
}

// shortfall says what is missing, with what to do where a diagnostic has it.
func (b builder) shortfall(short *sample.Shortfall) element.Line {
	line := element.Line{Word: short.Word, Tone: element.Unsure, Text: format.Sentence(sentence.Shortfall(b.a, short))}
	for _, d := range b.a.Diagnostics {
		if d.Rule == short.Rule() {
			line.Fix = format.Sentence(d.Action)
		}
	}
	return line
}

// reasons are the diagnostics that make the run INVALID, and before them what went wrong
// with servers.
func (b builder) reasons() []element.Line {
	var servers, others []element.Line
	for _, d := range b.a.Diagnostics {
		switch {
		case d.Rule == "empty": // which the sentence says
			if len(b.a.ServerFailures()) == 0 {
				others = append(others, element.Line{Tone: element.Bad, Fix: format.Sentence(d.Action)})
			}
		case ofServer(d):
			servers = append(servers, b.diagnostic(d))
		case d.Severity == record.SeverityError:
			others = append(others, b.diagnostic(d))
		}
	}
	return append(servers, others...)
}

// targets are a sentence on each target, those that could not run last.
func (b builder) targets() []element.Section {
	ran, absent := element.Section{ID: "targets", Rank: element.Appendix}, element.Section{ID: "absent"}
	for _, t := range b.a.Run.Targets {
		if t.Unavailable != "" {
			absent.Lines = append(absent.Lines, element.Line{Word: "NOT RUN", Target: t.Name, Where: t.Name, Text: "Not available here: " + t.Unavailable})
			continue
		}
		line := b.target(t)
		line.Target, line.Where = t.Name, b.a.Label(t.Name)
		ran.Lines = append(ran.Lines, line)
	}
	return []element.Section{ran, absent}
}

func (b builder) target(t record.Target) element.Line {
	failure := sentence.TargetFailure(b.a, t.Name)
	if b.a.OnlyStarts() {
		return b.started(t, failure)
	}
	row := slices.IndexFunc(b.a.Rows, func(r sample.Row) bool { return r.Target == t.Name && r.Ledger.Sent > 0 })
	if row < 0 {
		line := element.Line{Word: "NOT MEASURED", Tone: element.Bad, Text: "No request of a measured phase was sent to it."}
		if b.a.Refused() {
			line.Tone = element.Plain
		}
		if failure != "" {
			line.Text = failure
		}
		return line
	}
	v := b.worst(t.Name)
	line := element.Line{Word: string(v), Tone: element.ToneOf(v)}
	if v == record.NoLimit {
		line.Word = "MEASURED"
	}
	line.Text = sentence.TargetResult(b.a, b.a.Rows[row])
	return line
}

// started is the line of a target of which starts alone were measured.
func (b builder) started(t record.Target, failure string) element.Line {
	starts := b.a.ColdStarts()
	c := starts[slices.IndexFunc(starts, func(c sample.ColdStart) bool { return c.Target == t.Name })]
	switch {
	case c.Running:
		return element.Line{Word: "NOT STARTED", Text: "Its server is not started here, so it has no cold start."}
	case c.N == 0 && failure != "":
		return element.Line{Word: "NOT STARTED", Tone: element.Bad, Text: failure}
	case c.N == 0:
		return element.Line{Word: "NOT STARTED", Tone: element.Bad, Text: "No start came to its first answer."}
	default:
		return element.Line{Word: "STARTED", Text: sentence.TargetStart(b.a, c)}
	}
}

// worst is a target's verdict: that of its worst limit.
func (b builder) worst(target string) record.Verdict {
	if b.a.Validity == record.Invalid {
		return record.InvalidInstrument
	}
	return gate.Worst(slices.DeleteFunc(slices.Clone(b.a.Gates), func(g gate.Gate) bool { return g.Target != target }))
}

// longestServer is how many characters of a server's name are shown.
const longestServer = 160

// server says what was measured: what the targets started, and where a server ran already.
func server(run *record.Run) string {
	if run.AB != nil {
		return ""
	}
	var names []string
	if run.Scenario.Server != "" {
		names = append(names, run.Scenario.Server)
	}
	for _, t := range run.Targets {
		if url := t.Facts.Named("url").Value; t.Running && url != "" {
			names = append(names, "the one that ran already at "+url)
		}
	}
	if len(names) == 0 {
		return ""
	}
	name := []rune(sentence.Listed(names))
	if len(name) > longestServer {
		name = append(name[:longestServer-1], '…')
	}
	return "Server: " + string(name) + "."
}

// origin says when, how long and by what a run was made.
func origin(run *record.Run) []string {
	parts := []string{"run " + run.ID}
	if !run.Created.IsZero() {
		parts = append(parts, run.Created.UTC().Format("2 January 2006, 15:04:05 MST"))
	}
	if d := run.Finished.Sub(run.Created); d > 0 {
		parts = append(parts, "took "+d.Round(time.Second).String())
	}
	if run.Version != "" {
		parts = append(parts, "servebench "+run.Version)
	}
	return append(parts, fmt.Sprintf("seed %d", run.Scenario.Seed))
}
