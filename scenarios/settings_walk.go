package scenarios

import (
	"fmt"
	"slices"
	"strconv"
)

// walker follows a setting's key through a scenario.
type walker struct {
	d  *decoder
	at origin
}

// to returns the node that the steps lead to, made where a mapping lacks it;
// nil after a fault.
func (w *walker) to(n *node, steps []step) *node {
	path := ""
	for _, s := range steps {
		next, field := w.enter(n, path, s)
		if next == nil {
			return nil
		}
		n, path = next, field
	}
	return n
}

func (w *walker) enter(n *node, path string, s step) (next *node, field string) {
	if n.shape == scalarShape && n.style == null && s.name != "" {
		*n = node{at: w.at, shape: mappingShape}
	}
	switch {
	case n.shape == brokenShape:
		return nil, ""
	case n.shape == listShape:
		return w.enterList(n, path, s)
	case n.shape == mappingShape && s.name != "":
		p := n.pair(s.name)
		if p == nil {
			n.pairs = append(n.pairs, pair{at: w.at, key: s.name, value: &node{at: w.at, style: null}})
			p = &n.pairs[len(n.pairs)-1]
		}
		return p.value, member(path, s.name)
	case s.name == "":
		w.d.add(w.at, path, "is not a list, so it has no item "+strconv.Itoa(s.index), "its key alone")
	default:
		w.d.add(w.at, path, fmt.Sprintf("is a single value, so it has no key %q", s.name), "its key alone")
	}
	return nil, ""
}

func (w *walker) enterList(n *node, path string, s step) (next *node, field string) {
	if s.name == "" {
		if s.index < len(n.things) {
			return n.things[s.index], element(path, s.index)
		}
		w.d.add(w.at, path, fmt.Sprintf("has no item %d", s.index), fmt.Sprintf("an index below %d", len(n.things)))
		return nil, ""
	}
	var known []string
	for _, thing := range n.things {
		if name := thing.pair("name"); name != nil {
			known = append(known, name.value.text)
		} else {
			known = append(known, "")
		}
	}
	if i := slices.Index(known, s.name); i >= 0 {
		return n.things[i], element(path, i)
	}
	known = slices.DeleteFunc(slices.Compact(known), func(name string) bool { return name == "" })
	want := "an index, such as " + element(path, 0)
	if len(known) > 0 {
		want = oneOf(known)
	}
	w.d.add(w.at, path, fmt.Sprintf("has no item %q%s", s.name, Suggest(s.name, known)), want)
	return nil, ""
}
