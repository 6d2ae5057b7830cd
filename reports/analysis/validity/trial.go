package validity

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// DiagnoseTrial says why the measurement is not valid in one trial of a run,
// for a reason that rerunning the trial may cure; "" when there is none. It
// looks at the instrument alone, never at whether the server did well.
func DiagnoseTrial(run *record.Run, trial record.Trial) (string, error) {
	return why(disturbanceOf(run, trial, func(r Rule) bool { return r.curable }))
}

// LimitedByGenerator says why the load generator was the limit in one trial of a run, for a
// reason that rerunning the trial would not cure, such as its cap on requests in flight; ""
// when there is none. Of a server that is known to have fallen behind, so many wait that the cap
// says nothing.
func LimitedByGenerator(run *record.Run, trial record.Trial, behind bool) (string, error) {
	return why(disturbanceOf(run, trial, func(r Rule) bool { return r.generator && !r.curable && !(behind && r.ID == ruleCap) }))
}

func why(d *disturbance, err error) (string, error) {
	if err != nil || d == nil {
		return "", err
	}
	return fmt.Sprintf("%s (expected %s)", d.Figure, d.Threshold), nil
}

// disturbance is the worst that the instrument did in a trial.
type disturbance struct {
	record.Diagnostic
	rule    int // earlier rules weigh more
	badness float64
}

// disturbanceOf is nil for a trial that breaks none of the rules asked for. It looks at trials
// that were discarded as well.
func disturbanceOf(run *record.Run, trial record.Trial, asked func(Rule) bool) (*disturbance, error) {
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
	s := &Subject{Set: &sample.Set{Run: &part, Cells: sample.CellRows(&part, cells)}}
	var worst *disturbance
	for i, r := range Rules() {
		if !asked(r) {
			continue
		}
		for _, f := range r.inCells(s, cells) {
			worst = worse(worst, &disturbance{r.diagnose(f), i, f.badness})
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

// rerunTrials tells of trials, if they are few, that were rerun because the instrument
// could not be believed in them.
func rerunTrials(s *Subject) []finding {
	var all []finding
	if trials, _ := sample.DiscardedTrials(s.Run); len(trials) <= fewDiscarded {
		for _, v := range trials {
			f := of(v.Why, 0).at(v.Target, "", v.Round)
			if s.endedFromOutside(v) {
				f = f.as("server")
			}
			all = append(all, f)
		}
	}
	return all
}

// manyRerunTrials tells of more of them in one diagnostic, with the worst of them.
func manyRerunTrials(s *Subject) []finding {
	trials, played := sample.DiscardedTrials(s.Run)
	if len(trials) <= fewDiscarded {
		return nil
	}
	most := s.mostDisturbed(trials)
	f := of(most.Why, 0, "{discarded}", fmt.Sprint(len(trials)), "{trials}", fmt.Sprint(played),
		"{where}", discardedRounds(s.Run, trials), "{worst}", fmt.Sprintf("%s, round %d", most.Target, most.Round))
	if slices.ContainsFunc(trials, s.endedFromOutside) {
		f = f.as("server")
	}
	return []finding{f}
}

// endedFromOutside says that a trial was discarded for what became of its server.
func (s *Subject) endedFromOutside(v sample.DiscardedTrial) bool {
	return slices.ContainsFunc(s.Run.Target(v.Target).Deployments, func(d record.Deployment) bool {
		return d.Round == v.Round && d.Attempt == v.Attempt && sample.Replaced(s.Run, v.Target, d)
	})
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
func (s *Subject) mostDisturbed(trials []sample.DiscardedTrial) sample.DiscardedTrial {
	most := trials[0]
	var worst *disturbance
	for _, v := range trials {
		d, err := disturbanceOf(s.Run, v.Trial, func(r Rule) bool { return r.curable })
		if err != nil || d == nil {
			continue
		}
		if worst = worse(worst, d); worst == d {
			most = v
		}
	}
	return most
}
