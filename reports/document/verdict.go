package document

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/sample"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// verdict says what the run comes to. What makes it INVALID is said once, as reasons.
func (b builder) verdict() Verdict {
	a := b.a
	v := Verdict{Word: sentence.Word(a), Tone: toneOf(a.Verdict), Why: sentence.Lead(a)}
	switch {
	case a.Empty():
		v.Tone = Bad
	case a.Refused():
		v.Why += ". Nothing was sent"
	case a.Validity == record.Invalid:
		v.Why += ". The figures below are not results"
	}
	if short := a.Shortfall(); short != nil {
		v.Notices = append(v.Notices, b.shortfall(short))
	}
	v.Notices = append(v.Notices, b.advice()...)
	v.Reasons = b.reasons()
	return v
}

// shortfall says what is missing, with what to do where a diagnostic has it.
func (b builder) shortfall(short *sample.Shortfall) Line {
	line := Line{Word: short.Word, Tone: Unsure, Text: format.Sentence(sentence.Shortfall(b.a, short))}
	for _, d := range b.a.Diagnostics {
		if d.Rule == short.Rule() {
			line.Fix = format.Sentence(d.Action)
		}
	}
	return line
}

// reasons are the diagnostics that make the run INVALID, and before them what went wrong
// with servers.
func (b builder) reasons() []Line {
	var servers, others []Line
	for _, d := range b.a.Diagnostics {
		switch {
		case d.Rule == "empty": // which the sentence says
			if len(b.a.ServerFailures()) == 0 {
				others = append(others, Line{Tone: Bad, Fix: format.Sentence(d.Action)})
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
func (b builder) targets() []Section {
	ran, absent := Section{ID: "targets", Rank: Appendix}, Section{ID: "absent"}
	for _, t := range b.a.Run.Targets {
		if t.Unavailable != "" {
			absent.Lines = append(absent.Lines, Line{Word: "NOT RUN", Target: t.Name, Where: t.Name, Text: "Not available here: " + t.Unavailable})
			continue
		}
		line := b.target(t)
		line.Target, line.Where = t.Name, b.a.Label(t.Name)
		ran.Lines = append(ran.Lines, line)
	}
	return []Section{ran, absent}
}

func (b builder) target(t record.Target) Line {
	failure := b.failure(t.Name)
	if b.a.OnlyStarts() {
		return b.started(t, failure)
	}
	row := slices.IndexFunc(b.a.Rows, func(r sample.Row) bool { return r.Target == t.Name && r.Ledger.Sent > 0 })
	if row < 0 {
		line := Line{Word: "NOT MEASURED", Tone: Bad, Text: "No request of a measured phase was sent to it."}
		if b.a.Refused() {
			line.Tone = Plain
		}
		if failure != "" {
			line.Text = failure
		}
		return line
	}
	v := b.worst(t.Name)
	line := Line{Word: string(v), Tone: toneOf(v)}
	if v == record.NoLimit {
		line.Word = "MEASURED"
	}
	line.Text = joined(failure, b.caveat(t.Name), b.finding(b.a.Rows[row]), b.broken(t.Name))
	return line
}

// joined puts sentences behind each other.
func joined(sentences ...string) string {
	return strings.Join(slices.DeleteFunc(sentences, func(s string) bool { return s == "" }), " ")
}

// started is the line of a target of which starts alone were measured.
func (b builder) started(t record.Target, failure string) Line {
	starts := b.a.ColdStarts()
	c := starts[slices.IndexFunc(starts, func(c sample.ColdStart) bool { return c.Target == t.Name })]
	switch whole := c.Whole(); {
	case c.Running:
		return Line{Word: "NOT STARTED", Text: "Its server is not started here, so it has no cold start."}
	case c.N == 0 && failure != "":
		return Line{Word: "NOT STARTED", Tone: Bad, Text: failure}
	case c.N == 0:
		return Line{Word: "NOT STARTED", Tone: Bad, Text: "No start came to its first answer."}
	default:
		text := fmt.Sprintf("%s to the first answer in the median of %s, %s at most.",
			format.Duration(whole.Median.Value), format.Plural(c.N, "start"), format.Duration(whole.Max))
		return Line{Word: "STARTED", Text: joined(b.caveat(t.Name), text, failure)}
	}
}

// caveat says what must not be overlooked about where a server ran.
func (b builder) caveat(target string) string {
	for _, d := range b.a.Diagnostics {
		if d.Target == target && (d.Rule == "emulated" || d.Rule == "running") {
			return format.Sentence(d.Text)
		}
	}
	return ""
}

// failure says what went wrong with a target's server, and why.
func (b builder) failure(target string) string {
	for _, t := range b.a.ServerFailures() {
		if t.Target != target {
			continue
		}
		text := "The server " + sentence.FailureText(t)
		if t.Cause != "" {
			text += ": " + t.Cause
		}
		return format.Sentence(text)
	}
	return ""
}

// worst is a target's verdict: that of its worst limit.
func (b builder) worst(target string) record.Verdict {
	if b.a.Validity == record.Invalid {
		return record.InvalidInstrument
	}
	return gate.Worst(slices.DeleteFunc(slices.Clone(b.a.Gates), func(g gate.Gate) bool { return g.Target != target }))
}

// finding is what the run was for, as to one target; without such, its first measured
// phase.
func (b builder) finding(r sample.Row) string {
	if s := b.overheadOf(r.Target); s != "" {
		return s
	}
	for _, s := range b.a.Stepped {
		if s.Target == r.Target {
			return format.Sentence(sentence.StepsResult(s))
		}
	}
	for _, s := range b.a.Saturated {
		if s.Target == r.Target {
			return format.Sentence(sentence.SaturationResult(s))
		}
	}
	at := "at"
	if r.Concurrency > 0 {
		at = "with"
	}
	s := fmt.Sprintf("%s of %s requests %s %s %s", format.Count(r.Ledger.OK), format.Count(r.Ledger.Sent), b.answered(r), at, asked(r))
	if b.several {
		s = fmt.Sprintf("Phase %s: %s", r.Phase, s)
	}
	var times []string
	for _, i := range []int{0, 2} {
		if q := r.Response.Quantiles[i]; q.Known {
			times = append(times, format.Quantile(q.Q)+" "+format.Duration(q.Value))
		}
	}
	if len(times) == 0 {
		return s + "."
	}
	s += "; response time "
	if r.Ledger.OK < r.Ledger.Sent {
		s += "of these "
	}
	return s + sentence.Listed(times) + "."
}

// broken names the limits that a target does not keep.
func (b builder) broken(target string) string {
	var failed, open []string
	for _, g := range b.a.Gates {
		where := ""
		if b.several && g.Phase != "" {
			where = " in " + g.Phase
		}
		switch {
		case g.Target != target:
		case g.Verdict == record.Fail:
			l := sentence.NewLimit(g)
			failed = append(failed, fmt.Sprintf("%s%s%s %s, limit %s", g.Metric, b.counted(g), where, l.Observed, l.Limit))
		case g.Verdict == record.Inconclusive:
			open = append(open, g.Metric+where)
		}
	}
	var parts []string
	if len(failed) > 0 {
		parts = append(parts, "Not met: "+sentence.Listed(failed)+".")
	}
	if len(open) > 0 {
		parts = append(parts, "Undecided: "+sentence.Listed(open)+".")
	}
	return strings.Join(parts, " ")
}

// counted says of a quantile that is judged that it is another one than that of the right
// answers; "" where all requests had one.
func (b builder) counted(g gate.Gate) string {
	i := slices.IndexFunc(b.a.Rows, func(r sample.Row) bool { return r.Target == g.Target && r.Phase == g.Phase })
	if g.Q == 0 || i < 0 || b.a.Rows[i].Ledger.OK == b.a.Rows[i].Ledger.Sent {
		return ""
	}
	return " (failed requests included)"
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
		if i := slices.IndexFunc(t.Facts, func(f record.Fact) bool { return f.Name == "url" }); t.Running && i >= 0 {
			names = append(names, "the one that ran already at "+t.Facts[i].Value)
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
