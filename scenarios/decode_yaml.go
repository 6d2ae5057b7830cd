package scenarios

import (
	"bytes"
	"errors"
	"slices"
	"strings"

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
	if strings.ContainsRune(problem, '\t') || strings.HasPrefix(problem, "tab ") {
		problem, want = "a tab, where YAML allows spaces only", "spaces"
	}
	r.fault(at, "", "not YAML: "+problem, want)
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
