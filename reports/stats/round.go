package stats

import (
	"fmt"

	"servebench/reports/record"
)

// RoundDoubt says why the instrument cannot be believed in one round of a run,
// for a reason that playing the round again may cure; "" when there is none. It
// looks at the instrument alone, never at whether the server did well.
func RoundDoubt(run *record.Run, round int) (string, error) {
	part := *run
	part.Cells = nil
	for _, c := range run.Cells {
		if c.Round == round {
			part.Cells = append(part.Cells, c)
		}
	}
	cells, err := load(&part)
	if err != nil {
		return "", err
	}
	a := &Analysis{Run: &part, Cells: cellRows(&part, cells)}
	for _, rule := range []rule{unsent, offRate, late, busyGenerator} {
		for i, c := range cells {
			if f, doubtful := rule(a, c, a.Cells[i]); doubtful {
				return fmt.Sprintf("%s: %s, where %s is allowed", c.Target, f.Figure, f.Threshold), nil
			}
		}
	}
	return "", nil
}
