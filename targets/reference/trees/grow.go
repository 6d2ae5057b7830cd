package trees

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

// grow returns the tree that best reduces the loss on these rows, which it
// reorders.
func (g *grower) grow(rows []int32) tree {
	g.tree = tree{}
	root := branch{rows: rows, hist: g.histogram()}
	for _, r := range rows {
		root.total = root.total.plus(g.gradients[r])
	}
	root.hist.fill(g.binned, g.features, rows, g.gradients)
	g.add(root)
	for len(g.open) > 0 {
		b := g.open[0]
		g.open = g.open[1:]
		g.split(b)
	}
	return g.tree
}

// add appends a leaf and lists it to be split.
func (g *grower) add(b branch) {
	b.index = len(g.tree.nodes)
	weight := g.params.weight(b.total)
	g.tree.nodes = append(g.tree.nodes, node{value: weight})
	g.tree.stats = append(g.tree.stats, stat{cover: float32(b.total.second()), weight: weight})
	g.open = append(g.open, b)
}

// split makes a leaf a split if that gains anything.
func (g *grower) split(b branch) {
	if b.depth == g.params.Depth {
		g.free(b.hist)
		return
	}
	s := g.params.best(b.hist, g.binned.cuts, g.features, b.total)
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
	left, right := g.part(b, s)
	g.add(left)
	g.add(right)
}

// part divides a branch's rows and its histogram. Only the smaller child's rows
// are counted; the other child gets what is left of the parent's sums.
func (g *grower) part(b branch, s split) (left, right branch) {
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
	small.hist.fill(g.binned, g.features, small.rows, g.gradients)
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
