package validity

import (
	"fmt"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// tooNear is how many times the floor a median has to be so that the server, and
// not the instrument, is most of it.
const tooNear = 3

// nearFloor tells of medians that are mostly the instrument's own.
func nearFloor(a *Subject) []record.Diagnostic {
	var all []record.Diagnostic
	for _, row := range a.Rows {
		q := row.Response.Quantiles[0]
		if row.Floor == nil || !q.Known || q.Value >= tooNear*row.Floor.Quantiles[0] {
			continue
		}
		figure := fmt.Sprintf("p50 %s, floor %s", format.Duration(q.Value), format.Duration(row.Floor.Quantiles[0]))
		action := "compare targets by their differences, not by their ratios: the floor is in all of them"
		if a.AB != nil {
			action = "choose a load that the server takes longer for: the floor is in both variants, and hides a part of any difference"
		}
		all = append(all, record.Diagnostic{
			Rule: "floor", Target: row.Target, Phase: row.Phase, Figure: figure, Threshold: fmt.Sprintf("≥ %d × floor", tooNear),
			Text:   "much of the response time is the instrument's own: " + figure,
			Action: action,
		})
	}
	return all
}

// overRated tells of a load beyond what the generator was found to be able to send.
func overRated(a *Subject) []record.Diagnostic {
	if a.Run.Calibration == nil || a.Run.Calibration.MaxRate <= 0 {
		return nil
	}
	most := a.Run.Calibration.MaxRate
	var all []record.Diagnostic
	for _, row := range a.Rows {
		if row.Rate() <= most {
			continue
		}
		figure := format.Rate(row.Rate())
		all = append(all, record.Diagnostic{
			Rule: "max-rate", Target: row.Target, Phase: row.Phase, Figure: figure, Threshold: "≤ " + format.Rate(most),
			Text:   fmt.Sprintf("the load is higher than what this generator was found to be able to send: %s, calibrated up to %s", figure, format.Rate(most)),
			Action: "see whether the other rules hold; else lower the rate or give the generator more CPUs and calibrate again",
		})
	}
	return all
}

// fellBehind tells of a server that was asked for more than it could answer. Where there
// are steps, they say at which rate.
func fellBehind(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	if c.KeptPace() || len(a.Run.Phase(c.Phase).Steps) > 0 {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("%s answered of %s due", format.Rate(c.OkRate()), format.Rate(row.Offered))
	return cellDiagnostic{record.Diagnostic{
		Rule: "behind", Figure: figure, Threshold: "within " + format.Percent(sample.LeastBehind),
		Text:   "the server fell behind, and response times grew as long as requests were due: " + figure,
		Action: "lower the rate to what the server can answer: at this one the latencies depend on the phase's length",
	}, float64(c.OkOver) / float64(c.Window)}, true
}
