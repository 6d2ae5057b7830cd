package html

import "strings"

// gates judges each limit of the SLO.
func (b builder) gates() *table {
	t := &table{
		Caption: "Limits of the SLO. A limit passes when the whole 95 % interval keeps it and fails when the whole interval breaks it. " +
			"Where too few requests were sent for a quantile, it fails when more of them were slower than the quantile leaves room for. " +
			"Its quantiles are of all requests sent: one that failed or was censored counts as endless. " +
			"Goodput is judged by Student's t on the rounds, a cold start by each start alone" + b.judgedBy() + b.roundsLine(),
		Left: 1,
		Head: []string{"target", "figure", "limit", "observed", "95 % interval", "n", "verdict"},
	}
	for _, g := range b.a.Gates {
		verdict := cell{Text: string(g.Verdict), Class: "verdict " + class(g.Verdict)}
		if b.a.Nothing() != "" {
			verdict.Text = noResult
		}
		for _, note := range []string{g.Why, g.Note} {
			if note != "" {
				verdict.Notes = append(verdict.Notes, note)
			}
		}
		interval := text(g.Interval)
		if g.Interval == "" {
			interval = weak("none")
		}
		t.Rows = append(t.Rows, []cell{
			b.name(g.Target, g.Phase), text(g.Metric), text(g.Limit), text(g.Observed),
			interval, text(g.Sample()), verdict,
		})
	}
	return t.unlessEmpty()
}

// roundsLine says what the rounds leave open.
func (b builder) roundsLine() string {
	if line := b.a.RoundsLine(); line != "" {
		return ". " + strings.TrimSuffix(line, ".")
	}
	return ""
}

// judgedBy says where the limits are from, if not from the scenario.
func (b builder) judgedBy() string {
	if b.a.By == "" {
		return ""
	}
	return ". Judged by " + b.a.By + ", not by the limits that the run was made with"
}
