package trees

import (
	"errors"
	"fmt"
	"math"
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

// positives returns the number of rows of class 1.
func (d Data) positives() int {
	n := 0
	for _, label := range d.Labels {
		n += int(label)
	}
	return n
}

func (d Data) check() error {
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
