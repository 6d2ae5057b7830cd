package training

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"

	"servebench/targets/reference/mlp"
	"servebench/targets/reference/trees"
)

// Kinds of models.
const (
	Trees = "trees" // gradient-boosted
	MLP   = "mlp"   // a multilayer perceptron
)

// Model is a trained model of one kind.
type Model struct {
	Trees *trees.Model // nil: it is a perceptron
	MLP   *mlp.Model   // nil: it is trees
}

// Encode returns the model's file: in ONNX, or of trees in XGBoost's JSON format. Equal models
// give equal bytes.
func (m Model) Encode(onnx bool) ([]byte, error) {
	var file bytes.Buffer
	switch {
	case m.MLP != nil && onnx:
		return m.MLP.ONNX()
	case m.MLP != nil:
		return nil, errors.New("a multilayer perceptron is written in ONNX alone")
	case onnx:
		err := m.Trees.WriteONNX(&file)
		return file.Bytes(), err
	}
	err := m.Trees.Write(&file)
	return file.Bytes(), err
}

func (m Model) predict(d trees.Data) []float32 {
	if m.MLP != nil {
		return m.MLP.Predict(d)
	}
	return d.Predict(m.Trees)
}

func (m Model) withAttributes(attributes map[string]string) Model {
	if m.MLP != nil {
		return Model{MLP: m.MLP.WithMetadata(attributes)}
	}
	return Model{Trees: m.Trees.WithAttributes(attributes)}
}

// fit trains the recipe's model: one, or the average of an ensemble (L. Breiman, "Bagging
// Predictors", Machine Learning 24 (1996)). There is a curve for each of its members.
func (r Recipe) fit(train, valid trees.Data) (Model, []trees.Curve, error) {
	var models []*trees.Model
	var curves []trees.Curve
	if r.Kind == MLP {
		m, curve, err := mlp.Train(train, valid, r.MLP)
		return Model{MLP: m}, []trees.Curve{curve}, err
	}
	for i := range r.Ensemble {
		m, curve, err := r.fitMember(i, train, valid, r.Trees)
		if err != nil {
			return Model{}, nil, err
		}
		models, curves = append(models, m), append(curves, curve)
	}
	return average(models), curves, nil
}

// refit trains as fit has, on other data, and for as long as that took to come to the best.
func (r Recipe) refit(train trees.Data, curves []trees.Curve) (Model, error) {
	if r.Kind == MLP {
		params := r.MLP
		params.Epochs, params.Patience = curves[0].Best, 0
		m, _, err := mlp.Train(train, trees.Data{}, params)
		return Model{MLP: m}, err
	}
	var models []*trees.Model
	for i, curve := range curves {
		params := r.Trees
		params.Trees, params.Patience = curve.Best, 0
		m, _, err := r.fitMember(i, train, trees.Data{}, params)
		if err != nil {
			return Model{}, err
		}
		models = append(models, m)
	}
	return average(models), nil
}

// fitMember trains a member of an ensemble, on as many rows as there are, drawn with
// replacement. The one of an ensemble of one has all rows.
func (r Recipe) fitMember(member int, train, valid trees.Data, params trees.Params) (*trees.Model, trees.Curve, error) {
	if r.Ensemble > 1 {
		rng := r.rng(memberStream + uint64(member))
		rows := make([]int, train.Len())
		for i := range rows {
			rows[i] = rng.IntN(len(rows))
		}
		train, params.Seed = train.Take(rows), rng.Uint64()
	}
	m, curve, err := trees.Train(train, valid, params)
	if err != nil && r.Ensemble > 1 {
		err = fmt.Errorf("model %d of the ensemble: %w", member+1, err)
	}
	return m, curve, err
}

func average(models []*trees.Model) Model {
	if len(models) == 1 {
		return Model{Trees: models[0]}
	}
	return Model{Trees: trees.Average(models)}
}

// rng is a stream of the seed, each of which has one use, so that none depends on how much the
// others draw.
func (r Recipe) rng(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(r.Seed, stream)) }
