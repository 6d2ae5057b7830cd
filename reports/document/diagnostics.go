package document

import (
	"strings"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// ofServer says that a diagnostic is about a server that was not there to be measured.
func ofServer(d record.Diagnostic) bool {
	return d.Rule == "not-ready" || d.Rule == "server-died" || d.Rule == "server-removed"
}

// onTop says that a diagnostic is said with the verdict.
func (b builder) onTop(d record.Diagnostic) bool {
	short := b.a.Shortfall()
	return d.Severity == record.SeverityError || ofServer(d) || short != nil && d.Rule == short.Rule()
}

func (b builder) diagnostic(d record.Diagnostic) element.Line { return diagnosticLine(d, b.where(d)) }

func diagnosticLine(d record.Diagnostic, where string) element.Line {
	tones := map[record.Severity]element.Tone{record.SeverityError: element.Bad, record.SeverityWarning: element.Unsure, record.SeverityNote: element.Plain}
	line := element.Line{Word: strings.ToUpper(d.Severity.String()), Tone: tones[d.Severity], Where: where, Text: format.Sentence(sentence.Diagnostic(d)), Fix: format.Sentence(d.Action)}
	line.Check = d.Rule
	if d.Threshold != "" && d.Threshold != "none" { // the fact itself is what is wrong
		line.Check += ": expected " + d.Threshold
	}
	return line
}

func (b builder) where(d record.Diagnostic) string {
	var parts []string
	if d.Target != "" {
		parts = append(parts, d.Target)
	}
	if phase := b.Phase(d.Phase); phase != "" {
		parts = append(parts, phase)
	}
	if d.Round > 0 {
		parts = append(parts, sentence.RoundList([]int{d.Round}))
	}
	return strings.Join(parts, ", ")
}

// diagnostics are those that narrow what can be concluded.
func (b builder) diagnostics() []element.Section {
	s := element.Section{ID: "diagnostics", Title: "Diagnostics"}
	top := false
	for _, d := range b.a.Diagnostics {
		if b.onTop(d) {
			top = true
			continue
		}
		s.Lines = append(s.Lines, b.diagnostic(d))
	}
	if len(s.Lines) == 0 && !top {
		s.Rank, s.Lines = element.Appendix, []element.Line{{Text: "None: every check passed."}}
	}
	return []element.Section{s}
}

// errors are the failures by class, each with the first one's text.
func (b builder) errors() []element.Section {
	t := element.ByTarget(element.Words("class"), element.Numbers("count", "of sent"), element.Words("first one"))
	t.Keys = 3
	add := func(r sample.Row, class string, n int64, example string) {
		of := element.None()
		if r.Ledger.Sent > 0 {
			of = element.Text(format.Percent(float64(n) / float64(r.Ledger.Sent)))
		}
		b.Add(t, r.Target, r.Phase, []element.Cell{element.Text(class), element.Count(n), of, {Text: example, Code: true}})
	}
	for _, r := range b.a.Rows {
		for _, e := range r.Errors {
			add(r, e.Class, e.Count, e.Example)
			if row := &t.Rows[len(t.Rows)-1]; e.Class == record.ErrorRefused || e.Class == record.ErrorTimeout {
				row.Notes = append(row.Notes, b.noneReady(r)...)
			}
		}
		if r.Ledger.Censored > 0 {
			add(r, "censored", r.Ledger.Censored, "given up before its timeout, because the run was ended")
		}
	}
	s := element.Section{ID: "errors", Title: "Errors", Table: t}
	if len(t.Rows) == 0 && !b.a.OnlyStarts() && !b.a.Empty() && !b.a.Refused() {
		s.Rank, s.Lines = element.Appendix, []element.Line{{Text: "No measured request failed."}}
	}
	return []element.Section{s, b.failures()}
}

// noneReady says of a target whose replicas are known that none was ready for some time.
func (b builder) noneReady(r sample.Row) []string {
	var sum time.Duration
	for _, t := range b.a.Scaling {
		if t.Target == r.Target && t.Phase == r.Phase {
			sum += t.NoneReady()
		}
	}
	if sum == 0 {
		return nil
	}
	return []string{"No replica was ready for " + format.Duration(sum) + ": an address that leads to replicas refuses connections then, or does not answer."}
}

// failures are the starts that failed, servers whose first answer was not right, and
// those that ended by themselves, in one round or likewise in several.
func (b builder) failures() element.Section {
	s := element.Section{ID: "failures", Rank: element.Appendix, Notes: []string{"Servers that did not come up, gave no right first answer, or ended by themselves:"}}
	for _, t := range b.a.Run.Targets {
		type failure struct {
			round int
			text  string
		}
		var all []failure
		for _, d := range t.Deployments {
			for _, text := range []string{d.FirstAnswerError, d.Failed} {
				if text != "" {
					all = append(all, failure{d.Round, text})
				}
			}
		}
		for _, group := range sample.Grouped(all, func(f failure) string { return f.text }) {
			var rounds []int
			for _, f := range group {
				rounds = append(rounds, f.round)
			}
			s.Lines = append(s.Lines, element.Line{Where: t.Name + ", " + sentence.RoundList(rounds), Command: group[0].text})
		}
	}
	return s
}
