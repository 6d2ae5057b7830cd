package html

import (
	"fmt"
	"html/template"
	"slices"

	"servebench/reports/record"
	"servebench/reports/stats"
)

// verdict is what the page says first.
type verdict struct {
	Word, Class string
	Validity    string
	Sentence    string
}

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
	v := verdict{Word: string(b.a.Verdict), Class: class(b.a.Verdict), Validity: string(b.a.Validity)}
	if b.a.Validity == stats.Invalid {
		v.Word, v.Class = string(stats.InvalidInstrument), class(stats.InvalidInstrument)
		v.Sentence = "The instrument cannot be believed, so nothing on this page is a result: " + fatal(b.a.Doubts) + "."
		return v
	}
	switch b.a.Verdict {
	case stats.Pass:
		v.Sentence = "Every limit of the SLO is kept, with its whole 95 % interval."
	case stats.Fail:
		v.Sentence = "At least one limit of the SLO is broken."
	case stats.Inconclusive:
		v.Sentence = "No limit is shown to be broken, but not all are shown to be kept: the figures are too uncertain to say."
	default:
		v.Word, v.Sentence = "NO LIMITS", "The scenario sets no limits, so there is nothing to pass or to fail."
	}
	return v
}

// fatal names the rules that made the run invalid.
func fatal(doubts []stats.Doubt) string {
	var reasons []string
	for _, d := range doubts {
		if d.Fatal && !slices.Contains(reasons, d.Text) {
			reasons = append(reasons, d.Text)
		}
	}
	if len(reasons) > 2 {
		reasons = append(reasons[:2], fmt.Sprintf("%d more, see the doubts", len(reasons)-2))
	}
	return join(reasons)
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
	line := targetLine{Name: t.Name, Mark: template.HTML(b.marks[t.Name])}
	if t.Unavailable != "" {
		line.Word, line.Class, line.Sentence = "NOT RUN", "open", "Not available here: "+t.Unavailable
		return line
	}
	row := slices.IndexFunc(b.a.Rows, func(r stats.Row) bool { return r.Target == t.Name })
	if row < 0 {
		line.Word, line.Class, line.Sentence = "NOT MEASURED", "fail", notMeasured(t)
		return line
	}
	v := b.worst(t.Name)
	line.Word, line.Class = string(v), class(v)
	if v == stats.NoLimit {
		line.Word = "MEASURED"
	}
	line.Sentence = sentence(b.a.Rows[row]) + b.broken(t.Name)
	return line
}

func notMeasured(t record.Target) string {
	for _, d := range t.Deployments {
		if d.Failed != "" {
			return "The server did not come up or ended by itself; its output is under “Errors”."
		}
	}
	return "No measured phase was run on it."
}

// worst is a target's verdict: that of its worst limit.
func (b builder) worst(target string) stats.Verdict {
	if b.a.Validity == stats.Invalid {
		return stats.InvalidInstrument
	}
	order := []stats.Verdict{stats.NoLimit, stats.Pass, stats.Inconclusive, stats.Fail, stats.InvalidInstrument}
	worst := 0
	for _, g := range b.a.Gates {
		if g.Target == target {
			worst = max(worst, slices.Index(order, g.Verdict))
		}
	}
	return order[worst]
}

func sentence(r stats.Row) string {
	s := fmt.Sprintf("%s of %s requests answered correctly at %s",
		stats.FormatCount(r.Ledger.OK), stats.FormatCount(r.Ledger.Sent), stats.FormatRate(r.Offered))
	var times []string
	for i, name := range []string{"p50", "", "p99"} {
		if q := r.Response.Quantiles[i]; name != "" && q.Known {
			times = append(times, name+" "+stats.FormatDuration(q.Value))
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
		text := fmt.Sprintf("%s %s instead of %s", g.Metric, g.Observed, g.Limit)
		switch {
		case g.Target != target:
		case g.Verdict == stats.Fail:
			failed = append(failed, text)
		case g.Verdict == stats.Inconclusive:
			open = append(open, g.Metric)
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
