package validity

import (
	"fmt"
	"strings"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// DiagnoseTrial says why the instrument cannot be believed in one trial of a run,
// for a reason that rerunning the trial may cure; "" when there is none. It
// looks at the instrument alone, never at whether the server did well.
func DiagnoseTrial(run *record.Run, trial record.Trial) (string, error) {
	d, err := disturbanceOf(run, trial)
	if err != nil || d == nil {
		return "", err
	}
	return fmt.Sprintf("%s, where %s is allowed", d.Figure, d.Threshold), nil
}

// disturbance is the worst that the instrument did in a trial.
type disturbance struct {
	cellDiagnostic
	rule int // earlier rules weigh more
}

// disturbanceOf is nil for a trial without one. It looks at trials that were
// discarded as well.
func disturbanceOf(run *record.Run, trial record.Trial) (*disturbance, error) {
	part := *run
	part.Cells = nil
	for _, c := range run.Cells {
		if c.Trial() == trial {
			c.Discarded = ""
			part.Cells = append(part.Cells, c)
		}
	}
	cells, err := sample.Load(&part)
	if err != nil {
		return nil, err
	}
	a := &Subject{Set: &sample.Set{Run: &part, Cells: sample.CellRows(&part, cells)}}
	var worst *disturbance
	for i, rule := range []rule{unsent, offRate, late, busyGenerator} {
		for k, c := range cells {
			if f, broken := rule(a, c, a.Cells[k]); broken {
				worst = worse(worst, &disturbance{f, i})
			}
		}
	}
	return worst, nil
}

// worse prefers the earlier rule, and of one rule what breaks it more.
func worse(a, b *disturbance) *disturbance {
	switch {
	case a == nil:
		return b
	case b == nil || a.rule < b.rule || a.rule == b.rule && a.badness >= b.badness:
		return a
	}
	return b
}

// fewDiscarded is how many discarded trials are told one by one.
const fewDiscarded = 2

// rerunTrials tells of the trials that were rerun because the instrument
// could not be believed in them: of many in one diagnostic, with the worst of them.
func rerunTrials(a *Subject) []record.Diagnostic {
	trials, played := sample.DiscardedTrials(a.Run)
	if len(trials) > fewDiscarded {
		most := a.mostDisturbed(trials)
		return []record.Diagnostic{{
			Rule: "discarded", Figure: most.Why, Threshold: "none",
			Text: fmt.Sprintf("%d of %d trials do not count and were rerun, since the instrument could not be believed in them (%s); the worst: %s, round %d: %s",
				len(trials), played, discardedRounds(a.Run, trials), most.Target, most.Round, most.Why),
			Action: "measure on a quieter machine. Their cells are kept in run.json",
		}}
	}
	var all []record.Diagnostic
	for _, v := range trials {
		all = append(all, record.Diagnostic{
			Rule: "discarded", Severity: record.SeverityNote, Target: v.Target, Round: v.Round, Figure: v.Why, Threshold: "none",
			Text:   "this trial does not count and was rerun, since the instrument could not be believed in it: " + v.Why,
			Action: "nothing, if it is rare; else measure on a quieter machine. Its cells are kept in run.json",
		})
	}
	return all
}

// discardedRounds is "physical: round 2; container: rounds 1, 3", the targets in the
// run's order.
func discardedRounds(run *record.Run, trials []sample.DiscardedTrial) string {
	var parts []string
	for _, t := range run.Targets {
		var rounds []int
		for _, v := range trials {
			if v.Target == t.Name {
				rounds = append(rounds, v.Round)
			}
		}
		if len(rounds) > 0 {
			parts = append(parts, t.Name+": "+format.Rounds(rounds))
		}
	}
	return strings.Join(parts, "; ")
}

// mostDisturbed is the trial in which the instrument did worst; the first when
// that cannot be told from the logs any more.
func (a *Subject) mostDisturbed(trials []sample.DiscardedTrial) sample.DiscardedTrial {
	most := trials[0]
	var worst *disturbance
	for _, v := range trials {
		d, err := disturbanceOf(a.Run, v.Trial)
		if err != nil || d == nil {
			continue
		}
		if worst = worse(worst, d); worst == d {
			most = v
		}
	}
	return most
}
