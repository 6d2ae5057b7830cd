package mlp

import (
	"math"
	"math/rand/v2"
	"slices"

	"servebench/targets/reference/onnx"
	"servebench/targets/reference/trees"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// network is a perceptron in training.
type network struct {
	params Params
	layers []*layer
	steps  int // of Adam
}

// layer is a fully connected layer: outputs = inputs·weights + bias.
type layer struct {
	weights blas64.General // inputs × outputs
	bias    []float64
	moments [2]moments // of both
}

// moments are Adam's running means of a gradient and of its square.
type moments struct{ first, second []float64 }

func newNetwork(inputs int, params Params, rng *rand.Rand) *network {
	n := &network{params: params}
	for _, outputs := range append(slices.Clone(params.Hidden), 1) {
		l := &layer{weights: newMatrix(inputs, outputs), bias: make([]float64, outputs)}
		deviation := math.Sqrt(2 / float64(inputs))
		for i := range l.weights.Data {
			l.weights.Data[i] = deviation * rng.NormFloat64()
		}
		for i, size := range []int{inputs * outputs, outputs} {
			l.moments[i] = moments{make([]float64, size), make([]float64, size)}
		}
		n.layers = append(n.layers, l)
		inputs = outputs
	}
	return n
}

func newMatrix(rows, columns int) blas64.General {
	return blas64.General{Rows: rows, Cols: columns, Stride: columns, Data: make([]float64, rows*columns)}
}

func row(m blas64.General, i int) []float64 { return m.Data[i*m.Stride:][:m.Cols] }

// product is a·b, of which either may be transposed.
func product(transA blas.Transpose, a blas64.General, transB blas.Transpose, b blas64.General) blas64.General {
	rows, columns := a.Rows, b.Cols
	if transA == blas.Trans {
		rows = a.Cols
	}
	if transB == blas.Trans {
		columns = b.Rows
	}
	m := newMatrix(rows, columns)
	blas64.Gemm(transA, transB, 1, a, b, 0, m)
	return m
}

// scaled are the rows of the data, standardised as the model will.
func scaled(d trees.Data, offset, scale []float32) blas64.General {
	m := newMatrix(d.Len(), len(d.Features))
	for i, v := range d.Values {
		f := i % len(offset)
		m.Data[i] = float64((v - offset[f]) * scale[f])
	}
	return m
}

// forward returns the rows as they enter each layer and, last, the log-odds.
func (n *network) forward(rows blas64.General) []blas64.General {
	all := []blas64.General{rows}
	for i, l := range n.layers {
		out, hidden := product(blas.NoTrans, all[i], blas.NoTrans, l.weights), i < len(n.layers)-1
		for k := range out.Data {
			if out.Data[k] += l.bias[k%out.Cols]; hidden {
				out.Data[k] = max(out.Data[k], 0)
			}
		}
		all = append(all, out)
	}
	return all
}

// epoch takes a step for every batch of the rows, in random order, and returns the mean loss.
func (n *network) epoch(rows blas64.General, labels []uint8, weights [2]float64, rng *rand.Rand) float64 {
	order, total := rng.Perm(len(labels)), 0.0
	for part := range slices.Chunk(order, n.params.Batch) {
		batch, of := newMatrix(len(part), rows.Cols), make([]uint8, len(part))
		for i, k := range part {
			copy(row(batch, i), row(rows, k))
			of[i] = labels[k]
		}
		total += n.step(batch, of, weights)
	}
	return total / float64(len(labels))
}

// step moves the weights by the gradient on a batch, and returns the sum of its losses.
func (n *network) step(batch blas64.General, labels []uint8, weights [2]float64) (loss float64) {
	values := n.forward(batch)
	delta := values[len(values)-1]
	for i, label := range labels {
		z := delta.Data[i]
		loss += weights[label] * logLoss(z, label)
		delta.Data[i] = weights[label] * (1/(1+math.Exp(-z)) - float64(label)) / float64(len(labels))
	}
	n.steps++
	for i := len(n.layers) - 1; i >= 0; i-- {
		l := n.layers[i]
		gradient := product(blas.Trans, values[i], blas.NoTrans, delta)
		for k, w := range l.weights.Data {
			gradient.Data[k] += n.params.L2 * w
		}
		below := product(blas.NoTrans, delta, blas.Trans, l.weights) // of the first layer it is of no use
		n.adam(l.weights.Data, gradient.Data, l.moments[0])
		n.adam(l.bias, columnSums(delta), l.moments[1])
		for k, v := range values[i].Data {
			if v <= 0 { // Relu's
				below.Data[k] = 0
			}
		}
		delta = below
	}
	return loss
}

// adam takes algorithm 1's step, with the constants of the paper.
func (n *network) adam(values, gradient []float64, m moments) {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	rate := n.params.LearningRate * math.Sqrt(1-math.Pow(beta2, float64(n.steps))) / (1 - math.Pow(beta1, float64(n.steps)))
	for i, g := range gradient {
		m.first[i] = beta1*m.first[i] + (1-beta1)*g
		m.second[i] = beta2*m.second[i] + (1-beta2)*g*g
		values[i] -= rate * m.first[i] / (math.Sqrt(m.second[i]) + epsilon)
	}
}

// loss is the mean loss on rows.
func (n *network) loss(rows blas64.General, labels []uint8, weights [2]float64) float64 {
	values := n.forward(rows)
	total, weight := 0.0, 0.0
	for i, label := range labels {
		total += weights[label] * logLoss(values[len(values)-1].Data[i], label)
		weight += weights[label]
	}
	return total / weight
}

// logLoss is ln(1+e^−z) for class 1, ln(1+e^z) for class 0.
func logLoss(z float64, label uint8) float64 {
	if label == 1 {
		z = -z
	}
	return max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
}

func columnSums(m blas64.General) []float64 {
	sums := make([]float64, m.Cols)
	for k, v := range m.Data {
		sums[k%m.Cols] += v
	}
	return sums
}

// snapshot is the weights as they are now.
func (n *network) snapshot() (all []onnx.Layer) {
	for _, l := range n.layers {
		all = append(all, onnx.Layer{Weights: rounded(l.weights.Data), Bias: rounded(l.bias)})
	}
	return all
}

func rounded(values []float64) (all []float32) {
	for _, v := range values {
		all = append(all, float32(v))
	}
	return all
}
