package decode

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Node is a value as it was written, before anything is known of its meaning, from the
// file and from settings alike.
type Node struct {
	Text string // of a single value, without its quotes
	// Written is what stands in the file where variables were filled in in Text; "":
	// Text does.
	Written string
	// Variables are the names of these variables.
	Variables []string
	Dir       string // that a relative path in it begins at, absolute
	Index     int    // in a list

	at    origin
	shape shape
	style style   // of a single value
	pairs []pair  // of a mapping; no key comes twice
	items []*Node // of a list
}

// pair is one key of a mapping.
type pair struct {
	at    origin
	key   string
	value *Node
}

type shape int

const (
	scalarShape shape = iota
	mappingShape
	listShape
	brokenShape // a fault with it was already reported
)

// style is how a single value was written; it decides what kind of value it may be.
type style int

const (
	plain    style = iota // a word without quotes
	number                // a number without quotes
	boolean               // true or false without quotes
	null                  // nothing, ~ or null
	quoted                // with quotes, or a block of text
	verbatim              // a setting's value, which can stand for any kind
)

// Get returns the value of a mapping's key, nil when there is none.
func (n *Node) Get(key string) *Node {
	if i := slices.IndexFunc(n.pairs, func(p pair) bool { return p.key == key }); i >= 0 {
		return n.pairs[i].value
	}
	return nil
}

// Put puts a value at the keys that lead to it, in the place of another one; it still stands
// where it was written.
func (n *Node) Put(value *Node, keys ...string) {
	for i, key := range keys {
		if n.shape != mappingShape {
			*n = Node{at: value.at, shape: mappingShape}
		}
		if n.Get(key) == nil {
			n.pairs = append(n.pairs, pair{at: value.at, key: key, value: &Node{at: value.at, style: null}})
		}
		if n = n.Get(key); i == len(keys)-1 {
			*n = *value.clone()
		}
	}
}

// Assign puts NAME=VALUE into the list at the keys that lead to it, in the place of what is
// assigned to that name.
func (n *Node) Assign(name string, value *Node, keys ...string) {
	list := n
	for _, key := range keys {
		if list != nil {
			list = list.Get(key)
		}
	}
	all := &Node{at: value.at, shape: listShape}
	if list != nil && list.shape == listShape {
		*all = *list.clone()
	}
	prefix := name + "="
	assigned := value.clone()
	assigned.Text, assigned.style, assigned.Index = prefix+value.Text, verbatim, len(all.items)
	if i := slices.IndexFunc(all.items, func(item *Node) bool { return strings.HasPrefix(item.Text, prefix) }); i >= 0 {
		assigned.Index = i
		all.items[i] = assigned
	} else {
		all.items = append(all.items, assigned)
	}
	n.Put(all, keys...)
}

// Remove removes a key of a mapping.
func (n *Node) Remove(key string) {
	n.pairs = slices.DeleteFunc(n.pairs, func(p pair) bool { return p.key == key })
}

// Pairs are the keys of a mapping with their values, in the order they were written.
func (n *Node) Pairs() iter.Seq2[string, *Node] {
	return func(yield func(string, *Node) bool) {
		for _, p := range n.pairs {
			if !yield(p.key, p.value) {
				return
			}
		}
	}
}

// Items are those of a list.
func (n *Node) Items() []*Node { return n.items }

func (n *Node) clone() *Node {
	c := *n
	c.pairs, c.items = slices.Clone(n.pairs), slices.Clone(n.items)
	for i := range c.pairs {
		c.pairs[i].value = c.pairs[i].value.clone()
	}
	for i := range c.items {
		c.items[i] = c.items[i].clone()
	}
	return &c
}

// Each calls do with every single value in the node, which stands at a path, and with
// the text of the item before it in a list.
func (n *Node) Each(path string, do func(value *Node, path, before string)) {
	n.each(path, "", do)
}

func (n *Node) each(path, before string, do func(value *Node, path, before string)) {
	switch n.shape {
	case scalarShape:
		do(n, path, before)
	case mappingShape:
		for _, p := range n.pairs {
			p.value.each(Member(path, p.key), "", do)
		}
	case listShape:
		last := ""
		for i, item := range n.items {
			item.each(Element(path, i), last, do)
			last = item.Text
		}
	}
}

// Fill puts a text in which variables were filled in in the place of the one that was
// written. It may then be any kind of value.
func (n *Node) Fill(text string, variables []string) {
	n.Variables = variables
	if text != n.Text {
		n.Written, n.Text, n.style = n.Text, text, verbatim
	}
}

// String quotes the value in a message: text in quotes, a number without.
func (n *Node) String() string {
	switch {
	case n.shape == mappingShape:
		return "a mapping"
	case n.shape == listShape:
		return "a list"
	case n.style == null:
		return "nothing"
	case n.style == number, n.style == boolean, n.style == verbatim && IsNumber(n.Text):
		return n.Text
	}
	return strconv.Quote(n.Text)
}

// Value returns the node as encoding/json has it.
func (n *Node) Value() any {
	switch n.shape {
	case mappingShape:
		m := map[string]any{}
		for _, p := range n.pairs {
			m[p.key] = p.value.Value()
		}
		return m
	case listShape:
		l := make([]any, len(n.items))
		for i, item := range n.items {
			l[i] = item.Value()
		}
		return l
	}
	switch {
	case n.style == null:
		return nil
	case n.style == quoted:
		return n.Text
	case IsNumber(n.Text):
		return json.Number(n.Text)
	case n.Text == "true", n.Text == "false":
		return n.Text == "true"
	}
	return n.Text
}

// Member names a key in a mapping at a path.
func Member(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Element names an item of the list at a path.
func Element(path string, i int) string {
	return fmt.Sprintf("%s[%d]", path, i)
}
