package evaluate

import (
	"math"
	"math/rand/v2"
)

// Split parts the rows 0 to n−1 at random into sets of these shares, which must
// sum to 1; every row is in exactly one set.
func Split(n int, rng *rand.Rand, shares ...float64) [][]int {
	rows := rng.Perm(n)
	sets := make([][]int, 0, len(shares))
	start, sum := 0, 0.0
	for i, share := range shares {
		sum += share
		end := int(math.Round(sum * float64(n)))
		if i == len(shares)-1 {
			end = n
		}
		sets = append(sets, rows[start:end:end])
		start = end
	}
	return sets
}

// Fold is one turn of a cross-validation.
type Fold struct{ Train, Test []int }

// Folds parts the rows 0 to n−1 at random into k sets, sizes differing by one at
// most, each of which is the test set of one fold.
func Folds(n, k int, rng *rand.Rand) []Fold {
	rows := rng.Perm(n)
	folds := make([]Fold, k)
	for i := range folds {
		start, end := i*n/k, (i+1)*n/k
		folds[i].Test = rows[start:end:end]
		folds[i].Train = append(append(make([]int, 0, n), rows[:start]...), rows[end:]...)
	}
	return folds
}
