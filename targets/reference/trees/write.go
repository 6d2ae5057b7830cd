package trees

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// noParent stands for the parent of a root.
const noParent = 1<<31 - 1

// Write writes a model of two classes as XGBoost's JSON model file, which
// xgboost.Booster.load_model reads from version 2.0 on. Equal models give equal
// bytes.
func (m *Model) Write(w io.Writer) error {
	switch {
	case m.bases != nil:
		return errors.New("write XGBoost model: only models of " + logistic + " are written")
	case m.categories != nil:
		return errors.New("write XGBoost model: splits by category are not written")
	}
	data, err := json.Marshal(m.document())
	if err != nil {
		return fmt.Errorf("encode XGBoost model: %w", err)
	}
	if _, err := w.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("write XGBoost model: %w", err)
	}
	return nil
}

func (m *Model) document() document {
	attributes := m.attributes
	if attributes == nil {
		attributes = map[string]string{} // XGBoost rejects null
	}
	return document{
		Version: []int{2, 0, 0},
		Learner: learnerDoc{
			Attributes:   attributes,
			FeatureNames: m.features,
			FeatureTypes: slices.Repeat([]string{"float"}, len(m.features)),
			Objective:    objectiveDoc{Name: logistic, Params: map[string]string{"scale_pos_weight": "1"}},
			Params: learnerParams{
				BaseScore:        strconv.FormatFloat(float64(m.baseScore), 'E', -1, 32),
				BoostFromAverage: "1", NumClass: "0", NumTarget: "1",
				NumFeature: strconv.Itoa(len(m.features)),
			},
			Booster: boosterDoc{Name: booster, Model: m.boosterModel()},
		},
	}
}

func (m *Model) boosterModel() boosterModel {
	b := boosterModel{
		Params:          boosterParams{NumParallelTree: "1", NumTrees: strconv.Itoa(len(m.roots))},
		IterationStarts: append([]int{0}, m.ends...),
		TreeInfo:        make([]int, len(m.roots)),
		Trees:           []treeDoc{},
	}
	if len(m.ends) > 0 {
		b.Params.NumParallelTree = strconv.Itoa(max(m.ends[0], 1))
	}
	for i := range m.roots {
		b.Trees = append(b.Trees, m.treeDocument(i))
	}
	return b
}

func (m *Model) treeDocument(id int) treeDoc {
	t := m.treeAt(id)
	n := len(t.nodes)
	d := treeDoc{
		ID: id,
		Params: treeParams{
			NumDeleted: "0", NumNodes: strconv.Itoa(n), SizeLeafVector: "1",
			NumFeature: strconv.Itoa(len(m.features)),
		},
		LeftChildren: slices.Repeat([]int32{-1}, n), RightChildren: slices.Repeat([]int32{-1}, n), Parents: slices.Repeat([]int32{noParent}, n),
		SplitIndices: make([]int32, n), SplitConditions: make([]float32, n),
		SplitType: make(bits, n), DefaultLeft: make(bits, n),
		LossChanges: make([]float32, n), SumHessian: make([]float32, n), BaseWeights: make([]float32, n),
		Categories: indices{}, CategoriesNodes: indices{}, CategoriesSegments: indices{}, CategoriesSizes: indices{},
	}
	for i, node := range t.nodes {
		d.SplitConditions[i] = node.value
		d.LossChanges[i], d.SumHessian[i], d.BaseWeights[i] = t.stats[i].gain, t.stats[i].cover, t.stats[i].weight
		if left := int32(node.left); left != 0 {
			d.LeftChildren[i], d.RightChildren[i] = left, left+1
			d.Parents[left], d.Parents[left+1] = int32(i), int32(i)
			d.SplitIndices[i] = int32(node.feature & featureMask)
			d.DefaultLeft[i] = node.feature&missingLeft != 0
		}
	}
	return d
}
