package trees

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The boosters whose trees are read, the first of which is written.
const (
	booster = "gbtree"
	dart    = "dart"
)

const (
	// maxFeatures bounds num_feature, which sizes a row.
	maxFeatures = 1 << 16
	// maxClasses bounds num_class, which sizes an answer.
	maxClasses = 1 << 12
)

// Read reads XGBoost's model file in JSON or UBJSON, as Write and xgboost's save_model write
// it, of the boosters gbtree and dart and the objectives that Objectives lists. Any input gives an error or a model that can predict. Features without
// names get f0, f1 and so on.
//
// A model that was stopped early, whose attribute best_iteration says which
// iteration was the best, predicts with the trees up to that one, as
// XGBClassifier does; AllIterations predicts as Booster.predict does.
func Read(r io.Reader) (*Model, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read XGBoost model: %w", err)
	}
	d, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("read XGBoost model: %w", err)
	}
	m, err := d.Learner.model()
	if err != nil {
		return nil, fmt.Errorf("read XGBoost model: %w", err)
	}
	return m, nil
}

func (l learnerDoc) model() (*Model, error) {
	if l.Booster.Name == "" && l.Objective.Name == "" {
		return nil, errors.New(`it has no learner.gradient_booster and no learner.objective, so it is no model of XGBoost; booster.save_model("model.json") writes one`)
	}
	objective := objectiveNamed(l.Objective.Name)
	if objective == nil {
		return nil, fmt.Errorf("learner.objective.name is %q, want one of %s", l.Objective.Name, strings.Join(Objectives(), ", "))
	}
	if l.Booster.Name != booster && l.Booster.Name != dart {
		return nil, fmt.Errorf("learner.gradient_booster.name is %q, want %s or %s: only trees are read", l.Booster.Name, booster, dart)
	}
	if l.Booster.Name == dart && l.Booster.Dart != nil {
		l.Booster.Model = l.Booster.Dart.Model
	}
	if l.Booster.Model.Trees == nil {
		return nil, errors.New(`it holds settings and no trees, as save_config writes them; booster.save_model("model.json") writes the trees as well`)
	}
	if n := l.Params.NumTarget; n != "" && n != "0" && n != "1" {
		return nil, fmt.Errorf("learner.learner_model_param.num_target is %s, want 1: models of several targets are not read", n)
	}
	names, err := l.names()
	if err != nil {
		return nil, err
	}
	m := &Model{features: names, attributes: l.Attributes}
	if err := l.setObjective(m, objective); err != nil {
		return nil, err
	}
	if err := l.addTrees(m); err != nil {
		return nil, err
	}
	if err := l.iterations(m); err != nil {
		return nil, err
	}
	groups := l.Booster.Model.TreeInfo
	strange := func(class int) bool { return class < 0 || class >= m.groupCount() }
	switch {
	case m.groupCount() > 1 && (len(groups) != len(m.roots) || slices.ContainsFunc(groups, strange)):
		return nil, fmt.Errorf("tree_info does not name one of %d classes for each of %d trees", m.classes, len(m.roots))
	case slices.ContainsFunc(groups, strange):
		return nil, fmt.Errorf("tree_info names several targets, want one: models of several targets are not read")
	}
	m.groups = groups
	return m, nil
}

// addTrees adds the trees of the file, those of dart by their weights.
func (l learnerDoc) addTrees(m *Model) error {
	weights := l.Booster.WeightDrop
	if l.Booster.Name == dart && len(weights) != len(l.Booster.Model.Trees) {
		return fmt.Errorf("learner.gradient_booster.weight_drop has %d weights, want %d: one for each tree", len(weights), len(l.Booster.Model.Trees))
	}
	for i, d := range l.Booster.Model.Trees {
		t, err := d.tree(m)
		if err != nil {
			return fmt.Errorf("tree %d: %w", i, err)
		}
		if l.Booster.Name == dart {
			if notFinite(weights[i]) {
				return fmt.Errorf("learner.gradient_booster.weight_drop[%d] is not a finite number", i)
			}
			t.scale(weights[i])
		}
		m.appendTree(t)
	}
	return nil
}

// scale multiplies what the leaves of a tree add.
func (t tree) scale(weight float32) {
	for i := range t.nodes {
		if t.nodes[i].left == 0 {
			t.nodes[i].value *= weight
		}
	}
}

// setObjective sets what the trees' sums stand for, and what they start from.
func (l learnerDoc) setObjective(m *Model, o *objective) error {
	scores := 1
	m.classes = o.classes
	if o.classes == severalClasses {
		n, err := strconv.Atoi(l.Params.NumClass)
		if err != nil || n < 2 || n > maxClasses {
			return fmt.Errorf("learner.learner_model_param.num_class is %q, want a number from 2 to %d", l.Params.NumClass, maxClasses)
		}
		m.classes, scores = n, n
	}
	bases, err := parseScores(l.Params.BaseScore, scores)
	if err != nil {
		return err
	}
	first := bases[0]
	for i, base := range bases {
		if o.base == nil {
			break
		}
		if bases[i] = o.base(base); notFinite(bases[i]) {
			return fmt.Errorf("learner.learner_model_param.base_score is %q, want %s", l.Params.BaseScore, o.bound)
		}
	}
	if o.name == logistic {
		m.setBase(first)
		return nil
	}
	m.bases, m.objective = bases, o
	return nil
}

// parseScores reads what n scores start from: one number for all of them, or since
// version 3.1 a list in brackets.
func parseScores(s string, n int) ([]float32, error) {
	items := strings.Split(strings.Trim(s, "[]"), ",")
	scores := make([]float32, n)
	for i := range scores {
		item := items[min(i, len(items)-1)]
		v, err := strconv.ParseFloat(strings.TrimSpace(item), 32)
		if err != nil || len(items) != 1 && len(items) != n || notFinite(float32(v)) {
			return nil, fmt.Errorf("learner.learner_model_param.base_score is %q, want a number, or %d", s, n)
		}
		scores[i] = float32(v)
	}
	return scores, nil
}

// iterations tells the model which trees each boosting iteration grew, and how
// many iterations predict.
func (l learnerDoc) iterations(m *Model) error {
	var err error
	if m.ends, err = l.Booster.Model.iterationEnds(m.groupCount()); err != nil {
		return err
	}
	used := len(m.ends)
	if best, stopped := l.Attributes[bestIteration]; stopped {
		n, err := strconv.Atoi(strings.TrimSpace(best))
		if err != nil || n < 0 || n >= used {
			return fmt.Errorf("attribute %s is %q, want one of the model's %d iterations, counted from 0", bestIteration, best, used)
		}
		used = n + 1
	}
	m.useIterations(used)
	return nil
}

// iterationEnds returns the number of trees after every iteration. Files before
// version 2 do not list it: an iteration grew num_parallel_tree trees for every group there.
func (b boosterModel) iterationEnds(groups int) ([]int, error) {
	trees := len(b.Trees)
	if starts := b.IterationStarts; len(starts) > 0 {
		if starts[0] != 0 || starts[len(starts)-1] != trees || !slices.IsSorted(starts) {
			return nil, fmt.Errorf("iteration_indptr does not rise from 0 to %d, the number of trees", trees)
		}
		return starts[1:], nil
	}
	parallel, err := strconv.Atoi(cmp.Or(b.Params.NumParallelTree, "1"))
	if parallel = max(parallel, 1) * groups; err != nil || trees%parallel != 0 {
		return nil, fmt.Errorf("num_parallel_tree is %q, which does not divide the %d trees", b.Params.NumParallelTree, trees)
	}
	var ends []int
	for end := parallel; end <= trees; end += parallel {
		ends = append(ends, end)
	}
	return ends, nil
}

func (l learnerDoc) names() ([]string, error) {
	n, err := strconv.Atoi(l.Params.NumFeature)
	if err != nil || n < 1 || n > maxFeatures {
		return nil, fmt.Errorf("num_feature is %q, want a number from 1 to %d", l.Params.NumFeature, maxFeatures)
	}
	names := l.FeatureNames
	for i := len(names); i < n && len(l.FeatureNames) == 0; i++ {
		names = append(names, fmt.Sprintf("f%d", i))
	}
	if len(names) != n {
		return nil, fmt.Errorf("num_feature is %d, but there are %d feature_names", n, len(names))
	}
	return names, nil
}

// tree copies the nodes that the root leads to, level by level, so that the
// children of a split are neighbours and follow it. The file may hold them
// in any order, with deleted ones between them.
func (d treeDoc) tree(m *Model) (tree, error) {
	if err := d.checkLists(); err != nil {
		return tree{}, err
	}
	t := tree{}
	sets, err := d.categorySets()
	if err != nil {
		return tree{}, err
	}
	seen := make([]bool, len(d.LeftChildren))
	order := []int32{0} // the file's index of every node of t
	seen[0] = true
	for i := 0; i < len(order); i++ {
		at := order[i]
		n := node{value: d.SplitConditions[at]}
		if d.LeftChildren[at] != -1 {
			children, err := d.children(at, len(m.features), seen)
			if err != nil {
				return tree{}, fmt.Errorf("node %d: %w", at, err)
			}
			n.feature, n.left = uint32(d.SplitIndices[at]), uint32(len(order))
			if d.DefaultLeft[at] {
				n.feature |= missingLeft
			}
			if d.isCategorical(at) {
				n.feature |= byCategory
				n.value = math.Float32frombits(uint32(len(m.categories)))
				if m.categories = append(m.categories, sets[at]); sets[at] == nil {
					return tree{}, fmt.Errorf("node %d splits by category, and categories_nodes does not name it", at)
				}
			}
			order = append(order, children[:]...)
		}
		if n.feature&byCategory == 0 && notFinite(n.value) {
			return tree{}, fmt.Errorf("node %d: split_conditions is not a finite number", at)
		}
		t.nodes = append(t.nodes, n)
		t.stats = append(t.stats, stat{d.LossChanges[at], d.SumHessian[at], d.BaseWeights[at]})
	}
	return t, nil
}

// children returns the two children of a split and marks them as seen: a node
// with two parents would make a cycle or a tangle.
func (d treeDoc) children(at int32, features int, seen []bool) ([2]int32, error) {
	if f := d.SplitIndices[at]; f < 0 || int(f) >= features {
		return [2]int32{}, fmt.Errorf("it splits feature %d of %d", f, features)
	}
	children := [2]int32{d.LeftChildren[at], d.RightChildren[at]}
	for _, c := range children {
		if c < 0 || int(c) >= len(seen) {
			return children, fmt.Errorf("child %d is not one of the %d nodes", c, len(seen))
		}
		if seen[c] {
			return children, fmt.Errorf("child %d has another parent", c)
		}
		seen[c] = true
	}
	return children, nil
}

func (d treeDoc) checkLists() error {
	n := len(d.LeftChildren)
	if n == 0 {
		return errors.New("left_children is empty")
	}
	for _, list := range []struct {
		name string
		n    int
	}{
		{"right_children", len(d.RightChildren)}, {"split_indices", len(d.SplitIndices)},
		{"split_conditions", len(d.SplitConditions)}, {"default_left", len(d.DefaultLeft)},
		{"loss_changes", len(d.LossChanges)}, {"sum_hessian", len(d.SumHessian)}, {"base_weights", len(d.BaseWeights)},
	} {
		if list.n != n {
			return fmt.Errorf("left_children has %d values, %s %d", n, list.name, list.n)
		}
	}
	if size := d.Params.SizeLeafVector; size != "" && size != "0" && size != "1" {
		return fmt.Errorf("tree_param.size_leaf_vector is %q, want 1: models of several targets are not read", size)
	}
	for _, list := range []struct {
		name   string
		values numbers
	}{
		{"loss_changes", d.LossChanges}, {"sum_hessian", d.SumHessian}, {"base_weights", d.BaseWeights},
	} {
		if i := slices.IndexFunc(list.values, notFinite); i >= 0 {
			return fmt.Errorf("node %d: %s is not a finite number", i, list.name)
		}
	}
	return nil
}

func notFinite(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }
