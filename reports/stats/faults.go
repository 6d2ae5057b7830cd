package stats

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/format"
	"servebench/reports/record"
)

// faults tells what went wrong while the run was made, as far as no other diagnostic
// says it. What was said several times is one diagnostic.
func faults(a *Analysis) []Diagnostic {
	var all []Diagnostic
	var rounds [][]int
	for _, f := range a.Run.Faults {
		if toldElsewhere(a.Run, f) {
			continue
		}
		text := "the run did not go as planned: " + strings.TrimSpace(f.Text)
		i := slices.IndexFunc(all, func(d Diagnostic) bool { return d.Target == f.Target && d.Phase == f.Phase && d.Text == text })
		if i < 0 {
			i = len(all)
			rounds = append(rounds, nil)
			all = append(all, Diagnostic{
				Rule: "fault", Target: f.Target, Phase: f.Phase, Figure: "fault", Threshold: "none", Text: text,
				Action: "mend what it says and run it again",
			})
		}
		rounds[i] = append(rounds[i], f.Round)
	}
	for i := range all {
		all[i].setRounds(rounds[i])
	}
	return all
}

// setRounds says in which rounds a diagnostic arose; 0 is none.
func (d *Diagnostic) setRounds(rounds []int) {
	named := distinct(rounds)
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
func unanswered(a *Analysis) []Diagnostic {
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
			found = append(found, cellDiagnostic{Diagnostic: Diagnostic{
				Rule: "first-answer", Target: t.Name, Round: d.Round, Figure: "no right first answer", Threshold: "a right one",
				Text:   "the server came up but its first answer was not right: " + strings.TrimSpace(d.FirstAnswerError),
				Action: action,
			}})
		}
	}
	return collapse(found)
}
