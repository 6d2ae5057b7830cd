package trees

// append adds a tree at the end, as an iteration that predicts.
func (m *Model) append(t tree) {
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
	m.use(len(m.ends))
}

// tree returns a copy of tree i with its root at index 0.
func (m *Model) tree(i int) tree {
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

// first returns the model that the first n trees make, with memory of its own.
func (m *Model) first(n int) *Model {
	c := &Model{features: m.features, attributes: m.attributes, baseScore: m.baseScore, base: m.base}
	for i := range n {
		c.append(m.tree(i))
	}
	return c
}
