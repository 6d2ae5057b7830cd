package sample

import (
	"math"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// Floor is the response time of the load generator, the kernel and loopback alone at a
// rate, as calibration found it with a server that does no work.
type Floor struct {
	Rate      float64          // per second, that it is told for
	Quantiles [4]time.Duration // p50, p90, p99, p99.9; 0: not known
	Created   time.Time        // of the calibration
}

// Highest is the highest quantile up to most that is known, with its time; 0: none is, or
// there is no floor.
func (f *Floor) Highest(most float64) (q float64, at time.Duration) {
	for i, known := range stat.Quantiles() {
		if f != nil && known <= most && f.Quantiles[i] > 0 {
			q, at = known, f.Quantiles[i]
		}
	}
	return q, at
}

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
