// Package trees trains and runs gradient-boosted decision trees for two
// classes, the model behind the reference server. It reads XGBoost's model files, JSON
// and UBJSON, and writes JSON, so that a model goes from here to Python and back; it also
// runs what it does not train: several classes, regressions and rankings, the booster
// dart, and splits by category.
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

import (
	"math"
	"slices"
)

// Model is a trained ensemble. It is immutable and safe for concurrent use.
type Model struct {
	features   []string
	attributes map[string]string
	classes    int        // 0 of a regression
	baseScore  float32    // of binary:logistic: probability of class 1 before the first tree
	base       float32    // the same as log-odds
	bases      []float32  // of other objectives: what each score starts from
	objective  *objective // nil: binary:logistic, which is trained
	categories [][]uint32 // of splits by category: those that go right, ascending
	groups     []int      // of several scores: the class that each tree is for
	roots      []uint32
	ends       []int    // of every boosting iteration, the number of trees after it
	used       int      // the iterations that Predict sums, from the first
	predicting []uint32 // their roots
	nodes      []node
	stats      []stat // of the node with the same index
}

// Classes returns the number of classes; 0 of a regression.
func (m *Model) Classes() int { return m.classes }

// node is a split or a leaf. The children of a split are neighbours.
type node struct {
	value   float32 // a split sends x < value to the left; a leaf adds it
	feature uint32  // index of the feature; the top bits are missingLeft and byCategory
	left    uint32  // index of the left child, the right one follows; 0: a leaf
}

const (
	missingLeft = 1 << 31 // missing values go left
	byCategory  = 1 << 30 // the bits of value are an index into the model's categories
	featureMask = byCategory - 1
)

// stat is what the file format keeps of a node beside what prediction needs.
type stat struct {
	gain   float32 // reduction of the loss by the split; 0 for a leaf
	cover  float32 // sum of the second derivatives of the examples
	weight float32 // the value the node would add if it were a leaf
}

// groupCount is for how many scores an iteration grows trees.
func (m *Model) groupCount() int { return max(len(m.bases), 1) }

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
	c.useIterations(len(c.ends))
	return &c
}

func (m *Model) useIterations(n int) {
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
	m.baseScore, m.base = p, logit(p)
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

// Splits returns, for every feature in the order of Features, the values that its splits
// compare with, and the codes that its splits by category name; both ascend.
func (m *Model) Splits() (values [][]float32, categories [][]uint32) {
	values, categories = make([][]float32, len(m.features)), make([][]uint32, len(m.features))
	for _, n := range m.nodes {
		switch f := n.feature & featureMask; {
		case n.left == 0:
		case n.feature&byCategory != 0:
			categories[f] = append(categories[f], m.categories[math.Float32bits(n.value)]...)
		default:
			values[f] = append(values[f], n.value)
		}
	}
	for f := range m.features {
		slices.Sort(values[f])
		slices.Sort(categories[f])
		values[f], categories[f] = slices.Compact(values[f]), slices.Compact(categories[f])
	}
	return values, categories
}

// Score fills scores with the probability of each class, or with the value of a
// regression. The row has one value per feature, NaN for a missing one; a shorter row
// panics. It does not allocate.
func (m *Model) Score(row, scores []float32) {
	if m.bases == nil {
		p := m.Predict(row)
		scores[0], scores[1] = 1-p, p
		return
	}
	row = row[:len(m.features)]
	if len(m.bases) == 1 {
		m.objective.answer(m.sum(m.bases[0], row), scores)
		return
	}
	copy(scores, m.bases)
	for i, root := range m.predicting {
		scores[m.groups[i]] += m.leaf(root, row)
	}
	softmax(scores[:m.classes])
}

// sum adds to a score, in float32 as XGBoost does, what the trees say.
func (m *Model) sum(score float32, row []float32) float32 {
	if m.categories != nil {
		for _, root := range m.predicting {
			score += m.leaf(root, row)
		}
		return score
	}
	for _, root := range m.predicting {
		score += leaf(m.nodes, root, row)
	}
	return score
}

// softmax makes probabilities of margins, as XGBoost does: in float32, with the sum of the
// exponentials in float64.
func softmax(margins []float32) {
	most, sum := slices.Max(margins), 0.0
	for i, v := range margins {
		margins[i] = 1
		if v != most { // which may be infinite
			margins[i] = float32(exp(float64(v - most)))
		}
		sum += float64(margins[i])
	}
	for i := range margins {
		margins[i] /= float32(sum)
	}
}

// Predict returns the probability of class 1 of a model of two classes. The row has one
// value per feature, NaN for a missing one; a shorter row panics. It does not allocate.
//
// As in XGBoost, values are compared and leaves summed in float32, tree after
// tree, so that both agree to rounding.
func (m *Model) Predict(row []float32) float32 {
	return float32(sigmoid(float64(m.sum(m.base, row[:len(m.features)]))))
}

// leaf returns the value of the leaf that the row falls into. It ends because
// children have higher indices than their parent. The side is computed, not
// branched on: a processor cannot guess it, and a wrong guess costs more than
// the comparison.
func leaf(nodes []node, i uint32, row []float32) float32 {
	n := &nodes[i]
	for n.left != 0 {
		x := row[n.feature&featureMask]
		right := uint32(1)
		if x < n.value {
			right = 0
		}
		if x != x {
			right = 1 - n.feature>>31 // the bit missingLeft
		}
		n = &nodes[n.left+right]
	}
	return n.value
}

// leaf is leaf for models that may split by category.
func (m *Model) leaf(i uint32, row []float32) float32 {
	if m.categories == nil {
		return leaf(m.nodes, i, row)
	}
	n := &m.nodes[i]
	for n.left != 0 {
		x, right := row[n.feature&featureMask], uint32(0)
		switch {
		case x != x:
			right = 1 - n.feature>>31
		case n.feature&byCategory != 0:
			if isCategory(m.categories[math.Float32bits(n.value)], x) {
				right = 1
			}
		case !(x < n.value):
			right = 1
		}
		n = &m.nodes[n.left+right]
	}
	return n.value
}

// appendTree adds a tree at the end, as an iteration that predicts.
func (m *Model) appendTree(t tree) {
	root := uint32(len(m.nodes))
	for _, n := range t.nodes {
		if n.left != 0 {
			n.left += root
		}
		m.nodes = append(m.nodes, n)
	}
	m.stats = append(m.stats, t.stats...)
	m.roots = append(m.roots, root)
	m.ends = append(m.ends, len(m.roots))
	m.useIterations(len(m.ends))
}

// treeAt returns a copy of tree i with its root at index 0.
func (m *Model) treeAt(i int) tree {
	start, end := m.roots[i], uint32(len(m.nodes))
	if i+1 < len(m.roots) {
		end = m.roots[i+1]
	}
	t := tree{nodes: append([]node(nil), m.nodes[start:end]...), stats: m.stats[start:end]}
	for j := range t.nodes {
		if t.nodes[j].left != 0 {
			t.nodes[j].left -= start
		}
	}
	return t
}

// firstTrees returns the model that the first n trees make, with memory of its own.
func (m *Model) firstTrees(n int) *Model {
	c := &Model{features: m.features, attributes: m.attributes, classes: 2, baseScore: m.baseScore, base: m.base}
	for i := range n {
		c.appendTree(m.treeAt(i))
	}
	return c
}

// Average returns the model whose log-odds are the mean of those of models of two classes, of
// the same features and without splits by category: it has the trees of all, with leaves of so
// much less weight.
func Average(models []*Model) *Model {
	all := &Model{features: models[0].features, classes: 2}
	share, base := 1/float32(len(models)), 0.0
	for _, m := range models {
		base += float64(m.base) / float64(len(models))
		for i := range m.predicting {
			t := m.treeAt(i)
			t.scale(share)
			all.appendTree(t)
		}
	}
	all.setBase(float32(sigmoid(base)))
	return all
}

func sigmoid(x float64) float64 { return 1 / (1 + exp(-x)) }

// Constants of exp: ln 2 in two parts, the first with trailing zeros, so that its
// product with a small whole number is exact.
const (
	ln2High = 6.93147180369123816490e-01
	ln2Low  = 1.90821492927058770002e-10
	expMax  = 700 // beyond it e^x leaves float64 soon, and sigmoid is 0 or 1
	expTerm = 13  // terms of the Taylor series: r^14/14! is below 2^-57 for |r| ≤ ln 2 / 2
)

// exp returns e^x, x cut off at ±700. math.Exp uses a fused multiply-add where
// the processor has one, which would give different models on different
// machines; this one rounds everywhere alike.
func exp(x float64) float64 {
	x = min(max(x, -expMax), expMax)
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := x - float64(k*ln2High) - float64(k*ln2Low)
	sum := 1.0
	for i := expTerm; i > 0; i-- {
		sum = 1 + float64(sum*r)/float64(i)
	}
	return math.Ldexp(sum, int(k))
}
