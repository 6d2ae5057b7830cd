package stats

import (
	"fmt"
	"math"
	"time"

	"servebench/reports/format"
	"servebench/reports/record"
)

// Floor is what the instrument, the kernel and loopback take of themselves at a
// rate, as calibration found it with a server that answers at once.
type Floor struct {
	Rate      float64          // per second, that it is told for
	Quantiles [4]time.Duration // p50, p90, p99, p99.9; 0: not known
	Created   time.Time        // of the calibration
}

// tooNear is how many times the floor a median has to be so that the server, and
// not the instrument, is most of it.
const tooNear = 3

// floorAt reads the calibration at a rate: between two of its rates linearly in the
// rate's logarithm, beyond the first and the last at these. nil: not calibrated.
func floorAt(c *record.Calibration, rate float64) *Floor {
	if c == nil || len(c.Floors) == 0 || rate <= 0 {
		return nil
	}
	low, high := c.Floors[0], c.Floors[len(c.Floors)-1]
	for _, f := range c.Floors {
		if f.Rate <= rate {
			low = f
		}
	}
	for i := len(c.Floors) - 1; i >= 0; i-- {
		if c.Floors[i].Rate >= rate {
			high = c.Floors[i]
		}
	}
	share := 0.0
	if high.Rate > low.Rate && low.Rate > 0 {
		share = math.Log(rate/low.Rate) / math.Log(high.Rate/low.Rate)
	}
	share = min(max(share, 0), 1)
	f := &Floor{Rate: rate, Created: c.Created}
	above := quantilesOf(high)
	for i, v := range quantilesOf(low) {
		if v > 0 && above[i] > 0 {
			f.Quantiles[i] = v + time.Duration(share*float64(above[i]-v))
		}
	}
	return f
}

func quantilesOf(f record.Floor) [4]time.Duration {
	return [4]time.Duration{f.P50, f.P90, f.P99, f.P999}
}

// FloorLine says where the floor is known from, or how it comes to be known.
func FloorLine(run *record.Run) string {
	if run.Calibration == nil {
		return "floor: not known; run " + format.Command(program(run), "calibrate")
	}
	return "floor: what the instrument, the kernel and loopback take of themselves at that rate, with a server that answers at once; calibrated " +
		run.Calibration.Created.UTC().Format("2 January 2006")
}

// nearFloor tells of medians that are mostly the instrument's own.
func nearFloor(a *Analysis) []Diagnostic {
	var all []Diagnostic
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
		all = append(all, Diagnostic{
			Rule: "floor", Target: row.Target, Phase: row.Phase, Figure: figure, Threshold: fmt.Sprintf("≥ %d × floor", tooNear),
			Text:   "much of the response time is the instrument's own: " + figure,
			Action: action,
		})
	}
	return all
}

// overRated tells of a load beyond what the generator was found to be able to send.
func overRated(a *Analysis) []Diagnostic {
	if a.Run.Calibration == nil || a.Run.Calibration.MaxRate <= 0 {
		return nil
	}
	most := a.Run.Calibration.MaxRate
	var all []Diagnostic
	for _, row := range a.Rows {
		if row.Rate() <= most {
			continue
		}
		figure := format.Rate(row.Rate())
		all = append(all, Diagnostic{
			Rule: "max-rate", Target: row.Target, Phase: row.Phase, Figure: figure, Threshold: "≤ " + format.Rate(most),
			Text:   fmt.Sprintf("the load is higher than what this generator was found to be able to send: %s, calibrated up to %s", figure, format.Rate(most)),
			Action: "see whether the other rules hold; else lower the rate or give the generator more CPUs and calibrate again",
		})
	}
	return all
}
