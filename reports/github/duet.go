package github

import (
	"fmt"

	"servebench/reports/record"
	"servebench/reports/stats"
)

// duet compares the arms: what they are, each metric, their errors.
func duet(a *stats.Analysis) string {
	d := a.Duet
	if d == nil {
		return ""
	}
	text := "\n### Candidate against baseline\n\n" + arms(a.Run.Duet) + "\n" + metrics(d)
	if rows := errorTable(d).markdown(); rows != "" {
		text += "\n" + rows
	}
	if d.More > 0 {
		text += fmt.Sprintf("\nAbout %d rounds in all would settle it. This adds them to the run:\n\n    %s\n", d.More, stats.Plain(d.Command))
	}
	return text
}

func arms(d *record.Duet) string {
	if d == nil {
		return ""
	}
	text := ""
	for _, arm := range []record.Arm{d.Baseline, d.Candidate} {
		text += fmt.Sprintf("- **%s**: %s, on %s", escaped(arm.Target), escaped(arm.Source), escaped(arm.Place))
		for _, f := range arm.Facts {
			text += fmt.Sprintf("; %s %s", escaped(f.Name), escaped(f.Value))
		}
		text += "\n"
	}
	return text + fmt.Sprintf("- it fails from %s worse on, and passes when it is surely not %s worse\n",
		stats.FormatPercent(d.Margin), stats.FormatPercent(d.Tolerance))
}

func metrics(d *stats.Duet) string {
	t := &table{
		head:    []string{"Verdict", "Phase", "Metric", "Baseline", "Candidate", "Candidate ÷ baseline", "p", "Pairs", "Why"},
		figures: []int{3, 4, 5, 6, 7},
	}
	for _, m := range d.Metrics {
		v := m.Verdict
		if d.Verdict == stats.InvalidInstrument {
			v = d.Verdict
		}
		baseline, candidate := m.Typical()
		t.add(string(v), m.Phase, m.Name, m.FormatFigure(baseline), m.FormatFigure(candidate),
			m.FormatBounds(), stats.FormatNumber(m.P), fmt.Sprint(len(m.Pairs)), m.Why)
	}
	return t.markdown()
}

func errorTable(d *stats.Duet) *table {
	t := &table{head: []string{"Verdict", "Phase", "Errors of the baseline", "Of the candidate", "p"}, figures: []int{2, 3, 4}}
	for _, e := range d.Errors {
		t.add(string(e.Verdict), e.Phase, share(e.Baseline), share(e.Candidate), stats.FormatNumber(e.P))
	}
	return t
}

func share(p stats.Proportion) string {
	if p.N == 0 {
		return none
	}
	return fmt.Sprintf("%s of %s", stats.FormatPercent(p.Value), stats.FormatCount(p.N))
}
