package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// nowhere wants a text in none of some files, nor in any file of some folders, as it is, in
// hexadecimal, or in Base64 wherever it begins there: nowhere TEXT PATH...
func nowhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: nowhere TEXT PATH...")
	}
	files := 0
	for _, root := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(root), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			files++
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, form := range writings(args[0]) {
				if i := bytes.Index(content, []byte(form)); i >= 0 {
					ts.Fatalf("%s holds %q: …%q…", path, form, content[max(0, i-40):min(len(content), i+40)])
				}
			}
			return nil
		}))
	}
	if files == 0 {
		ts.Fatalf("there is no file to look into")
	}
}

// writings are ways to write a text amid others.
func writings(text string) []string {
	all := []string{text, hex.EncodeToString([]byte(text))}
	for before := range 3 {
		whole := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), text...))
		all = append(all, whole[(before*8+5)/6:(before+len(text))*8/6])
	}
	return all
}

// resolvedText writes the resolved scenario of the only run in a folder to a file: text
// FILE FOLDER.
func resolvedText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: text FILE FOLDER")
	}
	found, err := filepath.Glob(filepath.Join(ts.MkAbs(args[1]), "*", "run.json"))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("runs %v, want one", found)
	}
	content, err := os.ReadFile(found[0])
	ts.Check(err)
	var run struct{ Scenario struct{ Text string } }
	ts.Check(json.Unmarshal(content, &run))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(run.Scenario.Text), 0o644))
}
