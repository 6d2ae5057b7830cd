package decode

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// reader turns YAML into nodes.
type reader struct {
	source *Source
	// setting is the one that the text belongs to, from 1; 0: a file.
	setting int
}

// read returns the one value that a text holds, nil when a fault leaves nothing
// to go on with.
func (r *reader) read(text []byte) *Node {
	// An editor's byte order mark says nothing that the encoding does not.
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !r.legible(text) {
		return nil
	}
	tokens := lexer.Tokenize(unbrace(text))
	if !r.shallow(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	docs := slices.DeleteFunc(file.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	switch {
	case len(docs) == 0:
		return nil
	case docs[0].Body.Type() == ast.DirectiveType:
		r.fault(r.place(docs[0].Body.GetToken()), "", "YAML directives are not supported", "the file to begin with its first key")
		return nil
	case len(docs) > 1:
		r.fault(r.place(firstToken(docs[1].Body)), "", "a second document begins here", "one document per file")
		return nil
	}
	return r.node(docs[0].Body, "")
}

// syntax reports what the parser says; it stops at the first fault.
func (r *reader) syntax(err error) {
	var at origin
	problem, want := err.Error(), ""
	var detailed yaml.Error
	if errors.As(err, &detailed) {
		at, problem = r.place(detailed.GetToken()), detailed.GetMessage()
	}
	for _, s := range syntaxFaults {
		if s.says.MatchString(problem) {
			problem, want = s.problem, s.want
			break
		}
	}
	r.fault(at, "", "not YAML: "+problem, want)
}

// syntaxFaults are what the parser says, what that means to whoever wrote the text,
// and what would be right. What it says beside them is said as it is.
var syntaxFaults = []struct {
	says          *regexp.Regexp
	problem, want string
}{
	{regexp.MustCompile(`\t|^tab `), "a tab, where YAML allows spaces only", "spaces"},
	{regexp.MustCompile(`end character of (single|double)-quoted`), "a quote is opened here and not closed", "a closing quote, or text without quotes"},
	{regexp.MustCompile(`sequence end token '\]'|',' or '\]'`), "a list that begins with [ is not closed", "a ] at its end, and commas between its items"},
	{regexp.MustCompile(`flow mapping end token '\}'|',' or '\}'|flow map content`), "a mapping that begins with { is not closed", "a } at its end, and commas between its keys"},
	{regexp.MustCompile(`corresponding to '\]'`), "a ] without its [", "a list such as [physical, container]"},
	{regexp.MustCompile(`corresponding to '\}'`), "a } without its {", "a mapping such as {name: steady, rate: 100}"},
	{regexp.MustCompile(`^value is not allowed in this context|^mapping value is not allowed|block sequence entries are not allowed|^unexpected (key name|map key|scalar value|end content)|^non-map value is specified|could not find (a )?(expected )?(map|value for mapping key)|expected map key-value delimiter|found an invalid key|^undefined map key`),
		"this does not belong to what stands around it", "one KEY: VALUE a line, indented as its neighbours are, and quotes around a text with a colon or a bracket"},
	{regexp.MustCompile(`directive`), "what begins with % is a directive, which is not supported", "quotes around a text that begins with %"},
	{regexp.MustCompile(`\b(alias|anchor|tag)\b`), "what begins with &, * or ! is an anchor, an alias or a tag, which is not supported", "quotes around a text that begins with one of them"},
	{regexp.MustCompile(`implicit line break`), "a key runs over the end of its line", "KEY: VALUE on one line"},
	{regexp.MustCompile(`^expected sequence element`), "two commas without an item between them", "one comma between two items"},
}

func (r *reader) fault(at origin, field, problem, want string) {
	at.setting = r.setting
	r.source.add(at, field, problem, want)
}

func (r *reader) place(t *token.Token) origin {
	if t == nil || t.Position == nil {
		return origin{setting: r.setting}
	}
	return origin{line: t.Position.Line, column: t.Position.Column, setting: r.setting}
}

// new makes the node that begins at a token; nil: nowhere in particular.
func (r *reader) new(t *token.Token, shape shape) *Node {
	n := &Node{at: r.place(t), shape: shape, Dir: r.source.dir}
	if r.setting > 0 {
		n.Dir = r.source.working
	}
	return n
}

// Outside of quotes the braces of ${NAME} would end a mapping in braces. The parser gets
// other characters in their places, which no text has: the columns stay.
const opening, closing = "\ufdd0", "\ufdd1"

var (
	braced   = regexp.MustCompile(`\$\{([^{}\s"',]*)\}`)
	unbraced = regexp.MustCompile(`\$` + opening + `([^` + closing + `]*)` + closing)
)

// unbrace hides the braces of variables from the parser, and rebrace brings them back.
func unbrace(text []byte) string {
	return braced.ReplaceAllString(string(text), "$$"+opening+"$1"+closing)
}
func rebrace(text string) string { return unbraced.ReplaceAllString(text, "$${$1}") }

// The parser's time grows with the square of what it reads, and faster still
// with its nesting.
const (
	// maxText bounds the length of a scenario in bytes.
	maxText = 32 << 10
	// maxNesting bounds brackets within brackets and lists within lists; a
	// scenario needs three.
	maxNesting = 16
	// maxMarks bounds anchors, aliases and tags, which are refused anyway.
	maxMarks = 50
)

// legible refuses what is not text or too much of it.
func (r *reader) legible(text []byte) bool {
	if len(text) > maxText {
		r.fault(origin{}, "", fmt.Sprintf("%d bytes long", len(text)), fmt.Sprintf("at most %d bytes", maxText))
		return false
	}
	if utf8.Valid(text) {
		return true
	}
	line, column := 1, 1
	for _, c := range string(text) {
		switch c {
		case utf8.RuneError:
			r.fault(origin{line: line, column: column}, "", "not text in UTF-8", "")
			return false
		case '\n':
			line, column = line+1, 1
		default:
			column++
		}
	}
	return false
}

// shallow refuses what is nested or marked so much that the parser would not
// come back from it in good time.
func (r *reader) shallow(tokens token.Tokens) bool {
	brackets, dashes, marks := 0, 0, 0
	for i, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		case token.SequenceEntryType:
			if i == 0 || tokens[i-1].Type != token.SequenceEntryType {
				dashes = 0
			}
			dashes++
		case token.AnchorType, token.AliasType, token.TagType:
			marks++
		}
		switch {
		case brackets > maxNesting:
			r.fault(r.place(t), "", "too many brackets within brackets", fmt.Sprintf("at most %d", maxNesting))
			return false
		case dashes > maxNesting:
			r.fault(r.place(t), "", "too many lists within lists", fmt.Sprintf("at most %d", maxNesting))
			return false
		case marks > maxMarks:
			r.fault(r.place(t), "", "YAML anchors, aliases and tags are not supported", "the plain values")
			return false
		}
	}
	return true
}

// node turns the parser's node at a path into one of ours. What it does not
// take in is reported and comes back broken, so that the rest is still read.
func (r *reader) node(n ast.Node, path string) *Node {
	switch n := n.(type) {
	case *ast.MappingNode:
		return r.mapping(n.Values, n, path)
	case *ast.MappingValueNode:
		return r.mapping([]*ast.MappingValueNode{n}, n, path)
	case *ast.SequenceNode:
		list := r.new(firstToken(n), listShape)
		for i, value := range n.Values {
			item := r.node(value, Element(path, i))
			item.Index = i
			list.items = append(list.items, item)
		}
		return list
	case *ast.LiteralNode:
		text := r.new(n.GetToken(), scalarShape)
		text.style, text.Text = quoted, rebrace(n.Value.Value)
		return text
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode, *ast.BoolNode, *ast.NullNode:
		return r.scalar(n)
	case nil:
		empty := r.new(nil, scalarShape)
		empty.style = null
		return empty
	}
	return r.refuse(n, path)
}

func (r *reader) mapping(values []*ast.MappingValueNode, of ast.Node, path string) *Node {
	mapping := r.new(firstToken(of), mappingShape)
	for _, v := range values {
		key, ok := keyText(v.Key)
		if !ok {
			r.refuse(v.Key, path)
			continue
		}
		p := pair{at: r.place(v.Key.GetToken()), key: key}
		if i := slices.IndexFunc(mapping.pairs, func(other pair) bool { return other.key == key }); i >= 0 {
			r.fault(p.at, Member(path, key), fmt.Sprintf("given twice, first on line %d", mapping.pairs[i].at.line), "it once")
			continue
		}
		p.value = r.node(v.Value, Member(path, key))
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

func (r *reader) scalar(n ast.Node) *Node {
	t := n.GetToken()
	s := r.new(t, scalarShape)
	s.Text = rebrace(t.Value)
	switch {
	case t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType:
		s.style = quoted
	case n.Type() == ast.NullType:
		s.style, s.Text = null, ""
	case n.Type() == ast.BoolType:
		s.style = boolean
	case IsNumber(t.Value) || n.Type() != ast.StringType:
		s.style = number
	}
	return s
}

// refuse reports a part of YAML that scenarios do without: what a scenario says
// should stand where it is read.
func (r *reader) refuse(n ast.Node, path string) *Node {
	broken := r.new(firstToken(n), brokenShape)
	switch n.Type() {
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType:
		r.fault(broken.at, path, "YAML anchors and aliases are not supported", "the value written out")
	case ast.TagType:
		r.fault(broken.at, path, "YAML tags are not supported", "the plain value")
	case ast.MappingKeyType:
		r.fault(broken.at, path, "YAML keys after a question mark are not supported", "a plain key")
	default:
		r.fault(broken.at, path, fmt.Sprintf("a YAML %s is not supported", n.Type()), "a plain value")
	}
	return broken
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
