package trees

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
)

// Data is a table of labelled examples.
type Data struct {
	Features []string  // names of the columns
	Values   []float32 // row after row; NaN is a missing value
	Labels   []uint8   // 0 or 1, one per row
}

// Len returns the number of rows.
func (d Data) Len() int { return len(d.Labels) }

// Row returns row i, which is part of Values.
func (d Data) Row(i int) []float32 {
	width := len(d.Features)
	return d.Values[i*width : (i+1)*width : (i+1)*width]
}

// Take returns a copy of these rows, in this order.
func (d Data) Take(rows []int) Data {
	taken := Data{
		Features: d.Features,
		Values:   make([]float32, 0, len(rows)*len(d.Features)),
		Labels:   make([]uint8, 0, len(rows)),
	}
	for _, i := range rows {
		taken.Values = append(taken.Values, d.Row(i)...)
		taken.Labels = append(taken.Labels, d.Labels[i])
	}
	return taken
}

// Predict returns the model's probability of class 1 for every row.
func (d Data) Predict(m *Model) []float32 {
	p := make([]float32, d.Len())
	for i := range p {
		p[i] = m.Predict(d.Row(i))
	}
	return p
}

func (d Data) countPositives() int {
	n := 0
	for _, label := range d.Labels {
		n += int(label)
	}
	return n
}

// Check says what is wrong with the data.
func (d Data) Check() error {
	width := len(d.Features)
	if width == 0 {
		return errors.New("the data has no features")
	}
	if len(d.Values) != width*d.Len() {
		return fmt.Errorf("%d labels of %d features need %d values, the data has %d", d.Len(), width, width*d.Len(), len(d.Values))
	}
	for i, v := range d.Values {
		if math.IsInf(float64(v), 0) {
			return fmt.Errorf("row %d: feature %s is %v, want a finite number, or NaN for a missing one", i/width, d.Features[i%width], v)
		}
	}
	for i, label := range d.Labels {
		if label > 1 {
			return fmt.Errorf("row %d: label is %d, want 0 or 1", i, label)
		}
	}
	return nil
}

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
		b.cuts[f] = cuts(sortedColumn(d, f), limit)
		b.bins[f] = make([]uint8, d.Len())
		for i := range b.bins[f] {
			b.bins[f][i] = binOf(d.Values[i*width+f], b.cuts[f])
		}
	}
	return b
}

func sortedColumn(d Data, f int) []float32 {
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
