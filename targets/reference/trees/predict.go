package trees

// Predict returns the probability of class 1. The row has one value per feature,
// NaN for a missing one; a shorter row panics. It does not allocate.
//
// As in XGBoost, values are compared and leaves summed in float32, tree after
// tree, so that both agree to rounding.
func (m *Model) Predict(row []float32) float32 {
	row = row[:len(m.features)]
	margin := m.base
	for _, root := range m.predicting {
		margin += leaf(m.nodes, root, row)
	}
	return float32(sigmoid(float64(margin)))
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

// Class returns the class that a probability of class 1 stands for: 1 from one
// half on, as in XGBoost's classifier but for the half itself.
func Class(p float32) int {
	if p >= 0.5 {
		return 1
	}
	return 0
}
