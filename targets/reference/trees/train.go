package trees

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Curve tells how training went.
type Curve struct {
	Train []float64 // mean log loss on the training data after each tree grown
	Valid []float64 // the same on the validation data; nil without them
	Best  int       // trees the model keeps: those up to the least validation loss
}

// Train grows trees on train until params.Trees, or until params.Patience trees
// have not bettered the loss on valid, and keeps those up to the best.
// Validation data may be empty; then all trees are kept.
func Train(train, valid Data, params Params) (*Model, Curve, error) {
	if err := check(train, valid, params); err != nil {
		return nil, Curve{}, fmt.Errorf("train trees: %w", err)
	}
	t := newTrainer(train, valid, params)
	for len(t.curve.Train) < params.Trees && !t.exhausted() {
		t.boost()
	}
	return t.model.firstTrees(t.curve.Best), t.curve, nil
}

func check(train, valid Data, params Params) error {
	if err := params.Check(); err != nil {
		return err
	}
	if err := train.Check(); err != nil {
		return fmt.Errorf("training data: %w", err)
	}
	if n := train.countPositives(); n == 0 || n == train.Len() {
		return errors.New("training data: it needs rows of both classes")
	}
	if train.Len() > math.MaxInt32/16 {
		return fmt.Errorf("training data: %d rows are more than %d", train.Len(), math.MaxInt32/16)
	}
	if valid.Len() == 0 {
		return nil
	}
	if !slices.Equal(valid.Features, train.Features) {
		return errors.New("validation data: its features are not those of the training data")
	}
	if err := valid.Check(); err != nil {
		return fmt.Errorf("validation data: %w", err)
	}
	return nil
}

// trainer holds what changes from tree to tree.
type trainer struct {
	params       Params
	weights      [2]float64 // of a row of each class; those of the training data add up to its rows
	rng          *rand.Rand
	train, valid Data
	trainMargins []float32 // log-odds by row after the trees so far
	validMargins []float32
	rows         []int32 // of the tree being grown
	grower       grower
	model        *Model
	curve        Curve
	least        float64 // validation loss after curve.Best trees
}

func newTrainer(train, valid Data, params Params) *trainer {
	model := &Model{features: train.Features, classes: 2}
	weights := params.ClassWeights.PerRow(train)
	model.setBase(float32(weights[1] * float64(train.countPositives()) / float64(train.Len())))
	return &trainer{
		params: params, weights: weights, rng: rand.New(rand.NewPCG(params.Seed, 0)),
		train: train, trainMargins: slices.Repeat([]float32{model.base}, train.Len()),
		valid: valid, validMargins: slices.Repeat([]float32{model.base}, valid.Len()),
		grower: grower{
			params: params, binned: bin(train, params.Bins),
			gradients: make([]sum, train.Len()), scratch: make([]int32, 0, train.Len()),
		},
		model: model, least: math.Inf(1),
	}
}

func (t *trainer) boost() {
	t.computeDerivatives()
	t.drawSample()
	tree := t.grower.growTree(t.rows)
	t.model.appendTree(tree)
	addLeaves(t.trainMargins, tree, t.train)
	t.curve.Train = append(t.curve.Train, meanLogLoss(t.trainMargins, t.train, t.weights))
	t.curve.Best = len(t.curve.Train)
	if t.valid.Len() > 0 {
		t.followLoss(tree)
	}
}

// computeDerivatives computes the loss's derivatives at the margins: p − y and p(1 − p), times
// the weight of the class.
func (t *trainer) computeDerivatives() {
	for i, label := range t.train.Labels {
		p := sigmoid(float64(t.trainMargins[i]))
		w := t.weights[label]
		t.grower.gradients[i] = sum{fixed(w * (p - float64(label))), fixed(w * (p * (1 - p)))}
	}
}

func (t *trainer) drawSample() {
	t.rows = t.rows[:0]
	for i := range t.train.Len() {
		if t.params.RowShare == 1 || t.rng.Float64() < t.params.RowShare {
			t.rows = append(t.rows, int32(i))
		}
	}
	width := len(t.train.Features)
	keep := max(1, int(math.Round(t.params.FeatureShare*float64(width))))
	t.grower.features = t.rng.Perm(width)[:keep]
	slices.Sort(t.grower.features)
}

func (t *trainer) followLoss(tree tree) {
	addLeaves(t.validMargins, tree, t.valid)
	v := meanLogLoss(t.validMargins, t.valid, t.weights)
	t.curve.Valid = append(t.curve.Valid, v)
	if v < t.least {
		t.least = v
		return
	}
	t.curve.Best = slices.Index(t.curve.Valid, t.least) + 1
}

func (t *trainer) exhausted() bool {
	return t.params.Patience > 0 && t.valid.Len() > 0 && len(t.curve.Valid)-t.curve.Best >= t.params.Patience
}

func addLeaves(margins []float32, tree tree, d Data) {
	for i := range margins {
		margins[i] += leaf(tree.nodes, 0, d.Row(i))
	}
}

// meanLogLoss is the mean log loss at these margins, ln(1+e^−m) for class 1 and ln(1+e^m)
// for class 0, of rows that weigh what their class does.
func meanLogLoss(margins []float32, d Data, weights [2]float64) float64 {
	total := 0.0
	for i, m := range margins {
		if d.Labels[i] == 1 {
			m = -m
		}
		total += float64(weights[d.Labels[i]] * (max(float64(m), 0) + math.Log1p(exp(-math.Abs(float64(m))))))
	}
	ones := float64(d.countPositives())
	return total / (float64(weights[1]*ones) + float64(weights[0]*(float64(d.Len())-ones)))
}

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
	ClassWeights   ClassWeights
}

// ClassWeights are what a row of class 0 and one of class 1 weigh in the loss, compared with each
// other: above 0, and at most 1e6 times as much. The zero value weighs them alike.
type ClassWeights [2]float64

// Balanced are the weights that let both classes of the data weigh as much in all; the zero value
// of data that lacks one.
func Balanced(d Data) ClassWeights {
	ones := d.countPositives()
	if ones == 0 || ones == d.Len() {
		return ClassWeights{}
	}
	return ClassWeights{float64(ones), float64(d.Len() - ones)}
}

// Check says what is wrong with the weights.
func (w ClassWeights) Check() error {
	if w == (ClassWeights{}) || w[0] > 0 && w[1] > 0 && w[0]/w[1] <= 1e6 && w[1]/w[0] <= 1e6 {
		return nil
	}
	return fmt.Errorf("class weights: %v:%v, want two numbers above 0, at most 1,000,000 times as great as each other", w[0], w[1])
}

// PerRow are the weights of rows that add up to the number of rows of the data.
func (w ClassWeights) PerRow(d Data) [2]float64 {
	if w[0] == w[1] {
		return [2]float64{1, 1}
	}
	n, ones := float64(d.Len()), float64(d.countPositives())
	per := n / (float64(w[0]*(n-ones)) + float64(w[1]*ones))
	return [2]float64{w[0] * per, w[1] * per}
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
	return errors.Join(append(faults, p.ClassWeights.Check())...)
}
