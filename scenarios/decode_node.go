package scenarios

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// node turns the parser's node at a path into one of ours. What it does not
// take in is reported and comes back broken, so that the rest is still read.
func (r *reader) node(n ast.Node, path string) *node {
	switch n := n.(type) {
	case *ast.MappingNode:
		return r.mapping(n.Values, r.place(firstToken(n)), path)
	case *ast.MappingValueNode:
		return r.mapping([]*ast.MappingValueNode{n}, r.place(firstToken(n)), path)
	case *ast.SequenceNode:
		list := &node{at: r.place(firstToken(n)), shape: listShape}
		for i, thing := range n.Values {
			list.things = append(list.things, r.node(thing, element(path, i)))
		}
		return list
	case *ast.LiteralNode:
		return &node{at: r.place(n.GetToken()), style: quoted, text: rebrace(n.Value.Value)}
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode, *ast.BoolNode, *ast.NullNode:
		return r.scalar(n)
	case nil:
		return &node{at: origin{setting: r.setting}, style: null}
	}
	return r.refuse(n, path)
}

func (r *reader) mapping(values []*ast.MappingValueNode, at origin, path string) *node {
	mapping := &node{at: at, shape: mappingShape}
	for _, v := range values {
		key, ok := keyText(v.Key)
		if !ok {
			r.refuse(v.Key, path)
			continue
		}
		p := pair{at: r.place(v.Key.GetToken()), key: key}
		if first := mapping.pair(key); first != nil {
			r.fault(p.at, member(path, key), fmt.Sprintf("given twice, first on line %d", first.at.line), "it once")
			continue
		}
		p.value = r.node(v.Value, member(path, key))
		mapping.pairs = append(mapping.pairs, p)
	}
	return mapping
}

// keyText returns a mapping's key as it was written, which is what a name in a
// table of keys is compared with.
func keyText(key ast.MapKeyNode) (string, bool) {
	switch key.(type) {
	case *ast.MappingKeyNode, *ast.MergeKeyNode, *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return "", false
	}
	return rebrace(key.GetToken().Value), true
}

func (r *reader) scalar(n ast.Node) *node {
	t := n.GetToken()
	s := &node{at: r.place(t), text: rebrace(t.Value)}
	switch {
	case t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType:
		s.style = quoted
	case n.Type() == ast.NullType:
		s.style, s.text = null, ""
	case n.Type() == ast.BoolType:
		s.style = boolean
	case isNumber(t.Value) || n.Type() != ast.StringType:
		s.style = number
	}
	return s
}

// refuse reports a part of YAML that scenarios do without: what a scenario says
// should stand where it is read.
func (r *reader) refuse(n ast.Node, path string) *node {
	at := r.place(firstToken(n))
	switch n.Type() {
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType:
		r.fault(at, path, "YAML anchors and aliases are not supported", "the value written out")
	case ast.TagType:
		r.fault(at, path, "YAML tags are not supported", "the plain value")
	case ast.MappingKeyType:
		r.fault(at, path, "YAML keys after a question mark are not supported", "a plain key")
	default:
		r.fault(at, path, fmt.Sprintf("a YAML %s is not supported", n.Type()), "a plain value")
	}
	return &node{at: at, shape: brokenShape}
}

// firstToken returns the token that a value begins with; the parser's own
// choice for a mapping in lines is its first colon.
func firstToken(n ast.Node) *token.Token {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return firstToken(n.Values[0])
		}
	case *ast.MappingValueNode:
		return firstToken(n.Key)
	}
	return n.GetToken()
}
