package html

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/stats"
)

// verdict is what the page says first.
type verdict struct {
	Word, Class string
	Servers     string // what went wrong with them, said before anything else
	Validity    string // "" where nothing was measured
	Sentence    string
}

// noResult is the word where nothing was measured.
const noResult = "NO RESULT"

// class is the style of a verdict.
func class(v stats.Verdict) string {
	switch v {
	case stats.Pass:
		return "pass"
	case stats.Fail:
		return "fail"
	case stats.Inconclusive:
		return "inconclusive"
	case stats.InvalidInstrument:
		return "invalid"
	}
	return "open"
}

func (b builder) verdict() verdict {
	if why := b.a.Nothing(); why != "" {
		return verdict{Word: noResult, Class: class(stats.InvalidInstrument), Sentence: "Nothing was measured: " + why + "."}
	}
	v := verdict{Word: string(b.a.Verdict), Class: class(b.a.Verdict), Servers: b.servers(), Validity: string(b.a.Validity)}
	if b.a.Validity == stats.Invalid {
		v.Word, v.Class = string(stats.InvalidInstrument), class(stats.InvalidInstrument)
		v.Sentence = sentenceCase(b.a.Blame()) + " Nothing on this page is a result."
		if b.a.Refused() {
			v.Sentence = sentenceCase(b.a.Blame()) + " Nothing was sent."
		}
		return v
	}
	if b.a.OnlyStarts() {
		return b.startsVerdict(v)
	}
	if d := b.a.AB; d != nil {
		v.Sentence = sentenceCase(d.Why)
		return v
	}
	switch b.a.Verdict {
	case stats.Pass:
		v.Sentence = capital(b.a.OnLimits()) + "."
	case stats.Fail:
		v.Sentence = "At least one limit of the SLO is broken."
	case stats.Inconclusive:
		if b.a.HoldInPart() {
			v.Sentence = capital(b.a.OnLimits()) + "."
			break
		}
		v.Sentence = "No limit is shown to be broken, but not all are shown to be kept: the figures are too uncertain to say."
	default:
		v.Word, v.Sentence = "NO LIMITS", "The scenario sets no limits, so there is nothing to pass or to fail."
		if line := b.a.Answer(); line != "" {
			v.Sentence = capital(line) + ". " + v.Sentence
		}
	}
	return v
}

// startsVerdict is that of a run of starts alone.
func (b builder) startsVerdict(v verdict) verdict {
	v.Validity = ""
	v.Sentence = b.a.StartLine() + ". Starts alone were measured: there was no load, so there is no instrument to judge"
	if b.a.Verdict == stats.NoLimit {
		v.Word = string(stats.NoLoad)
		v.Sentence += " and no limit."
		return v
	}
	v.Sentence += ". " + capital(b.a.OnLimits()) + "."
	return v
}

// servers says what went wrong with the servers, as sentences.
func (b builder) servers() string {
	var all []string
	for _, t := range b.a.ServerFailures() {
		all = append(all, sentenceCase(t.Says()))
	}
	return strings.Join(all, " ")
}

// targetLine is one sentence about a target.
type targetLine struct {
	Name        string
	Mark        template.HTML
	Word, Class string
	Sentence    string
}

func (b builder) targets() []targetLine {
	var lines []targetLine
	for _, t := range b.a.Run.Targets {
		lines = append(lines, b.targetLine(t))
	}
	return lines
}

func (b builder) targetLine(t record.Target) targetLine {
	line := targetLine{Name: b.a.Label(t.Name), Mark: template.HTML(b.marks[t.Name])}
	if t.Unavailable != "" {
		line.Word, line.Class, line.Sentence = "NOT RUN", "open", "Not available here: "+t.Unavailable
		return line
	}
	failure := b.serverFailure(t.Name)
	if b.a.OnlyStarts() {
		return b.startLine(line, t, failure)
	}
	row := slices.IndexFunc(b.a.Rows, func(r stats.Row) bool { return r.Target == t.Name && r.Ledger.Sent > 0 })
	if row < 0 {
		line.Word, line.Class, line.Sentence = "NOT MEASURED", "fail", "No request of a measured phase was sent to it."
		if b.a.Refused() {
			line.Class = "open"
		}
		if failure != "" {
			line.Sentence = failure
		}
		return line
	}
	v := b.worst(t.Name)
	line.Word, line.Class = string(v), class(v)
	if v == stats.NoLimit {
		line.Word = "MEASURED"
	}
	if failure != "" {
		failure += " "
	}
	line.Sentence = failure + b.caveat(t.Name) + b.sentence(b.a.Rows[row]) + b.broken(t.Name)
	return line
}

// startLine is the sentence about a target of which starts alone were measured.
func (b builder) startLine(line targetLine, t record.Target, failure string) targetLine {
	starts := b.a.ColdStarts()
	c := starts[slices.IndexFunc(starts, func(c stats.ColdStart) bool { return c.Target == t.Name })]
	line.Word, line.Class = "STARTED", "open"
	switch whole := c.Whole(); {
	case c.Running:
		line.Word, line.Sentence = "NOT STARTED", "Its server is not started here, so it has no cold start."
	case c.N == 0 && failure != "":
		line.Word, line.Class, line.Sentence = "NOT STARTED", "fail", failure
	case c.N == 0:
		line.Word, line.Class, line.Sentence = "NOT STARTED", "fail", "No start came to its first answer."
	default:
		line.Sentence = fmt.Sprintf("%s to the first answer in the median of %s, %s at most.",
			format.Duration(whole.Median.Value), plural(int64(c.N), "start"), format.Duration(whole.Max))
		line.Sentence = strings.TrimSpace(b.caveat(t.Name) + line.Sentence + " " + failure)
	}
	return line
}

// caveat says what must not be overlooked about where a server ran; "" or a
// sentence with a space behind it.
func (b builder) caveat(target string) string {
	for _, d := range b.a.Diagnostics {
		if d.Target == target && (d.Rule == "emulated" || d.Rule == "running") {
			return sentenceCase(d.Text) + " "
		}
	}
	return ""
}

// serverFailure says what went wrong with a target's server, and why; "" when
// nothing did.
func (b builder) serverFailure(target string) string {
	for _, t := range b.a.ServerFailures() {
		if t.Target != target {
			continue
		}
		text := "The server " + t.Text
		if t.Cause != "" {
			text += ": " + t.Cause
		}
		return sentenceCase(text) + " More is under “Errors”."
	}
	return ""
}

// worst is a target's verdict: that of its worst limit.
func (b builder) worst(target string) stats.Verdict {
	if b.a.Validity == stats.Invalid {
		return stats.InvalidInstrument
	}
	return stats.Worst(slices.DeleteFunc(slices.Clone(b.a.Gates), func(g stats.Gate) bool { return g.Target != target }))
}

// sentence tells the first measured phase of a target, or, where that is what was
// asked for, what the target costs.
func (b builder) sentence(r stats.Row) string {
	for _, s := range []string{b.overheadSentence(r.Target), b.stepSentence(r.Target), b.saturationSentence(r.Target)} {
		if s != "" {
			return s
		}
	}
	how := "answered correctly"
	switch {
	case b.a.ByStatus(r):
		how = "answered with the status expected"
	case r.Unchecked():
		how = "answered (not checked)"
	}
	s := fmt.Sprintf("%s of %s requests %s at %s",
		format.Count(r.Ledger.OK), format.Count(r.Ledger.Sent), how, r.Load())
	if r.Concurrency > 0 {
		s = fmt.Sprintf("%s of %s requests %s with %s",
			format.Count(r.Ledger.OK), format.Count(r.Ledger.Sent), how, r.Load())
	}
	if b.phases > 1 {
		s = fmt.Sprintf("Phase %s: %s", r.Phase, s)
	}
	var times []string
	for i, name := range []string{"p50", "", "p99"} {
		if q := r.Response.Quantiles[i]; name != "" && q.Known {
			times = append(times, name+" "+format.Duration(q.Value))
		}
	}
	if len(times) > 0 {
		s += "; their response time: " + join(times)
	}
	return s + "."
}

// broken names the limits that a target does not keep.
func (b builder) broken(target string) string {
	var failed, open []string
	for _, g := range b.a.Gates {
		where := ""
		if b.phases > 1 && g.Phase != "" {
			where = " in " + g.Phase
		}
		text := fmt.Sprintf("%s%s %s instead of %s", g.Metric, where, g.Observed, g.Limit)
		switch {
		case g.Target != target:
		case g.Verdict == stats.Fail:
			failed = append(failed, text)
		case g.Verdict == stats.Inconclusive:
			open = append(open, g.Metric+where)
		}
	}
	s := ""
	if len(failed) > 0 {
		s += " Broken: " + join(failed) + "."
	}
	if len(open) > 0 {
		s += " Undecided: " + join(open) + "."
	}
	return s
}
