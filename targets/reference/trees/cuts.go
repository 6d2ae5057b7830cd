package trees

import (
	"math"
	"slices"
	"sort"
)

// A feature's values fall into at most maxBins bins; missing values have one of
// their own.
const (
	maxBins    = 255
	missingBin = maxBins
	binStride  = maxBins + 1
)

// binned is a table with every value replaced by the number of its bin.
type binned struct {
	cuts [][]float32 // by feature: value v is in bin b if cuts[b-1] <= v < cuts[b]
	bins [][]uint8   // by feature, then by row
}

func bin(d Data, limit int) binned {
	width := len(d.Features)
	b := binned{cuts: make([][]float32, width), bins: make([][]uint8, width)}
	for f := range width {
		b.cuts[f] = cuts(column(d, f), limit)
		b.bins[f] = make([]uint8, d.Len())
		for i := range b.bins[f] {
			b.bins[f][i] = binOf(d.Values[i*width+f], b.cuts[f])
		}
	}
	return b
}

// column returns the values of a feature that are not missing, sorted.
func column(d Data, f int) []float32 {
	var values []float32
	for i := f; i < len(d.Values); i += len(d.Features) {
		if v := d.Values[i]; v == v {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return values
}

func binOf(v float32, cuts []float32) uint8 {
	if v != v {
		return missingBin
	}
	return uint8(sort.Search(len(cuts), func(i int) bool { return v < cuts[i] }))
}

// cuts returns ascending borders that part sorted values into at most limit bins
// of nearly equal size; equal values stay together.
func cuts(sorted []float32, limit int) []float32 {
	var borders []float32
	if distinct(sorted) <= limit {
		limit = len(sorted) // cut at every change
	}
	for i := 1; i < len(sorted); i++ {
		due := len(borders) + 1 // i values need this many bins
		if sorted[i] != sorted[i-1] && i*limit >= due*len(sorted) && due < limit {
			borders = append(borders, between(sorted[i-1], sorted[i]))
		}
	}
	return borders
}

func distinct(sorted []float32) int {
	n := 0
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			n++
		}
	}
	return n
}

// between returns a border with a < border <= b: the middle, where float32 has
// one.
func between(a, b float32) float32 {
	middle := float32((float64(a) + float64(b)) / 2)
	if middle <= a {
		return math.Nextafter32(a, b)
	}
	return middle
}
