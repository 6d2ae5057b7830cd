package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// filePaths are paths of this machine. One in the scenario's file is relative to the
// folder of the file, one in a setting to the working folder; what is read is absolute.
func filePaths(what string) kind[string] {
	k := words(what)
	read := k.read
	k.read = func(d *decoder, n *node, path string) (string, bool) {
		text, ok := read(d, n, path)
		if !ok {
			return "", false
		}
		return d.place(n, path, text, what)
	}
	return k
}

// orEmpty also takes the text of no length, which stands for no value.
func orEmpty(k kind[string]) kind[string] {
	read := k.read
	k.read = func(d *decoder, n *node, path string) (string, bool) {
		if n.shape == scalarShape && n.style != null && n.text == "" {
			return "", true
		}
		return read(d, n, path)
	}
	return k
}

// commands are argument vectors, whose first one is a path where it has a slash in it.
func commands() kind[[]string] {
	const want = "a list, such as [./server, --port, \"{port}\"]"
	k := list("list of texts", want, 1, words("an argument"))
	read := k.read
	k.read = func(d *decoder, n *node, path string) ([]string, bool) {
		args, ok := read(d, n, path)
		if ok && strings.Contains(args[0], "/") {
			args[0], ok = d.place(n.things[0], element(path, 0), args[0], "the path of a program")
		}
		return args, ok
	}
	return k
}

// images are container images: paths of tarballs, where they begin like one or there is
// such a file, else references.
func images() kind[string] {
	k := words("an image")
	read := k.read
	k.read = func(d *decoder, n *node, path string) (string, bool) {
		text, ok := read(d, n, path)
		if !ok {
			return "", false
		}
		named := false
		for _, start := range []string{"/", "./", "../", "~/"} {
			named = named || strings.HasPrefix(text, start)
		}
		if info, err := os.Stat(filepath.Join(d.folder(n), text)); !named && (err != nil || !info.Mode().IsRegular()) {
			return text, true
		}
		return d.place(n, path, text, "the path of a tarball")
	}
	return k
}

// folder is the one that a relative path begins at.
func (d *decoder) folder(n *node) string {
	if n.at.setting > 0 {
		return d.working
	}
	return d.dir
}

// place makes a path absolute. Nothing but a shell knows what a ~ stands for.
func (d *decoder) place(n *node, path, text, want string) (string, bool) {
	switch {
	case strings.HasPrefix(text, "~/"):
		d.add(n.at, path, fmt.Sprintf("%q: ~ is not replaced by the home folder", text), fmt.Sprintf("%s, such as ${HOME}/%s", want, text[2:]))
		return "", false
	case filepath.IsAbs(text):
		return text, true
	}
	if n.written != "" {
		d.keep(path, strings.ReplaceAll(d.folder(n), "$", "$$")+"/"+n.written)
	}
	return filepath.Join(d.folder(n), text), true
}
