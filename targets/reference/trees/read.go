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

// The kinds of model that Read knows. Write knows the first alone.
const (
	logistic = "binary:logistic"
	softprob = "multi:softprob"
	hardmax  = "multi:softmax" // the same trees; who serves them tells their probabilities
	squared  = "reg:squarederror"

	booster = "gbtree"
)

const (
	// maxFeatures bounds num_feature, which sizes a row.
	maxFeatures = 1 << 16
	// maxClasses bounds num_class, which sizes an answer.
	maxClasses = 1 << 12
)

// Read reads XGBoost's JSON model file, as Write and xgboost's save_model write
// it. Any input gives an error or a model that can predict. Features without
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
		return nil, fmt.Errorf("read XGBoost model: not the JSON of a model: %w", err)
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
	if known := []string{logistic, softprob, hardmax, squared}; !slices.Contains(known, l.Objective.Name) {
		return nil, fmt.Errorf("objective is %q, want one of %s", l.Objective.Name, strings.Join(known, ", "))
	}
	if l.Booster.Name != booster {
		return nil, fmt.Errorf("gradient booster is %q, want %q", l.Booster.Name, booster)
	}
	if l.Booster.Model.Trees == nil {
		return nil, errors.New(`it holds settings and no trees, as save_config writes them; booster.save_model("model.json") writes the trees as well`)
	}
	if n := l.Params.NumTarget; n != "" && n != "0" && n != "1" {
		return nil, fmt.Errorf("num_target is %s, want 1", n)
	}
	names, err := l.names()
	if err != nil {
		return nil, err
	}
	m := &Model{features: names, attributes: l.Attributes}
	if err := l.setObjective(m); err != nil {
		return nil, err
	}
	for i, d := range l.Booster.Model.Trees {
		t, err := d.tree(len(names))
		if err != nil {
			return nil, fmt.Errorf("tree %d: %w", i, err)
		}
		m.appendTree(t)
	}
	if err := l.iterations(m); err != nil {
		return nil, err
	}
	if m.groupCount() > 1 {
		m.groups = l.Booster.Model.TreeInfo
		strange := func(class int) bool { return class < 0 || class >= m.classes }
		if len(m.groups) != len(m.roots) || slices.ContainsFunc(m.groups, strange) {
			return nil, fmt.Errorf("tree_info does not name one of %d classes for each of %d trees", m.classes, len(m.roots))
		}
	}
	return m, nil
}

// setObjective sets what the trees' sums stand for, and what they start from.
func (l learnerDoc) setObjective(m *Model) error {
	switch l.Objective.Name {
	case logistic:
		m.classes = 2
		base, err := parseProbability(l.Params.BaseScore)
		if err == nil {
			m.setBase(base)
		}
		return err
	case squared:
		var err error
		m.bases, err = parseScores(l.Params.BaseScore, 1)
		return err
	}
	n, err := strconv.Atoi(l.Params.NumClass)
	if err != nil || n < 2 || n > maxClasses {
		return fmt.Errorf("num_class is %q, want a number from 2 to %d", l.Params.NumClass, maxClasses)
	}
	m.classes = n
	m.bases, err = parseScores(l.Params.BaseScore, n)
	return err
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
			return nil, fmt.Errorf("base_score is %q, want a number, or %d", s, n)
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

func parseProbability(s string) (float32, error) {
	p, err := strconv.ParseFloat(strings.Trim(s, "[]"), 32)
	if err != nil || !(p > 0 && p < 1) {
		return 0, fmt.Errorf("base_score is %q, want a probability between 0 and 1", s)
	}
	return float32(p), nil
}

// tree copies the nodes that the root leads to, level by level, so that the
// children of a split are neighbours and follow it. The file may hold them
// in any order, with deleted ones between them.
func (d treeDoc) tree(features int) (tree, error) {
	if err := d.checkLists(); err != nil {
		return tree{}, err
	}
	t := tree{}
	seen := make([]bool, len(d.LeftChildren))
	order := []int32{0} // the file's index of every node of t
	seen[0] = true
	for i := 0; i < len(order); i++ {
		at := order[i]
		n := node{value: d.SplitConditions[at]}
		if d.LeftChildren[at] != -1 {
			children, err := d.children(at, features, seen)
			if err != nil {
				return tree{}, fmt.Errorf("node %d: %w", at, err)
			}
			n.feature, n.left = uint32(d.SplitIndices[at]), uint32(len(order))
			if d.DefaultLeft[at] {
				n.feature |= missingLeft
			}
			order = append(order, children[:]...)
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
	for i, categorical := range d.SplitType {
		if categorical {
			return fmt.Errorf("node %d splits by category, want splits by number only: train without enable_categorical, on codes or one-hot columns", i)
		}
	}
	for _, list := range []struct {
		name   string
		values numbers
	}{
		{"split_conditions", d.SplitConditions}, {"loss_changes", d.LossChanges},
		{"sum_hessian", d.SumHessian}, {"base_weights", d.BaseWeights},
	} {
		if i := slices.IndexFunc(list.values, notFinite); i >= 0 {
			return fmt.Errorf("node %d: %s is not a finite number", i, list.name)
		}
	}
	return nil
}

func notFinite(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }
