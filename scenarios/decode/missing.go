package decode

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// FileFault is the fault of a file, which a field names, that cannot be opened: where it was
// looked for and, where it is not there, what is in its place. want is what the field
// takes.
func (s *Source) FileFault(field, path string, err error, want string) Fault {
	if !errors.Is(err, fs.ErrNotExist) {
		return s.Fault(field, err.Error(), want)
	}
	problem := "there is no file " + path
	dir, name := filepath.Split(filepath.Clean(path))
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		hint, folders := missingFolder(filepath.Clean(dir))
		return s.Fault(field, problem+hint, cmp.Or(folders, want, "the path of a file"))
	}
	var near, same, alike []string
	for _, e := range entries {
		other := e.Name()
		if e.IsDir() {
			continue
		}
		if filepath.Ext(other) == filepath.Ext(name) {
			alike = append(alike, other)
		}
		if stem(other) == stem(name) {
			same = append(same, fmt.Sprintf("%q", other))
		} else if Suggest(stem(name), []string{stem(other)}) != "" {
			near = append(near, other)
		}
	}
	hint := Suggest(name, near)
	if len(same) > 0 {
		hint = " (did you mean " + strings.Join(same[:min(len(same), mostFiles)], " or ") + "?)"
	}
	if len(alike) > 0 && len(alike) <= mostFiles {
		want = OneOf(alike) + " in that folder, or another path"
	}
	return s.Fault(field, problem+hint, cmp.Or(want, "the path of a file"))
}

// mostFiles bounds the files of a folder that are named.
const mostFiles = 8

func stem(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }

// missingFolder says which folder of a path is the first that is not there, and which are
// in its place.
func missingFolder(dir string) (problem, want string) {
	above := filepath.Dir(dir)
	entries, err := os.ReadDir(above)
	if errors.Is(err, fs.ErrNotExist) && above != dir {
		return missingFolder(above)
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			folders = append(folders, e.Name())
		}
	}
	if len(folders) > 0 && len(folders) <= mostFiles {
		want = OneOf(folders) + " in " + above + ", or another path"
	}
	return fmt.Sprintf(", nor the folder %s%s", dir, Suggest(filepath.Base(dir), folders)), want
}
