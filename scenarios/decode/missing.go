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
	want = cmp.Or(want, "the path of a file")
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return s.Fault(field, fmt.Sprintf("there is no file %s, nor the folder", path), want)
	}
	stem := func(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }
	name := filepath.Base(path)
	var near, alike []string
	for _, e := range entries {
		other := e.Name()
		if !e.IsDir() && filepath.Ext(other) == filepath.Ext(name) {
			alike = append(alike, other)
		}
		if stem(other) == stem(name) || Suggest(stem(name), []string{stem(other)}) != "" {
			near = append(near, other)
		}
	}
	if len(alike) > 0 && len(alike) <= mostFiles {
		want = OneOf(alike) + " in that folder, or another path"
	}
	return s.Fault(field, fmt.Sprintf("there is no file %s%s", path, Suggest(name, near)), want)
}

// mostFiles bounds the files of a folder that are named.
const mostFiles = 8
