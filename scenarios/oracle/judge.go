package oracle

import (
	"math"
	"time"
)

// Tolerance is the relative error at which a quantile is right whatever chance
// allows.
const Tolerance = 0.01

// Within says which bound a measured quantile keeps.
type Within string

// The bounds: Tolerance, the interval of chance where that is wider, or none.
const (
	WithinTolerance Within = "1%"
	WithinInterval  Within = "interval"
	WithinNeither   Within = "no"
)

// Quantile is what was measured of one quantile beside what it has to be.
type Quantile struct {
	Q                  float64
	Expected, Measured time.Duration
	Error              float64 // relative, of what was measured
	Chance             Interval
	Within             Within
}

// Judge compares a measured quantile with what it has to be.
func (o Oracle) Judge(q float64, measured time.Duration, chance Interval) Quantile {
	expected := o.Expected(q)
	j := Quantile{
		Q: q, Expected: expected, Measured: measured, Chance: chance,
		Error:  float64(measured)/float64(expected) - 1,
		Within: WithinNeither,
	}
	switch {
	case math.Abs(j.Error) <= Tolerance:
		j.Within = WithinTolerance
	case chance.Low <= measured && measured <= chance.High:
		j.Within = WithinInterval
	}
	return j
}
