package onnx

import (
	"math"
	"strconv"
)

// scaler is (x - offset) * scale.
func scaler(a *arguments) operand {
	a.inputs(1)
	in := a.rows(0)
	offset, scale := a.floats("offset"), a.floats("scale")
	if len(offset) != len(scale) || len(scale) != 1 && len(scale) != in.width {
		a.refuse("attributes \"offset\" and \"scale\" have %d and %d numbers, want one each, or as many as a row, %d", len(offset), len(scale), in.width)
	}
	return a.result(in.width, func(out operand) step {
		return func(s *space) {
			to := s.buffers[out.buffer]
			for i, x := range s.buffers[in.buffer][:len(to)] {
				to[i] = (x - offset[i%len(scale)]) * scale[i%len(scale)]
			}
		}
	})
}

// normalizer divides every row by its norm, and leaves it where that is 0.
func normalizer(a *arguments) operand {
	a.inputs(1)
	in := a.rows(0)
	norm := map[string]func([]float32) float32{"L1": sumOfSizes, "L2": length}[a.text("norm", "MAX")]
	if norm == nil {
		a.refuse("attribute \"norm\" is %.20q, want L1 or L2", a.text("norm", "MAX"))
	}
	return a.result(in.width, func(out operand) step {
		return func(s *space) {
			to := s.buffers[out.buffer]
			copy(to, s.buffers[in.buffer])
			for start := 0; start < len(to); start += in.width {
				row := to[start : start+in.width]
				n := norm(row)
				for i := range row {
					if n != 0 {
						row[i] /= n
					}
				}
			}
		}
	})
}

func sumOfSizes(row []float32) (sum float32) {
	for _, x := range row {
		sum += max(x, -x)
	}
	return sum
}

func length(row []float32) float32 {
	sum := float32(0)
	for _, x := range row {
		sum += x * x
	}
	return float32(math.Sqrt(float64(sum)))
}

// classLabels returns the names of the classes, of the attribute for numbers or the one
// for strings.
func classLabels(a *arguments, numbers, texts string) []string {
	labels := a.strings(texts)
	for _, v := range a.ints(numbers) {
		labels = append(labels, strconv.FormatInt(v, 10))
	}
	if len(labels) == 0 || len(labels) > maxClasses {
		a.refuse("it has %d class labels, want 1 to %d", len(labels), maxClasses)
	}
	return labels
}
