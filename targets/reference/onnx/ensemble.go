package onnx

import (
	"fmt"
	"math"
	"slices"
)

// treeNode is a split or a leaf of a tree. A split sends x < value to the node yes, NaN to
// the node missing and all else to the node no, which all follow it.
type treeNode struct {
	value            float32
	feature          int32 // -1: a leaf
	yes, no, missing int32 // of a leaf: its first and last weight are yes and no-1
}

// weight is what a leaf adds to a score.
type weight struct {
	score int
	value float32
}

// ensemble is the trees of one node of the graph.
type ensemble struct {
	nodes   []treeNode
	weights []weight
	roots   []int32
	average bool
	base    []float32 // what each score starts from
	used    []bool    // by score: some leaf adds to it
	width   int       // of a row
}

// score sums the leaves that a row falls into.
func (e *ensemble) score(row, scores []float32) {
	clear(scores)
	for _, root := range e.roots {
		n := &e.nodes[root]
		for n.feature >= 0 {
			x := row[n.feature]
			next := n.no
			if x < n.value {
				next = n.yes
			}
			if x != x {
				next = n.missing
			}
			n = &e.nodes[next]
		}
		for _, w := range e.weights[n.yes:n.no] {
			scores[w.score] += w.value
		}
	}
	if e.average {
		for i := range scores {
			scores[i] /= float32(len(e.roots))
		}
	}
	for i, b := range e.base {
		scores[i] += b
	}
}

// treeKey names a node as the attributes do.
type treeKey struct{ tree, node int64 }

// treeReader makes an ensemble of the attributes of TreeEnsembleClassifier and
// TreeEnsembleRegressor: lists with a value for every node, and others with one for every
// weight.
type treeReader struct {
	*arguments
	trees, ids, features, yes, no, missing []int64
	modes                                  []string
	values                                 []float32
	at                                     map[treeKey]int // position in these lists
	leaf                                   map[treeKey][]weight
	seen                                   []bool
	ensemble                               *ensemble
}

// readTrees reads the trees; the weights are in the attributes of that prefix, and are for
// that many scores.
func readTrees(a *arguments, in operand, prefix string, scores int) *ensemble {
	r := &treeReader{arguments: a, ensemble: &ensemble{width: in.width, used: make([]bool, scores)}}
	r.trees, r.ids, r.features = a.ints("nodes_treeids"), a.ints("nodes_nodeids"), a.ints("nodes_featureids")
	r.yes, r.no, r.missing = a.ints("nodes_truenodeids"), a.ints("nodes_falsenodeids"), a.ints("nodes_missing_value_tracks_true")
	r.modes, r.values = a.strings("nodes_modes"), a.floats("nodes_values")
	a.floats("nodes_hitrates") // says how often training came by
	r.ensemble.base = a.floats("base_values")
	r.checkLengths()
	r.readWeights(prefix, scores)
	if len(a.faults) > 0 {
		return r.ensemble
	}
	r.at = make(map[treeKey]int, len(r.ids))
	for i := range r.ids {
		key := treeKey{r.trees[i], r.ids[i]}
		if _, twice := r.at[key]; twice {
			a.refuse("node %d of tree %d is there twice", key.node, key.tree)
			return r.ensemble
		}
		r.at[key] = i
	}
	r.seen = make([]bool, len(r.ids))
	known := map[int64]bool{}
	for i, tree := range r.trees { // a tree's first node is its root
		if known[tree] {
			continue
		}
		known[tree] = true
		if err := r.readTree(i); err != nil {
			a.refuse("tree %d: %w", tree, err)
			return r.ensemble
		}
	}
	return r.ensemble
}

// checkLengths compares the lists of nodes.
func (r *treeReader) checkLengths() {
	n := len(r.ids)
	if n == 0 {
		r.refuse("attribute \"nodes_nodeids\" is empty, want the nodes of the trees")
	}
	if len(r.missing) == 0 {
		r.missing = make([]int64, n)
	}
	for name, have := range map[string]int{
		"nodes_treeids": len(r.trees), "nodes_featureids": len(r.features), "nodes_truenodeids": len(r.yes), "nodes_falsenodeids": len(r.no),
		"nodes_missing_value_tracks_true": len(r.missing), "nodes_modes": len(r.modes), "nodes_values": len(r.values),
	} {
		if have != n {
			r.refuse("attribute %q has %d values, and \"nodes_nodeids\" %d", name, have, n)
		}
	}
}

// readWeights groups the weights by their leaf.
func (r *treeReader) readWeights(prefix string, scores int) {
	trees, nodes, ids, values := r.ints(prefix+"_treeids"), r.ints(prefix+"_nodeids"), r.ints(prefix+"_ids"), r.floats(prefix+"_weights")
	if len(trees) != len(ids) || len(nodes) != len(ids) || len(values) != len(ids) {
		r.refuse("attributes \"%s_treeids\", \"_nodeids\", \"_ids\" and \"_weights\" have %d, %d, %d and %d values, want as many",
			prefix, len(trees), len(nodes), len(ids), len(values))
		return
	}
	r.leaf = make(map[treeKey][]weight, len(ids))
	for i, id := range ids {
		if id < 0 || id >= int64(scores) {
			r.refuse("value %d of attribute \"%s_ids\" is %d, want 0 to %d", i, prefix, id, scores-1)
			return
		}
		r.ensemble.used[id] = true
		key := treeKey{trees[i], nodes[i]}
		r.leaf[key] = append(r.leaf[key], weight{int(id), values[i]})
	}
}

// readTree copies the nodes that the root at that position of the lists leads to, level by
// level, so that children follow their parent. A node with two parents would make a cycle
// or a tangle.
func (r *treeReader) readTree(root int) error {
	e := r.ensemble
	e.roots = append(e.roots, int32(len(e.nodes)))
	r.seen[root] = true
	type place struct{ at, node int } // in the lists, in the ensemble
	queue := []place{{root, len(e.nodes)}}
	e.nodes = append(e.nodes, treeNode{})
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		key := treeKey{r.trees[p.at], r.ids[p.at]}
		if r.modes[p.at] == "LEAF" {
			first := len(e.weights)
			e.weights = append(e.weights, r.leaf[key]...)
			e.nodes[p.node] = treeNode{feature: -1, yes: int32(first), no: int32(len(e.weights))}
			continue
		}
		if f := r.features[p.at]; f < 0 || f >= int64(e.width) {
			return fmt.Errorf("node %d splits feature %d of %d", key.node, f, e.width)
		}
		var children [2]int32
		for i, id := range []int64{r.yes[p.at], r.no[p.at]} {
			child, known := r.at[treeKey{key.tree, id}]
			if !known || r.seen[child] {
				return fmt.Errorf("child %d of node %d is missing, or has another parent", id, key.node)
			}
			r.seen[child] = true
			children[i] = int32(len(e.nodes))
			queue = append(queue, place{child, len(e.nodes)})
			e.nodes = append(e.nodes, treeNode{})
		}
		if err := r.setSplit(p.at, p.node, children[0], children[1]); err != nil {
			return fmt.Errorf("node %d: %w", key.node, err)
		}
	}
	return nil
}

// setSplit makes comparisons with < of a split in any mode. The least number above v,
// where x <= v becomes x < that, is finite or +Inf.
func (r *treeReader) setSplit(at, node int, yes, no int32) error {
	n := treeNode{value: r.values[at], feature: int32(r.features[at]), yes: yes, no: no, missing: no}
	if r.missing[at] != 0 {
		n.missing = yes
	}
	above := math.Nextafter32(n.value, float32(math.Inf(1)))
	switch r.modes[at] {
	case "BRANCH_LT":
	case "BRANCH_LEQ":
		n.value = above
	case "BRANCH_GTE":
		n.yes, n.no = no, yes
	case "BRANCH_GT":
		n.value, n.yes, n.no = above, no, yes
	case "BRANCH_EQ", "BRANCH_NEQ":
		if r.modes[at] == "BRANCH_NEQ" {
			n.missing, yes, no = yes, no, yes // NaN is unequal to every number
		}
		second := treeNode{value: above, feature: n.feature, yes: yes, no: no, missing: n.missing}
		n.yes, n.no = no, int32(len(r.ensemble.nodes))
		r.ensemble.nodes = append(r.ensemble.nodes, second)
	default:
		return fmt.Errorf("mode %.20q, want LEAF or BRANCH_ with LT, LEQ, GT, GTE, EQ or NEQ", r.modes[at])
	}
	r.ensemble.nodes[node] = n
	return nil
}

// treeRegressor sums trees to values.
func treeRegressor(a *arguments) operand {
	a.inputs(1)
	in := a.rows(0)
	targets := a.int("n_targets", 1)
	if targets < 1 || targets > maxClasses {
		a.refuse("attribute \"n_targets\" is %d, want 1 to %d", targets, maxClasses)
		targets = 1
	}
	a.want("post_transform", a.text("post_transform", "NONE"), "NONE")
	e := readTrees(a, in, "target", int(targets))
	switch function := a.text("aggregate_function", "SUM"); function {
	case "SUM":
	case "AVERAGE":
		e.average = true
	default:
		a.refuse("attribute \"aggregate_function\" is %.20q, want SUM or AVERAGE", function)
	}
	if n := len(e.base); n != 0 && n != int(targets) {
		a.refuse("attribute \"base_values\" has %d values, want none or %d", n, targets)
	}
	return a.scoreTrees(e, in, int(targets), nil)
}

// treeClassifier sums trees to the scores of classes and makes probabilities of them.
//
// Where the leaves of a model of two classes all add to the first score, it stands for the
// second class.
func treeClassifier(a *arguments) operand {
	a.inputs(1)
	a.output = 1
	in := a.rows(0)
	classes := classLabels(a, "classlabels_int64s", "classlabels_strings")
	transform := a.text("post_transform", "NONE")
	finish := map[string]func([]float32){"NONE": func([]float32) {}, "SOFTMAX": softmax, "LOGISTIC": func(scores []float32) {
		for i, x := range scores {
			scores[i] = sigmoid(x)
		}
	}}[transform]
	if finish == nil {
		a.refuse("attribute \"post_transform\" is %.20q, want NONE, LOGISTIC or SOFTMAX", transform)
	}
	e := readTrees(a, in, "class", len(classes))
	bases, one := len(e.base), len(classes) == 2 && !e.used[1]
	switch {
	case len(a.faults) > 0:
		return operand{}
	case one:
		if bases > 1 {
			a.refuse("attribute \"base_values\" has %d values, want none or one, for the score that the leaves add to", bases)
		}
		if transform == "SOFTMAX" || transform == "NONE" && e.hasNegative() {
			a.refuse("attribute \"post_transform\" is %s, want LOGISTIC: one score stands for both classes", transform)
		}
		finish = func(scores []float32) { secondClass(scores, transform == "LOGISTIC") }
	case len(classes) == 2 && (bases > 0 || !e.everyRowScores(1)):
		a.refuse("both of its two classes have scores and base_values, or leaves without a weight for the second, for which onnxruntime has no clear meaning")
	case len(classes) == 1 || bases != 0 && bases != len(classes):
		a.refuse("it has %d classes and %d base_values, want two classes or more, and none or one value for each", len(classes), bases)
	}
	out := a.scoreTrees(e, in, len(classes), finish)
	out.meaning, out.classes = likelihoods, classes
	return out
}

// secondClass makes probabilities of both classes of the score of the second one, which stands
// first.
func secondClass(scores []float32, logistic bool) {
	s := scores[0]
	if logistic {
		scores[0], scores[1] = sigmoid(-s), sigmoid(s)
	} else {
		scores[0], scores[1] = 1-s, s
	}
}

func (e *ensemble) hasNegative() bool {
	return slices.ContainsFunc(e.weights, func(w weight) bool { return w.value < 0 })
}

// everyRowScores reports whether every leaf of some tree adds to a score.
func (e *ensemble) everyRowScores(score int) bool {
	lacking := make([]bool, len(e.roots))
	tree := -1
	for i, n := range e.nodes {
		if tree+1 < len(e.roots) && int(e.roots[tree+1]) == i {
			tree++
		}
		has := func(w weight) bool { return w.score == score }
		if n.feature < 0 && !slices.ContainsFunc(e.weights[n.yes:n.no], has) {
			lacking[tree] = true
		}
	}
	return slices.Contains(lacking, false)
}

// scoreTrees is the step of an ensemble; finish changes the scores of a row, if it is not
// nil.
func (a *arguments) scoreTrees(e *ensemble, in operand, scores int, finish func([]float32)) operand {
	return a.result(scores, func(out operand) step {
		return func(s *space) {
			from, to := s.buffers[in.buffer], s.buffers[out.buffer]
			for row := range s.rows {
				answer := to[row*scores : (row+1)*scores]
				e.score(from[row*in.width:(row+1)*in.width], answer)
				if finish != nil {
					finish(answer)
				}
			}
		}
	})
}
