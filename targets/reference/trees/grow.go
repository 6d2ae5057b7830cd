package trees

import "math"

// grower grows one tree, level by level.
type grower struct {
	params    Params
	binned    binned
	gradients []sum // by row
	features  []int // those drawn for this tree, ascending
	scratch   []int32
	spare     []histogram
	tree      tree
	open      []branch // first in, first out: gives the children of a node neighbouring indices
}

// tree is one tree, its root at index 0.
type tree struct {
	nodes []node
	stats []stat
}

// branch is a node that may still be split.
type branch struct {
	index int // in the tree
	depth int
	rows  []int32 // its rows, a part of the tree's
	total sum
	hist  histogram
}

// growTree returns the tree that best reduces the loss on these rows, which it
// reorders.
func (g *grower) growTree(rows []int32) tree {
	g.tree = tree{}
	root := branch{rows: rows, hist: g.histogram()}
	for _, r := range rows {
		root.total = root.total.plus(g.gradients[r])
	}
	root.hist.countRows(g.binned, g.features, rows, g.gradients)
	g.addLeaf(root)
	for len(g.open) > 0 {
		b := g.open[0]
		g.open = g.open[1:]
		g.splitLeaf(b)
	}
	return g.tree
}

func (g *grower) addLeaf(b branch) {
	b.index = len(g.tree.nodes)
	weight := g.params.weight(b.total)
	g.tree.nodes = append(g.tree.nodes, node{value: weight})
	g.tree.stats = append(g.tree.stats, stat{cover: float32(b.total.second()), weight: weight})
	g.open = append(g.open, b)
}

func (g *grower) splitLeaf(b branch) {
	if b.depth == g.params.Depth {
		g.free(b.hist)
		return
	}
	s := g.params.bestSplit(b.hist, g.binned.cuts, g.features, b.total)
	if s.gain == 0 {
		g.free(b.hist)
		return
	}
	n := node{value: g.binned.cuts[s.feature][s.bin], feature: uint32(s.feature), left: uint32(len(g.tree.nodes))}
	if s.missingLeft {
		n.feature |= missingLeft
	}
	g.tree.nodes[b.index] = n
	g.tree.stats[b.index].gain = float32(s.gain)
	left, right := g.divideBranch(b, s)
	g.addLeaf(left)
	g.addLeaf(right)
}

// divideBranch divides a branch's rows and its histogram. Only the smaller child's rows
// are counted; the other child gets what is left of the parent's sums.
func (g *grower) divideBranch(b branch, s split) (left, right branch) {
	cut := g.partition(b.rows, s)
	left = branch{depth: b.depth + 1, rows: b.rows[:cut], total: s.left}
	right = branch{depth: b.depth + 1, rows: b.rows[cut:], total: s.right}
	small, large := &left, &right
	if len(right.rows) < len(left.rows) {
		small, large = large, small
	}
	if left.depth == g.params.Depth {
		g.free(b.hist) // the children stay leaves and need no histogram
		return left, right
	}
	small.hist, large.hist = g.histogram(), b.hist
	small.hist.countRows(g.binned, g.features, small.rows, g.gradients)
	large.hist.subtract(small.hist)
	return left, right
}

// partition moves the rows that go left to the front, keeps the order on both
// sides, and returns how many there are.
func (g *grower) partition(rows []int32, s split) int {
	bins := g.binned.bins[s.feature]
	right := g.scratch[:0]
	left := 0
	for _, r := range rows {
		bin := int(bins[r])
		if bin <= s.bin || (bin == missingBin && s.missingLeft) {
			rows[left] = r
			left++
		} else {
			right = append(right, r)
		}
	}
	copy(rows[left:], right)
	return left
}

func (g *grower) histogram() histogram {
	if n := len(g.spare); n > 0 {
		h := g.spare[n-1]
		g.spare = g.spare[:n-1]
		return h
	}
	return make(histogram, len(g.binned.cuts)*binStride)
}

func (g *grower) free(h histogram) {
	if h != nil {
		g.spare = append(g.spare, h)
	}
}

// split parts a node's rows in two.
type split struct {
	gain        float64 // reduction of the loss; 0: there is no split
	feature     int
	bin         int // bins up to this one go left
	missingLeft bool
	left, right sum
}

// leastGain keeps rounding errors from passing for a gain; XGBoost's is the same.
const leastGain = 1e-6

// bestSplit returns the split of largest gain; of equal ones the first, so that the
// choice is reproducible.
func (p Params) bestSplit(h histogram, cuts [][]float32, features []int, total sum) split {
	best := split{}
	least := max(p.Gamma, leastGain)
	for _, f := range features {
		sums := h.of(f)
		missing := sums[missingBin]
		var left sum
		for b := range cuts[f] {
			left = left.plus(sums[b])
			for _, s := range candidates(left, missing, total) {
				s.gain = p.gain(s, total)
				if s.gain > max(best.gain, least) {
					s.feature, s.bin = f, b
					best = s
				}
			}
		}
	}
	return best
}

// candidates returns the split with the missing values on the right and on the
// left. Where none are missing both are the same, and a value that is missing
// later follows the heavier side.
func candidates(left, missing, total sum) [2]split {
	right := total.minus(left)
	if missing == (sum{}) {
		s := split{left: left, right: right, missingLeft: left.h >= right.h}
		return [2]split{s, s}
	}
	return [2]split{
		{left: left, right: right},
		{left: left.plus(missing), right: right.minus(missing), missingLeft: true},
	}
}

// gain is equation 7 of the paper without its constant factor of one half,
// which XGBoost leaves out too; 0 when a child is too light.
func (p Params) gain(s split, total sum) float64 {
	if !p.heavy(s.left) || !p.heavy(s.right) {
		return 0
	}
	return p.score(s.left) + p.score(s.right) - p.score(total)
}

func (p Params) heavy(s sum) bool {
	return s.h > 0 && s.second() >= p.MinChildWeight
}

// score is G²/(H+λ).
func (p Params) score(s sum) float64 {
	g := s.first()
	return float64(g*g) / (s.second() + p.Lambda)
}

// weight is the value of a leaf, −η·G/(H+λ) (equation 5).
func (p Params) weight(s sum) float32 {
	if s.h <= 0 {
		return 0
	}
	return float32(-p.LearningRate * s.first() / (s.second() + p.Lambda))
}

// sum holds first and second derivatives of the loss in units of 1/unit. Whole
// numbers add up exactly, whatever the order.
type sum struct{ g, h int64 }

// unit is fine enough to leave a derivative ten digits, and coarse enough for
// 2^27 rows in a sum.
const unit = 1 << 35

func fixed(v float64) int64 { return int64(math.RoundToEven(v * unit)) }

func (s sum) plus(o sum) sum  { return sum{s.g + o.g, s.h + o.h} }
func (s sum) minus(o sum) sum { return sum{s.g - o.g, s.h - o.h} }

func (s sum) first() float64  { return float64(s.g) / unit }
func (s sum) second() float64 { return float64(s.h) / unit }

// histogram holds the sums of a node's rows by feature and bin.
type histogram []sum

func (h histogram) of(feature int) []sum {
	return h[feature*binStride : (feature+1)*binStride]
}

// countRows counts the rows into the bins of these features; the others stay 0.
func (h histogram) countRows(b binned, features []int, rows []int32, gradients []sum) {
	clear(h)
	for _, f := range features {
		sums, bins := h.of(f), b.bins[f]
		for _, r := range rows {
			s, g := &sums[bins[r]], gradients[r]
			s.g += g.g
			s.h += g.h
		}
	}
}

// subtract takes away the sums of one child and leaves those of the other.
func (h histogram) subtract(child histogram) {
	for i := range h {
		h[i] = h[i].minus(child[i])
	}
}
