package host

import (
	"io/fs"
	"strings"
)

// tree is a file system in which the kernel tells about the machine: / with
// /proc and /sys, or a made up one.
type tree struct{ fs.FS }

// read returns a small file's trimmed text, "" when there is none. It lets the
// file system itself read: some files of /proc give all they have to the first
// read alone, which package fs makes of one byte.
func (t tree) read(path string) string {
	text, err := fs.ReadFile(t.FS, path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// glob returns the paths that match, in order.
func (t tree) glob(pattern string) []string {
	paths, _ := fs.Glob(t, pattern) // the patterns here are well formed
	return paths
}

// exists reports whether there is a file or folder.
func (t tree) exists(path string) bool {
	_, err := fs.Stat(t, path)
	return err == nil
}
