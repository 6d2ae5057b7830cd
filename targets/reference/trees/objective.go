package trees

import "math"

// The objective that is trained and written.
const logistic = "binary:logistic"

// severalClasses stands for the number of classes that the file says.
const severalClasses = -1

// objective is what XGBoost calls what a model was trained for: it says what the sum of
// the trees stands for.
type objective struct {
	name    string
	classes int // 0: a value; severalClasses: as many as the file says
	// base turns the file's base_score, which is in the unit of predictions, into what the
	// trees are added to; nil: it is that. It gives no finite number of what is not bound.
	base  func(float32) float32
	bound string
	// predict turns the sum into the prediction; nil: it is that. Of two classes it is the
	// probability of class 1. It is not for severalClasses.
	predict func(float32) float32
}

// objectives are those that Read knows, as src/objective of XGBoost defines them in
// ProbToMargin and PredTransform.
func objectives() []objective {
	const probability, positive = "a probability between 0 and 1", "a number above 0"
	identity := func(name string) objective { return objective{name: name} }
	exponential := func(name string) objective { return objective{name, 0, logarithm, positive, exponential} }
	return []objective{
		{logistic, 2, logit, probability, probabilityOf},
		{"binary:hinge", 2, nil, "", above0},
		identity("binary:logitraw"),
		{"multi:softprob", severalClasses, nil, "", nil},
		{"multi:softmax", severalClasses, nil, "", nil}, // the same trees; who serves them tells their probabilities
		identity("reg:squarederror"),
		identity("reg:linear"), // what reg:squarederror was called before version 0.90
		identity("reg:squaredlogerror"),
		identity("reg:pseudohubererror"),
		identity("reg:absoluteerror"),
		identity("reg:quantileerror"),
		{"reg:logistic", 0, logit, probability, probabilityOf},
		exponential("reg:gamma"),
		exponential("reg:tweedie"),
		exponential("count:poisson"),
		exponential("survival:cox"),
		exponential("survival:aft"),
		identity("rank:pairwise"),
		identity("rank:ndcg"),
		identity("rank:map"),
	}
}

// Objectives are the objectives whose models Read reads.
func Objectives() []string {
	var names []string
	for _, o := range objectives() {
		names = append(names, o.name)
	}
	return names
}

func objectiveNamed(name string) *objective {
	for _, o := range objectives() {
		if o.name == name {
			return &o
		}
	}
	return nil
}

// answer fills scores with what a sum of the trees stands for.
func (o *objective) answer(sum float32, scores []float32) {
	if o.predict != nil {
		sum = o.predict(sum)
	}
	if o.classes == 2 {
		scores[0], scores[1] = 1-sum, sum
		return
	}
	scores[0] = sum
}

func logit(p float32) float32 {
	return float32(math.Log(float64(p)) - math.Log1p(-float64(p)))
}

func probabilityOf(margin float32) float32 { return float32(sigmoid(float64(margin))) }

func logarithm(v float32) float32 { return float32(math.Log(float64(v))) }

func exponential(margin float32) float32 { return float32(exp(float64(margin))) }

// above0 is the class of binary:hinge, which XGBoost predicts in the place of a probability.
func above0(margin float32) float32 {
	if margin > 0 {
		return 1
	}
	return 0
}
