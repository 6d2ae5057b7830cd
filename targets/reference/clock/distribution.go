package clock

import (
	"math"
	"math/rand/v2"
)

// distribution is a distribution of service times with mean 1.
type distribution struct {
	name string
	draw func(*rand.Rand) float64
}

func distributions() []distribution {
	return []distribution{
		{"constant", func(*rand.Rand) float64 { return 1 }},
		{"uniform", func(rng *rand.Rand) float64 { return 2 * rng.Float64() }},
		{"exponential", (*rand.Rand).ExpFloat64},
		{"lognormal", lognormal},
	}
}

// lognormal is exp(Z − 1/2) with Z standard normal: σ = 1, mean 1.
func lognormal(rng *rand.Rand) float64 { return math.Exp(rng.NormFloat64() - 0.5) }

// Distributions are the names of the distributions of service times: constant; uniform from 0 to
// twice the mean; exponential; and lognormal with σ = 1.
func Distributions() []string {
	var names []string
	for _, l := range distributions() {
		names = append(names, l.name)
	}
	return names
}

func distributionNamed(name string) (distribution, bool) {
	for _, l := range distributions() {
		if l.name == name {
			return l, true
		}
	}
	return distribution{}, false
}
