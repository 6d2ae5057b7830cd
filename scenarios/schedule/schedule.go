// Package schedule holds the arrival laws: when each request of an open-loop
// load is due, whatever the server does. A law turns a rate, a duration and a
// random source into ascending offsets from the start of the load. It stands
// before scenarios/attack, which sends one request at each of them.
//
// Every law makes exactly round(rate·duration) arrivals for every seed, so that
// two runs which differ in their seed offer the same load. Laws are lazy and
// need constant memory however long the load is.
package schedule

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// Law makes the due times of one load.
type Law interface {
	// Arrivals returns the due times as offsets from the start of the load:
	// ascending (equal ones may follow each other), at least 0 and below the
	// duration. The sequence ends. It is a pure function of the random source,
	// from which a fixed number of values is drawn when Arrivals is called; the
	// sequence may be iterated more than once and is the same each time.
	Arrivals(rng *rand.Rand) iter.Seq[time.Duration]
}

// Kind is a law's entry in the list that the CLI, the scenario validation and
// the help texts are made from.
type Kind struct {
	Name string
	Doc  string // one sentence
	// New returns the law. It fails on a Config that it cannot keep.
	New func(Config) (Law, error)
}

// Config configures a law.
type Config struct {
	Rate     float64       // mean arrivals per second, above 0
	Duration time.Duration // length of the load, above 0
}

// Kinds lists every law, in the order in which help texts show them.
func Kinds() []Kind {
	return []Kind{constantKind(), poissonKind()}
}

// maxArrivals bounds a schedule to what a float64 counts exactly.
const maxArrivals = 1 << 53

// count returns the number of arrivals, round(rate·duration), or says what is
// wrong with the configuration.
func (c Config) count() (int64, error) {
	if !(c.Rate > 0) || math.IsInf(c.Rate, 0) {
		return 0, fmt.Errorf("rate: %v per second, want a finite number above 0", c.Rate)
	}
	if c.Duration <= 0 {
		return 0, fmt.Errorf("duration: %v, want more than 0s", c.Duration)
	}
	n := math.Round(c.Rate * c.Duration.Seconds())
	if n > maxArrivals {
		return 0, fmt.Errorf("rate: %v per second for %v makes %.3g arrivals, want at most %d", c.Rate, c.Duration, n, int64(maxArrivals))
	}
	return int64(n), nil
}
