package validity

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// faults tells what went wrong while the run was made, as far as no other diagnostic
// says it. What was said several times is one diagnostic.
func faults(a *Subject) []record.Diagnostic {
	var all []record.Diagnostic
	var rounds [][]int
	for _, f := range a.Run.Faults {
		if toldElsewhere(a.Run, f) {
			continue
		}
		text := "the run did not go as planned: " + strings.TrimSpace(f.Text)
		i := slices.IndexFunc(all, func(d record.Diagnostic) bool { return d.Target == f.Target && d.Phase == f.Phase && d.Text == text })
		if i < 0 {
			i = len(all)
			rounds = append(rounds, nil)
			all = append(all, record.Diagnostic{
				Rule: "fault", Target: f.Target, Phase: f.Phase, Figure: "fault", Threshold: "none", Text: text,
				Action: "mend what it says and run it again",
			})
		}
		rounds[i] = append(rounds[i], f.Round)
	}
	for i := range all {
		setRounds(&all[i], rounds[i])
	}
	return all
}

// setRounds says in which rounds a diagnostic arose; 0 is none.
func setRounds(d *record.Diagnostic, rounds []int) {
	named := sample.Distinct(rounds)
	if len(named) == 1 {
		d.Round = named[0]
	}
	if len(rounds) == 1 {
		return
	}
	d.Text += fmt.Sprintf(" (%d times", len(rounds))
	if len(named) > 1 && named[0] > 0 {
		d.Text += ", rounds " + format.List(named)
	}
	d.Text += ")"
}

// toldElsewhere says that a deployment or a cell holds the fault's cause, for
// which there are separate diagnostics.
func toldElsewhere(run *record.Run, f record.Fault) bool {
	says := func(target string, round int, cause string) bool {
		return cause != "" && f.Target == target && f.Round == round && strings.Contains(f.Text, strings.TrimSpace(cause))
	}
	for _, t := range run.Targets {
		for _, d := range t.Deployments {
			if says(t.Name, d.Round, d.Failed) || says(t.Name, d.Round, d.FirstAnswerError) {
				return true
			}
		}
	}
	return slices.ContainsFunc(run.Cells, func(c record.Cell) bool {
		return c.Measured && c.Discarded == "" && c.Phase == f.Phase && says(c.Target, c.Round, c.Failed)
	})
}

// unanswered tells of servers that came up and did not answer the first request
// rightly.
func unanswered(a *Subject) []record.Diagnostic {
	var found []cellDiagnostic
	action := "see whether the server speaks the scenario's protocol and serves its model; its cold start is not known"
	if a.Run.Scenario.Template != "" {
		action = "see whether template is a request that the server takes, and template.expect what it answers"
	}
	for _, t := range a.Run.Targets {
		for _, d := range t.Deployments {
			if d.FirstAnswerError == "" {
				continue
			}
			found = append(found, cellDiagnostic{Diagnostic: record.Diagnostic{
				Rule: "first-answer", Target: t.Name, Round: d.Round, Figure: "no right first answer", Threshold: "a right one",
				Text:   "the server came up but its first answer was not right: " + strings.TrimSpace(d.FirstAnswerError),
				Action: action,
			}})
		}
	}
	return collapse(found)
}

// aborted tells of loads that the server did not bear, as the scenario understands
// it: what was measured of them is a part.
func aborted(a *Subject) []record.Diagnostic {
	var all []record.Diagnostic
	for _, e := range a.EndedLoads() {
		first := e.Aborts[0]
		d := record.Diagnostic{
			Rule: "aborted", Target: e.Target, Phase: e.Phase, Figure: first.Text, Threshold: "none",
			Text: fmt.Sprintf("the load was ended in %s, first after %s: %s",
				sample.AbortRounds(e.Aborts), sample.Shortly(first.After), first.Text),
			Action: "fix the server, or lower the rate (the scenario stress finds the one it sustains); the figures are of a part of the load",
		}
		if !a.Run.Phase(e.Phase).Measured {
			d.Action = "fix the server, or lower the rate (the scenario stress finds the one it sustains); the phases after it were left out"
		}
		if len(e.Aborts) == 1 {
			d.Round = first.Round
		}
		all = append(all, d)
	}
	return all
}

// leftOut tells of them, in one diagnostic for all that the end of one phase left out.
func leftOut(a *Subject) []record.Diagnostic {
	type end struct{ target, phase string }
	var order []end
	groups := make(map[end][]sample.LeftOut)
	for _, l := range a.LeftOut() {
		k := end{l.Target, l.Ended}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], l)
	}
	var all []record.Diagnostic
	for _, k := range order {
		all = append(all, leftOutAfter(groups[k]))
	}
	return all
}

func leftOutAfter(group []sample.LeftOut) record.Diagnostic {
	var phases []string
	var all []int
	for _, l := range group {
		if !slices.Contains(phases, l.Phase) {
			phases = append(phases, l.Phase)
		}
		all = append(all, l.Round)
	}
	first := group[0]
	what := "phase " + phases[0] + " was"
	if len(phases) > 1 {
		what = "phases " + strings.Join(phases, ", ") + " were"
	}
	return record.Diagnostic{
		Rule: "left-out", Target: first.Target, Figure: "left out: " + strings.Join(phases, ", "), Threshold: "none",
		Text:   fmt.Sprintf("%s left out in %s, because phase %s was ended before: %s", what, format.Rounds(all), first.Ended, first.Why),
		Action: "fix the server, lower the rate of that phase, put it last, or loosen abort_on",
	}
}

// fewStarts tells of targets started less often than planned, or too seldom for
// the median to have an interval.
func fewStarts(a *Subject) []record.Diagnostic {
	planned := a.Run.Scenario.ColdStarts
	if planned == 0 || a.Nothing() != "" {
		return nil
	}
	var all []record.Diagnostic
	for _, c := range a.ColdStarts() {
		made := a.StartsAlone(c.Target)
		figure := fmt.Sprintf("%d of %d starts", made, planned)
		switch whole := a.Run.Interrupted == "" && !a.Run.Finished.IsZero(); {
		case c.Running:
		case whole && made < planned:
			all = append(all, record.Diagnostic{
				Rule: "missing-starts", Target: c.Target, Figure: figure, Threshold: fmt.Sprint(planned),
				Text:   "it was started less often than planned: " + figure,
				Action: "see what else went wrong in this run",
			})
		case c.N > 0 && !c.Whole().Median.HasInterval:
			all = append(all, record.Diagnostic{
				Rule: "few-starts", Target: c.Target, Figure: fmt.Sprintf("n = %d", c.N), Threshold: "≥ 6",
				Text:   fmt.Sprintf("n = %d is too small for an interval of the median start", c.N),
				Action: "deploy more often: --set cold_starts=20",
			})
		}
	}
	return all
}
