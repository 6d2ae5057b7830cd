package trees

import (
	"fmt"
	"slices"
)

// maxCategory bounds the codes of categories, as in XGBoost: from there on float32 does not
// have every whole number.
const maxCategory = 1 << 24

// isCategory reports whether a value is the code of one of the categories, which ascend. Of
// a fraction the whole part is the code. What is no code is in no set, as in XGBoost
// (src/common/categorical.h).
func isCategory(set []uint32, value float32) bool {
	if value < 0 || value >= maxCategory {
		return false
	}
	_, found := slices.BinarySearch(set, uint32(value))
	return found
}

// isCategorical reports whether a node is a split by category. Older files need not say so
// of any node.
func (d treeDoc) isCategorical(node int32) bool {
	return int(node) < len(d.SplitType) && d.SplitType[node]
}

// categorySets returns the categories that splits send right, by their nodes.
func (d treeDoc) categorySets() (map[int32][]uint32, error) {
	nodes, starts, sizes := d.CategoriesNodes, d.CategoriesSegments, d.CategoriesSizes
	if len(starts) != len(nodes) || len(sizes) != len(nodes) {
		return nil, fmt.Errorf("categories_nodes has %d values, categories_segments %d and categories_sizes %d, want as many of each", len(nodes), len(starts), len(sizes))
	}
	sets, left := map[int32][]uint32{}, len(d.Categories)
	for i, node := range nodes {
		start, size := int(starts[i]), int(sizes[i])
		if start < 0 || size < 0 || start+size > len(d.Categories) {
			return nil, fmt.Errorf("node %d: its categories are %d to %d of %d", node, start, start+size, len(d.Categories))
		}
		if left -= size; left < 0 { // a short file could make sets of any size
			return nil, fmt.Errorf("node %d: categories_sizes are more than the %d categories in all", node, len(d.Categories))
		}
		if sets[node] != nil {
			return nil, fmt.Errorf("node %d: categories_nodes names it twice", node)
		}
		set := make([]uint32, size)
		for j, category := range d.Categories[start : start+size] {
			if category < 0 || category >= maxCategory {
				return nil, fmt.Errorf("node %d: category %d, want one from 0 to %d", node, category, maxCategory-1)
			}
			set[j] = uint32(category)
		}
		slices.Sort(set)
		sets[node] = set
	}
	return sets, nil
}
