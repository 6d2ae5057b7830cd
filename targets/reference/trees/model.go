// Package trees trains and runs gradient-boosted decision trees for two
// classes, the model behind the reference server. It reads and writes XGBoost's
// JSON model format, so that a model goes from here to Python and back.
//
// Training follows T. Chen and C. Guestrin, "XGBoost: A Scalable Tree Boosting
// System", KDD 2016: logistic loss, second-order gain, histogram splits, missing
// values by default direction. The same data, parameters and seed give the
// same model byte for byte: gradients are summed as whole numbers, which is exact
// in any order, and products that are summed are converted to float64 first,
// which forbids the compiler a fused multiply-add. What is left to the
// platform is the last bit of math.Log, in the prior, which is rounded to float32,
// and in the validation loss, which chooses the number of trees.
package trees

import "math"

// Model is a trained ensemble. It is immutable and safe for concurrent use.
type Model struct {
	features   []string
	attributes map[string]string
	baseScore  float32 // probability of class 1 before the first tree
	base       float32 // the same as log-odds
	roots      []uint32
	ends       []int    // of every boosting iteration, the number of trees after it
	used       int      // the iterations that Predict sums, from the first
	predicting []uint32 // their roots
	nodes      []node
	stats      []stat // of the node with the same index
}

// node is a split or a leaf. The children of a split are neighbours.
type node struct {
	value   float32 // a split sends x < value to the left; a leaf adds it
	feature uint32  // index of the feature; the top bit sends missing values left
	left    uint32  // index of the left child, the right one follows; 0: a leaf
}

const (
	missingLeft = 1 << 31
	featureMask = missingLeft - 1
)

// stat is what the file format keeps of a node beside what prediction needs.
type stat struct {
	gain   float32 // reduction of the loss by the split; 0 for a leaf
	cover  float32 // sum of the second derivatives of the examples
	weight float32 // the value the node would add if it were a leaf
}

// Features returns the names of the features, in the order of a row.
func (m *Model) Features() []string { return m.features }

// Trees returns the number of trees.
func (m *Model) Trees() int { return len(m.roots) }

// Nodes returns the number of splits and leaves in all trees.
func (m *Model) Nodes() int { return len(m.nodes) }

// bestIteration is the attribute in which XGBoost keeps the best iteration, from
// 0, of a model that was stopped early.
const bestIteration = "best_iteration"

// Iterations returns the number of boosting iterations. Each grew one tree, or
// num_parallel_tree of them.
func (m *Model) Iterations() int { return len(m.ends) }

// UsedIterations returns how many iterations, from the first, Predict uses.
func (m *Model) UsedIterations() int { return m.used }

// AllIterations returns the model that predicts with all iterations, those after
// the best one of an early stop included.
func (m *Model) AllIterations() *Model {
	c := *m
	c.use(len(c.ends))
	return &c
}

// use makes Predict sum the first n iterations.
func (m *Model) use(n int) {
	m.used, m.predicting = n, nil
	if n > 0 {
		m.predicting = m.roots[:m.ends[n-1]]
	}
}

// Attributes returns what the model file says about its origin.
func (m *Model) Attributes() map[string]string { return m.attributes }

// WithAttributes returns the model with these attributes, which the caller must
// not change afterwards.
func (m *Model) WithAttributes(attributes map[string]string) *Model {
	c := *m
	c.attributes = attributes
	return &c
}

// setBase sets the prior, a probability strictly between 0 and 1.
func (m *Model) setBase(p float32) {
	m.baseScore = p
	m.base = float32(math.Log(float64(p)) - math.Log1p(-float64(p)))
}

// Gain returns the total reduction of the loss by each feature's splits, in the
// order of Features.
func (m *Model) Gain() []float64 {
	gain := make([]float64, len(m.features))
	for i, n := range m.nodes {
		if n.left != 0 {
			gain[n.feature&featureMask] += float64(m.stats[i].gain)
		}
	}
	return gain
}
