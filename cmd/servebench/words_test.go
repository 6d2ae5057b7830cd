package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// riddles are what no user is told: idioms that stop the reading.
var riddles = regexp.MustCompile(`(?i)\b(at once|of (its|their|your|his) own|told apart|cannot be told|mend(s|ed)?|surely|bear (it )?in mind)\b`)

// TestNoRiddles reads every sentence that a user can meet: the string literals of the
// programs, the scenarios, and the documentation.
func TestNoRiddles(t *testing.T) {
	root := filepath.Join("..", "..")
	read := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == ".git" || entry.Name() == "bin" || entry.Name() == "runs" || entry.Name() == "bench") {
			return filepath.SkipDir
		}
		for where, sentence := range sentences(t, path) {
			read++
			if word := riddles.FindString(sentence); word != "" {
				t.Errorf("%s says %q", where, word)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read < 1000 {
		t.Errorf("%d sentences read, want those of the whole house", read)
	}
}

// sentences are what users can meet of a file, by where it stands.
func sentences(t *testing.T, path string) map[string]string {
	all := map[string]string{}
	switch filepath.Ext(path) {
	case ".md", ".yaml":
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[path] = strings.Join(strings.Fields(string(text)), " ")
	case ".go":
		if strings.HasSuffix(path, "_test.go") {
			break
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
				all[files.Position(literal.Pos()).String()] = strings.Join(strings.Fields(literal.Value), " ")
			}
			return true
		})
	}
	return all
}
