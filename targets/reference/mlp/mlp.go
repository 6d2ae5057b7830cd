// Package mlp trains multilayer perceptrons for two classes, in the ONNX format: what is trained
// is written and read again, so that it predicts as it will where it is served. Package training
// uses it in the place of trees.
//
// The loss is the mean log loss, with an L2 penalty. It is minimised batch by batch by Adam:
// D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015. The weights begin as
// in K. He and others, "Delving Deep into Rectifiers", ICCV 2015. The same data, parameters and
// seed give the same model on the same kind of machine; another kind may round otherwise.
package mlp

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"servebench/targets/reference/onnx"
	"servebench/targets/reference/trees"
)

// Params steers training. The zero value is not usable: start from Defaults.
type Params struct {
	Hidden       []int   // units of the hidden layers: 1 to 5 of them, of 1 to 1024
	LearningRate float64 // of Adam, above 0 up to 1
	L2           float64 // penalty: L2/2 times the sum of the squared weights, from 0
	Epochs       int     // most passes over the training data, 1 to 10,000
	Batch        int     // rows a step, 1 to 100,000
	Patience     int     // epochs without a better validation loss before stopping; 0: never
	Seed         uint64
	ClassWeights trees.ClassWeights
}

// Defaults returns parameters that suit a few thousand to a few hundred thousand rows.
func Defaults() Params {
	return Params{Hidden: []int{32, 16}, LearningRate: 0.005, L2: 1e-5, Epochs: 30, Batch: 256, Patience: 5, Seed: 1}
}

// Check reports every parameter outside its range.
func (p Params) Check() error {
	var faults []error
	refuse := func(wrong bool, format string, values ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, values...))
		}
	}
	refuse(len(p.Hidden) < 1 || len(p.Hidden) > 5, "hidden: %d layers, want 1 to 5", len(p.Hidden))
	for _, units := range p.Hidden {
		refuse(units < 1 || units > 1024, "hidden: a layer of %d is outside 1 to 1024", units)
	}
	refuse(!(p.LearningRate > 0 && p.LearningRate <= 1), "learning rate: %v is not above 0 and at most 1", p.LearningRate)
	refuse(!(p.L2 >= 0 && p.L2 <= 1e3), "L2: %v is outside 0 to 1000", p.L2)
	refuse(p.Epochs < 1 || p.Epochs > 10_000, "epochs: %d is outside 1 to 10,000", p.Epochs)
	refuse(p.Batch < 1 || p.Batch > 100_000, "batch: %d is outside 1 to 100,000", p.Batch)
	refuse(p.Patience < 0 || p.Patience > 10_000, "patience: %d is outside 0 to 10000", p.Patience)
	return errors.Join(append(faults, p.ClassWeights.Check())...)
}

// Model is a trained perceptron. It is immutable and safe for concurrent use.
type Model struct {
	file  onnx.Perceptron
	model *onnx.Model
}

// WithMetadata returns the model with metadata for its file, which the caller must not change
// afterwards.
func (m *Model) WithMetadata(metadata map[string]string) *Model {
	c := *m
	c.file.Metadata = metadata
	return &c
}

// ONNX returns the file of the model.
func (m *Model) ONNX() ([]byte, error) {
	var file bytes.Buffer
	err := m.file.Write(&file)
	return file.Bytes(), err
}

// Units are the inputs, the units of every layer, and the output.
func (m *Model) Units() []int {
	units := []int{len(m.file.Features)}
	for _, l := range m.file.Layers {
		units = append(units, len(l.Bias))
	}
	return units
}

// Weights returns the number of weights and biases.
func (m *Model) Weights() (n int) {
	for _, l := range m.file.Layers {
		n += len(l.Weights) + len(l.Bias)
	}
	return n
}

// Predict returns the probability of class 1 for every row of the data.
func (m *Model) Predict(d trees.Data) []float32 {
	scores := make([]float32, 2*d.Len())
	m.model.Scores(d.Values, scores)
	p := make([]float32, d.Len())
	for i := range p {
		p[i] = scores[2*i+1]
	}
	return p
}

// Train trains for params.Epochs, or until params.Patience epochs have not bettered the loss on
// valid, and keeps the weights of the best epoch. Validation data may be empty; then the last
// weights are kept. In the curve is the loss after each epoch, on the training data the mean of
// its batches, without the penalty.
func Train(train, valid trees.Data, params Params) (*Model, trees.Curve, error) {
	if err := check(train, valid, params); err != nil {
		return nil, trees.Curve{}, fmt.Errorf("train perceptron: %w", err)
	}
	rng := rand.New(rand.NewPCG(params.Seed, 0))
	offset, scale := standardise(train)
	weights := params.ClassWeights.PerRow(train)
	n := newNetwork(len(train.Features), params, rng)
	inputs, held := scaled(train, offset, scale), scaled(valid, offset, scale)
	var curve trees.Curve
	best, least := n.snapshot(), math.Inf(1)
	for len(curve.Train) < params.Epochs && (params.Patience == 0 || len(curve.Train)-curve.Best < params.Patience) {
		curve.Train = append(curve.Train, n.epoch(inputs, train.Labels, weights, rng))
		loss := -float64(len(curve.Train)) // without validation data the last is the best
		if valid.Len() > 0 {
			loss = n.loss(held, valid.Labels, weights)
			curve.Valid = append(curve.Valid, loss)
		}
		if math.IsNaN(loss) || math.IsNaN(curve.Train[len(curve.Train)-1]) {
			return nil, curve, fmt.Errorf("train perceptron: the loss is no number after epoch %d: want a smaller learning rate than %v", len(curve.Train), params.LearningRate)
		}
		if loss < least {
			best, least, curve.Best = n.snapshot(), loss, len(curve.Train)
		}
	}
	m, err := newModel(onnx.Perceptron{Features: train.Features, Offset: offset, Scale: scale, Layers: best})
	return m, curve, err
}

// newModel reads the file that the perceptron is written as.
func newModel(file onnx.Perceptron) (*Model, error) {
	m := &Model{file: file}
	data, err := m.ONNX()
	if err == nil {
		m.model, err = onnx.Read(bytes.NewReader(data))
	}
	if err != nil {
		return nil, fmt.Errorf("train perceptron: %w", err)
	}
	return m, nil
}

func check(train, valid trees.Data, params Params) error {
	if err := params.Check(); err != nil {
		return err
	}
	if err := train.Check(); err != nil {
		return fmt.Errorf("training data: %w", err)
	}
	if err := valid.Check(); valid.Len() > 0 && err != nil {
		return fmt.Errorf("validation data: %w", err)
	}
	if valid.Len() > 0 && !slices.Equal(valid.Features, train.Features) {
		return errors.New("validation data: its features are not those of the training data")
	}
	if !slices.Contains(train.Labels, 0) || !slices.Contains(train.Labels, 1) {
		return errors.New("training data: it needs rows of both classes")
	}
	for _, d := range []trees.Data{train, valid} {
		if i := slices.IndexFunc(d.Values, func(v float32) bool { return v != v }); i >= 0 {
			return fmt.Errorf("row %d: feature %s is missing, and a perceptron needs every value", i/len(d.Features), d.Features[i%len(d.Features)])
		}
	}
	return nil
}

// standardise returns what makes the mean of every feature 0 and its standard deviation 1; one
// that is always the same is 0.
func standardise(d trees.Data) (offset, scale []float32) {
	width := len(d.Features)
	for f := range width {
		sum, squares, n := 0.0, 0.0, float64(d.Len())
		for i := f; i < len(d.Values); i += width {
			sum += float64(d.Values[i])
		}
		mean := sum / n
		for i := f; i < len(d.Values); i += width {
			squares += (float64(d.Values[i]) - mean) * (float64(d.Values[i]) - mean)
		}
		factor := 1.0
		if squares > 0 {
			factor = 1 / math.Sqrt(squares/n)
		}
		offset, scale = append(offset, float32(mean)), append(scale, float32(factor))
	}
	return offset, scale
}
