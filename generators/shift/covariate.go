package shift

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"servebench/generators"
)

// tilted prefers examples with great values of features: it takes each example x of the
// generator with a probability in proportion to e^(θx), which moves the mean of x and leaves
// the label of an x what it is (exponential tilting: F. Esscher, "On the probability function
// in the collective theory of risk", Skandinavisk Aktuarietidskrift 15 (1932)).
type tilted struct {
	from  generators.Generator
	tilts []tilt
}

type tilt struct {
	feature int
	theta   float64 // below 0: small values are preferred
	most    float64 // the value that is taken for certain
}

const (
	pilotSize = 4000 // examples from which a tilt is found
	pilotSeed = 1
)

// newTilted moves the means of features by so many standard deviations. What that takes is
// found from examples of pilot, another generator of the same.
func newTilted(from, pilot generators.Generator, by map[string]float64) *tilted {
	rng := rand.New(rand.NewPCG(pilotSeed, 0))
	examples := make([]generators.Example, pilotSize)
	for i := range examples {
		examples[i] = pilot.Next(rng)
	}
	t := &tilted{from: from}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		at := slices.IndexFunc(from.Schema().Features, func(f generators.Feature) bool { return f.Name == name })
		values := make([]float64, pilotSize)
		for i, e := range examples {
			values[i] = float64(e.Features[at])
		}
		t.tilts = append(t.tilts, newTilt(at, values, by[name]))
	}
	return t
}

// newTilt finds the θ that moves the mean of the values, by halving.
func newTilt(feature int, values []float64, by float64) tilt {
	mean, square := 0.0, 0.0
	for _, v := range values {
		mean += v / pilotSize
	}
	for _, v := range values {
		square += (v - mean) * (v - mean) / pilotSize
	}
	deviation := math.Sqrt(square)
	t := tilt{feature: feature, most: slices.Max(values)}
	if by < 0 {
		t.most = slices.Min(values)
	}
	if deviation == 0 { // the feature is constant, and stays so
		return t
	}
	low, high := 0.0, 20/deviation
	for range 60 {
		t.theta = math.Copysign((low+high)/2, by)
		sum, weights := 0.0, 0.0
		for _, v := range values {
			w := t.accepts(v)
			sum, weights = sum+w*v, weights+w
		}
		if math.Abs(sum/weights-mean) < math.Abs(by)*deviation {
			low = math.Abs(t.theta)
		} else {
			high = math.Abs(t.theta)
		}
	}
	return t
}

// accepts is the probability with which an example of the value is taken.
func (t tilt) accepts(v float64) float64 { return min(1, math.Exp(t.theta*(v-t.most))) }

// Schema implements generators.Generator.
func (t *tilted) Schema() generators.Schema { return t.from.Schema() }

// Next implements generators.Generator.
func (t *tilted) Next(rng *rand.Rand) generators.Example {
	for {
		e := t.from.Next(rng)
		chance := 1.0
		for _, tilt := range t.tilts {
			chance *= tilt.accepts(float64(e.Features[tilt.feature]))
		}
		if rng.Float64() < chance {
			return e
		}
	}
}
