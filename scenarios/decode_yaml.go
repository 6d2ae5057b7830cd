package scenarios

import (
	"bytes"
	"errors"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// reader turns YAML into nodes. It knows the shapes of YAML and nothing of
// scenarios.
type reader struct {
	report *report
	// setting is the one that the text belongs to, from 1; 0: a file.
	setting int
}

// read returns the one value that a text holds, nil when a fault leaves nothing
// to go on with.
func (r *reader) read(text []byte) *node {
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
		r.fault(origin{}, "", "no scenario in it", "at least the keys name, targets, workload, data and load")
		return nil
	case docs[0].Body.Type() == ast.DirectiveType:
		r.fault(r.place(docs[0].Body.GetToken()), "", "YAML directives are not supported", "the file to begin with its first key")
		return nil
	case len(docs) > 1:
		r.fault(r.place(firstToken(docs[1].Body)), "", "a second document begins here", "one scenario per file")
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
	{regexp.MustCompile(`directive`), "what begins with % is a directive, which scenarios do not have", "quotes around a text that begins with %"},
	{regexp.MustCompile(`\b(alias|anchor|tag)\b`), "what begins with &, * or ! is an anchor, an alias or a tag, which scenarios do not have", "quotes around a text that begins with one of them"},
	{regexp.MustCompile(`implicit line break`), "a key runs over the end of its line", "KEY: VALUE on one line"},
	{regexp.MustCompile(`^expected sequence element`), "two commas without an item between them", "one comma between two items"},
}

func (r *reader) fault(at origin, field, problem, want string) {
	at.setting = r.setting
	r.report.add(at, field, problem, want)
}

func (r *reader) place(t *token.Token) origin {
	if t == nil || t.Position == nil {
		return origin{setting: r.setting}
	}
	return origin{line: t.Position.Line, column: t.Position.Column, setting: r.setting}
}
