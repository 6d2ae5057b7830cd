package onnx

import (
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// operators are the operators that are supported: each makes an operand, and mostly a step,
// of a node.
func operators() map[string]func(*arguments) operand {
	return map[string]func(*arguments) operand{
		"Add":      pairwise(func(x, y float32) float32 { return x + y }),
		"Sub":      pairwise(func(x, y float32) float32 { return x - y }),
		"Mul":      pairwise(func(x, y float32) float32 { return x * y }),
		"Div":      pairwise(func(x, y float32) float32 { return x / y }),
		"Relu":     elementwise(anything, func(x float32) float32 { return max(x, 0) }),
		"Tanh":     elementwise(anything, func(x float32) float32 { return float32(math.Tanh(float64(x))) }),
		"Exp":      elementwise(anything, func(x float32) float32 { return float32(math.Exp(float64(x))) }),
		"Sigmoid":  elementwise(chances, sigmoid),
		"Cast":     cast,
		"Concat":   concat,
		"Constant": constantOf,
		"Dropout":  dropout,
		"Flatten":  flatten,
		"Gemm":     gemm,
		"Identity": identity,
		"MatMul":   matMul,
		"Reshape":  reshape,
		"Softmax":  softmaxOf,

		mlDomain + ".Normalizer":             normalizer,
		mlDomain + ".Scaler":                 scaler,
		mlDomain + ".TreeEnsembleClassifier": treeClassifier,
		mlDomain + ".TreeEnsembleRegressor":  treeRegressor,
		mlDomain + ".ZipMap":                 zipMap,
	}
}

// Operators returns the names of the operators that are supported, with their domain where
// it is not ai.onnx.
func Operators() []string { return slices.Sorted(maps.Keys(operators())) }

// sigmoid is 1/(1+e^-x).
func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

func elementwise(makes meaning, f func(float32) float32) func(*arguments) operand {
	return func(a *arguments) operand {
		a.inputs(1)
		in := a.rows(0)
		out := a.result(in.width, func(out operand) step {
			return func(s *space) {
				from, to := s.buffers[in.buffer], s.buffers[out.buffer]
				for i, x := range from[:len(to)] {
					to[i] = f(x)
				}
			}
		})
		out.flat, out.meaning = in.flat, makes
		return out
	}
}

// pairwise combines rows with a constant, or two rows of one shape.
func pairwise(f func(x, y float32) float32) func(*arguments) operand {
	return func(a *arguments) operand {
		a.inputs(2)
		x, y := a.input(0), a.input(1)
		var out operand
		switch {
		case len(a.faults) > 0:
		case x.constant != nil:
			out = withConstant(a, a.rows(1), a.constant(0, typeFloat), func(x, y float32) float32 { return f(y, x) })
		case y.constant != nil:
			out = withConstant(a, a.rows(0), a.constant(1, typeFloat), f)
		case x.width != y.width || x.flat != y.flat:
			a.refuse("its inputs have %d and %d numbers a row, want as many", x.width, y.width)
		default:
			out = a.result(x.width, func(out operand) step {
				return func(s *space) {
					left, right, to := s.buffers[x.buffer], s.buffers[y.buffer], s.buffers[out.buffer]
					for i := range to {
						to[i] = f(left[i], right[i])
					}
				}
			})
			out.flat = x.flat
		}
		return out
	}
}

// withConstant combines every row with a constant: one number, or one for each of the row.
func withConstant(a *arguments, in operand, t *tensor, f func(x, y float32) float32) operand {
	values := rowOf(a, t, in)
	out := a.result(in.width, func(out operand) step {
		return func(s *space) {
			from, to := s.buffers[in.buffer], s.buffers[out.buffer]
			for start := 0; start < len(to); start += len(values) {
				row := to[start : start+len(values)]
				for i, x := range from[start : start+len(row)] {
					row[i] = f(x, values[i])
				}
			}
		}
	})
	out.flat = in.flat
	return out
}

// rowOf returns the values of a constant that is broadcast to rows.
func rowOf(a *arguments, t *tensor, in operand) []float32 {
	rank := len(t.shape)
	most := 2
	if in.flat {
		most = 1
	}
	switch {
	case len(a.faults) > 0 || rank > most:
	case len(t.floats) == 1:
		return slices.Repeat(t.floats, in.width)
	case !in.flat && len(t.floats) == in.width && t.shape[rank-1] == int64(in.width):
		return t.floats
	}
	a.refuse("constant %q has shape %v, want one number, or as many as a row, %d", t.name, t.shape, in.width)
	return nil
}

// matMul multiplies rows by a constant matrix.
func matMul(a *arguments) operand {
	a.inputs(2)
	return product(a, a.constant(1, typeFloat), nil)
}

// gemm is alpha*A*B + beta*C.
func gemm(a *arguments) operand {
	a.inputs(3)
	a.want("transA", a.int("transA", 0), int64(0))
	alpha, beta, transposed := a.float("alpha", 1), a.float("beta", 1), a.int("transB", 0) != 0
	b := a.constant(1, typeFloat)
	if len(b.shape) == 2 && (transposed || alpha != 1) {
		b = scaled(b, alpha, transposed)
	}
	var bias []float32
	if len(a.node.inputs) > 2 && a.node.inputs[2] != "" && len(b.shape) == 2 {
		bias = slices.Clone(rowOf(a, a.constant(2, typeFloat), operand{width: int(b.shape[1])}))
		for i := range bias {
			bias[i] *= beta
		}
	}
	return product(a, b, bias)
}

// scaled returns a matrix times alpha, transposed or not.
func scaled(b *tensor, alpha float32, transposed bool) *tensor {
	rows, columns := int(b.shape[0]), int(b.shape[1])
	t := &tensor{name: b.name, element: b.element, shape: b.shape, floats: make([]float32, len(b.floats))}
	if transposed {
		t.shape = []int64{b.shape[1], b.shape[0]}
	}
	for i, v := range b.floats {
		if transposed {
			i = i%columns*rows + i/columns
		}
		t.floats[i] = alpha * v
	}
	return t
}

// product multiplies the rows of input 0 by a matrix and adds a bias, if there is one.
func product(a *arguments, b *tensor, bias []float32) operand {
	in := a.rows(0)
	if len(a.faults) > 0 {
		return operand{}
	}
	if len(b.shape) != 2 || in.flat || b.shape[0] != int64(in.width) {
		a.refuse("the matrix %q has shape %v, want [%d n] for rows of %d numbers", b.name, b.shape, in.width, in.width)
		return operand{}
	}
	width := int(b.shape[1])
	return a.result(width, func(out operand) step {
		matrix := blas32.General{Rows: in.width, Cols: width, Stride: width, Data: b.floats}
		return func(s *space) {
			to := s.buffers[out.buffer]
			for start := 0; start < len(to) && bias != nil; start += width {
				copy(to[start:], bias)
			}
			keep := float32(1)
			if bias == nil {
				keep = 0
			}
			blas32.Gemm(blas.NoTrans, blas.NoTrans, 1,
				blas32.General{Rows: s.rows, Cols: in.width, Stride: in.width, Data: s.buffers[in.buffer]},
				matrix, keep, blas32.General{Rows: s.rows, Cols: width, Stride: width, Data: to})
		}
	})
}

// softmaxOf makes probabilities of every row.
func softmaxOf(a *arguments) operand {
	a.inputs(1)
	in := a.rows(0)
	if axis := a.int("axis", 1); axis != -1 && axis != 1 || in.flat {
		a.refuse("attribute \"axis\" is %d, want 1, the numbers of a row", axis)
	}
	out := a.result(in.width, func(out operand) step {
		return func(s *space) {
			to := s.buffers[out.buffer]
			copy(to, s.buffers[in.buffer])
			for start := 0; start < len(to); start += in.width {
				softmax(to[start : start+in.width])
			}
		}
	})
	out.meaning = likelihoods
	return out
}

// softmax makes probabilities of numbers.
func softmax(values []float32) {
	most, sum := slices.Max(values), float32(0)
	for i, v := range values {
		values[i] = float32(math.Exp(float64(v - most)))
		sum += values[i]
	}
	for i := range values {
		values[i] /= sum
	}
}

// concat puts numbers of rows side by side.
func concat(a *arguments) operand {
	if axis := a.int("axis", 0); axis != 1 && axis != -1 {
		a.refuse("attribute \"axis\" is %d, want 1, the numbers of a row", axis)
	}
	var parts []operand
	width := 0
	for i := range a.node.inputs {
		o := a.rows(i)
		if o.flat {
			a.refuse("input %q has one dimension, want two", a.node.inputs[i])
		}
		parts, width = append(parts, o), min(width+o.width, maxWidth+1)
	}
	return a.result(width, func(out operand) step {
		return func(s *space) {
			to := s.buffers[out.buffer]
			at := 0
			for _, p := range parts {
				from := s.buffers[p.buffer]
				for row := range s.rows {
					copy(to[row*out.width+at:], from[row*p.width:(row+1)*p.width])
				}
				at += p.width
			}
		}
	})
}
