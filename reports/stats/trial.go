package stats

import (
	"fmt"

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
	cells, err := load(&part)
	if err != nil {
		return nil, err
	}
	a := &Analysis{Run: &part, Cells: cellRows(&part, cells)}
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
