package scenarios

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// node is a value of a scenario as it was written, before anything is known of
// its meaning: what the decoder reads, from the file and from settings alike.
type node struct {
	at    origin
	shape shape
	style style  // of a scalar
	text  string // of a scalar, without its quotes
	// written is what stands in the file where variables, or a $$, were replaced in
	// text; "": text does. variables are their names.
	written   string
	variables []string
	pairs     []pair  // of a mapping; no key comes twice
	things    []*node // of a list
}

// pair is one key of a mapping.
type pair struct {
	at    origin
	key   string
	value *node
}

type shape int

const (
	scalarShape shape = iota
	mappingShape
	listShape
	brokenShape // a fault with it was already reported
)

// style is how a scalar was written; it decides what kind of value it may be.
type style int

const (
	plain    style = iota // a word without quotes
	number                // a number without quotes
	boolean               // true or false without quotes
	null                  // nothing, ~ or null
	quoted                // with quotes, or a block of text
	verbatim              // a setting's value, which can stand for any kind
)

// pair returns a mapping's key with its value, nil when there is none.
func (n *node) pair(key string) *pair {
	i := slices.IndexFunc(n.pairs, func(p pair) bool { return p.key == key })
	if i < 0 {
		return nil
	}
	return &n.pairs[i]
}

// String quotes the value in a message: text in quotes, a number without.
func (n *node) String() string {
	switch {
	case n.shape == mappingShape:
		return "a mapping"
	case n.shape == listShape:
		return "a list"
	case n.style == null:
		return "nothing"
	case n.style == number, n.style == boolean, n.style == verbatim && isNumber(n.text):
		return n.text
	}
	return strconv.Quote(n.text)
}

// value returns the node as encoding/json has it.
func (n *node) value() any {
	switch n.shape {
	case mappingShape:
		m := map[string]any{}
		for _, p := range n.pairs {
			m[p.key] = p.value.value()
		}
		return m
	case listShape:
		l := make([]any, len(n.things))
		for i, thing := range n.things {
			l[i] = thing.value()
		}
		return l
	}
	switch {
	case n.style == null:
		return nil
	case n.style == quoted:
		return n.text
	case isNumber(n.text):
		return json.Number(n.text)
	case n.text == "true", n.text == "false":
		return n.text == "true"
	}
	return n.text
}

// member names a key in a mapping at a path.
func member(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// element names an item of the list at a path.
func element(path string, i int) string {
	return fmt.Sprintf("%s[%d]", path, i)
}
