package stats

import (
	"fmt"
	"math"
	"strings"

	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Noise is what an A/B test of a server with itself says of the machine: by metric, the
// least margin that can be told from noise by as many rounds as were played, as a
// share. It sinks with the root of their number. A metric whose rounds are too few for
// it, or all the same, is left out.
//
// It is half the distance between the exact bounds that the last interim analysis of the plan
// allows (package paired, its Alpha over the number of metrics, on both sides): a
// candidate whose estimate is worse by that is just about surely worse. The spread
// behind it is an estimate, too: the floor is its upper bound at 90 %, by the
// distribution of a normal sample's variance (N. L. Johnson, S. Kotz and N.
// Balakrishnan, Continuous Univariate Distributions, vol. 1, 2nd ed. (1994), section
// 13.8).
func Noise(a *Analysis) record.Noise {
	noise := record.Noise{Floors: map[string]float64{}}
	if a.AB == nil || a.Validity != Valid {
		return noise
	}
	noise.Rounds = a.AB.Pairs
	interims := a.Run.AB.Interims
	last := interims[len(interims)-1]
	alpha := last.Alpha / float64(len(a.AB.Metrics))
	for _, m := range a.AB.Metrics {
		if len(m.Pairs) < 2 {
			continue
		}
		low, high := paired.Bounds(m.differences(math.MaxInt), alpha, alpha)
		half := (high - low) / 2 * stat.SpreadBound(len(m.Pairs))
		if half > 0 && half < beyond/3 {
			noise.Floors[m.Name] = max(noise.Floors[m.Name], math.Expm1(half))
		}
	}
	return noise
}

// NoiseFloors are by metric the least margins that can be told from noise on the
// machine of an A/B test, which it found itself or which were found before it; nil where
// they are not known.
func (a *Analysis) NoiseFloors() map[string]float64 {
	if noise := a.noise(); noise != nil {
		return noise.Floors
	}
	return nil
}

// noise is what is known of the noise of the machine of an A/B test; nil: nothing is.
func (a *Analysis) noise() *record.Noise {
	switch {
	case a.AB == nil:
		return nil
	case a.AB.Same:
		if found := Noise(a); len(found.Floors) > 0 {
			return &found
		}
		return nil
	}
	return a.Run.AB.Noise
}

// NoiseLine says what noise there is on the machine of an A/B test: "p50 1.2 %, which 30
// rounds of a server with itself …"; "" where that is not known.
func (a *Analysis) NoiseLine() string {
	noise := a.noise()
	if noise == nil {
		return ""
	}
	var floors []string
	for _, name := range a.Run.AB.Metrics {
		if floor, known := noise.Floors[name]; known {
			// Upwards: a margin that reads like the floor is above it.
			floors = append(floors, name+" "+format.Percent(math.Ceil(1000*floor)/1000))
		}
	}
	if len(floors) == 0 {
		return ""
	}
	return fmt.Sprintf("%s, which %s of a server with itself showed here (half the distance between bounds as strict as those of a FAIL at the last interim analysis, "+
		"widened since so few rounds do not tell the spread exactly): a margin below it cannot be told from noise",
		strings.Join(floors, ", "), rounds(noise.Rounds))
}
