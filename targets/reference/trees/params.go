package trees

import (
	"errors"
	"fmt"
)

// Params steers training. The zero value is not usable: start from Defaults.
type Params struct {
	Trees          int     // most trees to grow, 1 to 10,000
	Depth          int     // most splits between root and leaf, 1 to 16
	LearningRate   float64 // factor on every leaf, above 0 up to 1
	Lambda         float64 // L2 penalty on leaves, from 0
	Gamma          float64 // gain that a split must exceed, from 0
	MinChildWeight float64 // sum of second derivatives that a child needs, from 0
	RowShare       float64 // share of rows drawn for a tree, above 0 up to 1
	FeatureShare   float64 // share of features drawn for a tree, above 0 up to 1
	Bins           int     // most histogram bins of a feature, missing values apart, 2 to 255
	Patience       int     // rounds without a better validation loss before stopping; 0: never
	Seed           uint64  // of the draws
}

// Defaults returns parameters that suit a few thousand to a few hundred thousand
// rows.
func Defaults() Params {
	return Params{
		Trees: 100, Depth: 5, LearningRate: 0.2, Lambda: 1, MinChildWeight: 10,
		RowShare: 0.8, FeatureShare: 1, Bins: 255, Patience: 10, Seed: 1,
	}
}

// Check reports every parameter outside its range.
func (p Params) Check() error {
	var faults []error
	whole := func(name string, v, low, high int) {
		if v < low || v > high {
			faults = append(faults, fmt.Errorf("%s: %d is outside %d to %d", name, v, low, high))
		}
	}
	share := func(name string, v float64) {
		if !(v > 0 && v <= 1) {
			faults = append(faults, fmt.Errorf("%s: %v is not above 0 and at most 1", name, v))
		}
	}
	penalty := func(name string, v float64) {
		if !(v >= 0 && v <= 1e9) {
			faults = append(faults, fmt.Errorf("%s: %v is outside 0 to 1e9", name, v))
		}
	}
	whole("trees", p.Trees, 1, 10_000)
	whole("depth", p.Depth, 1, 16)
	share("learning rate", p.LearningRate)
	penalty("lambda", p.Lambda)
	penalty("gamma", p.Gamma)
	penalty("min child weight", p.MinChildWeight)
	share("row share", p.RowShare)
	share("feature share", p.FeatureShare)
	whole("bins", p.Bins, 2, maxBins)
	whole("patience", p.Patience, 0, 10_000)
	return errors.Join(faults...)
}
