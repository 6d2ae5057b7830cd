package bundle

import (
	"archive/tar"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"servebench/reports/record/userfile"
	"servebench/targets"
)

// The most that a bundle holds, which is what is unpacked of an image.
const (
	mostBytes   = 64 * targets.GiB
	mostEntries = 1_000_000
)

// Entry is a file, folder or symbolic link of a bundle, at its path on this machine.
type Entry struct {
	Path string
	Type byte   // of the archive: tar.TypeReg, TypeDir, TypeSymlink
	Link string // where a link leads
	Mode uint32 // permissions and the set-user-id, set-group-id and sticky bits, as of a tar header
	Size int64
	// Stamp is what the file was when it was found; zero for a folder that is there for
	// the sake of what lies in it, and for what is made here.
	Stamp Stamp
	// Compiled says that the file is Python's compiled form of a source file beside it,
	// whose time it holds.
	Compiled bool
	Content  string // of a file that is made here
}

// collector finds the files of a bundle.
type collector struct {
	ctx     context.Context
	entries map[string]*Entry
	whole   map[string]bool // folders that are taken with all that is in them
	bytes   int64
	search  *search // for shared libraries
	machine elf.Machine
	// roots are folders which are installed as a whole, such as virtual environments.
	roots map[string]bool
	// modules and compiled count Python's modules in environments, and their compiled forms.
	modules, compiled int
	left              []string // sockets, devices and the like that were left out
	faults            []error
}

func newCollector(ctx context.Context, w targets.Workload) *collector {
	c := &collector{ctx: ctx, entries: map[string]*Entry{}, whole: map[string]bool{}, roots: map[string]bool{}}
	c.search = newSearch(c, w)
	return c
}

// collect takes all that the command needs.
func (c *collector) collect(w targets.Workload, program string) error {
	c.fault(c.program(program, variable(w, "PATH"), 0))
	for _, file := range w.Files {
		c.fault(c.take(file))
	}
	for _, file := range variablePaths(variable(w, "LD_PRELOAD")) {
		c.fault(c.take(file))
	}
	if err := c.ctx.Err(); err != nil {
		return context.Cause(c.ctx)
	}
	c.fault(c.search.complete())
	c.surroundings(w)
	return errors.Join(c.faults...)
}

// fault notes an error, once: a folder may be reached in several ways.
func (c *collector) fault(err error) {
	if err == nil || slices.ContainsFunc(c.faults, func(f error) bool { return f.Error() == err.Error() }) {
		return
	}
	c.faults = append(c.faults, err)
}

// own are folders that every target makes anew, over whatever an image has there.
var own = []string{"/dev", "/proc", "/sys", "/tmp"}

// ownFolder returns the folder of own that the path lies in; "": none.
func ownFolder(path string) string {
	for _, folder := range own {
		if path == folder || strings.HasPrefix(path, folder+"/") {
			return folder
		}
	}
	return ""
}

// take takes what is at an absolute path: the links that lead there, and what they lead
// to, a folder with all that is in it.
func (c *collector) take(path string) error {
	real, err := c.follow(path)
	if err != nil {
		return err
	}
	return c.tree(real, nil)
}

// takePresent is take for what is of use, and may be missing.
func (c *collector) takePresent(paths ...string) {
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			c.fault(c.take(path))
		}
	}
}

// MostLinks is how many links one name may pass, as in Linux.
const MostLinks = 40

// Follow resolves the links in a path from the root folder, and returns an absolute path. link
// says whether a link is at a path, and where it leads.
func Follow(name string, link func(at string) (to string, is bool, err error)) (string, error) {
	at, left, links := "/", strings.Split(name, "/"), 0
	for len(left) > 0 {
		name := left[0]
		left = left[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = path.Dir(at)
			continue
		}
		next := path.Join(at, name)
		to, is, err := link(next)
		switch {
		case err != nil:
			return "", err
		case !is:
			at = next
			continue
		}
		if links++; links > MostLinks {
			return "", errLinks
		}
		if path.IsAbs(to) {
			at = "/"
		}
		left = append(strings.Split(to, "/"), left...)
	}
	return at, nil
}

var errLinks = fmt.Errorf("its path passes more than %d links", MostLinks)

// follow resolves the links in a path, and takes them and the folders on the way.
func (c *collector) follow(path string) (string, error) {
	real, err := Follow(filepath.Clean(path), func(at string) (string, bool, error) {
		info, err := os.Lstat(at)
		if err != nil {
			return "", false, &fs.PathError{Op: "find", Path: path, Err: userfile.Cause(err)}
		}
		if info.Mode().Type() == fs.ModeSymlink {
			to, err := c.link(at, info)
			return to, true, err
		}
		if info.IsDir() {
			c.passage(at)
		}
		return "", false, nil
	})
	if errors.Is(err, errLinks) {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return real, err
}

// passage takes a folder for the sake of what lies in it.
func (c *collector) passage(folder string) {
	if c.entries[folder] == nil {
		c.entries[folder] = &Entry{Path: folder, Type: tar.TypeDir, Mode: 0o755}
	}
}

// link takes a symbolic link, and returns where it leads.
func (c *collector) link(path string, info fs.FileInfo) (string, error) {
	if e := c.entries[path]; e != nil {
		return e.Link, nil
	}
	link, err := os.Readlink(path)
	if err != nil {
		return "", err
	}
	return link, c.add(&Entry{Path: path, Type: tar.TypeSymlink, Link: link, Mode: 0o777, Stamp: stampOf(info)})
}

// add adds an entry, within the bounds.
func (c *collector) add(e *Entry) error {
	if err := c.ctx.Err(); err != nil {
		return context.Cause(c.ctx)
	}
	if folder := ownFolder(e.Path); folder != "" {
		return fmt.Errorf("%s lies in %s, which is a separate, empty folder on every target: move it elsewhere", e.Path, folder)
	}
	c.entries[e.Path] = e
	c.bytes += e.Size
	switch {
	case len(c.entries) > mostEntries:
		return fmt.Errorf("there are more than %d files, the most that an image is made of: name the folders that the server needs in workload.files", mostEntries)
	case c.bytes > int64(mostBytes):
		return fmt.Errorf("the files have more than %s, the most that an image is made of: name the folders that the server needs in workload.files", mostBytes)
	}
	return nil
}

// tree takes the file at a path that passes no links, a folder with all that is in it
// but what skip says of the names in the folder itself.
func (c *collector) tree(path string, skip func(name string) bool) error {
	if e := c.entries[path]; e != nil && e.Type != tar.TypeDir || c.whole[path] {
		return nil
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	e := &Entry{Path: path, Mode: permissions(info.Mode()), Stamp: stampOf(info)}
	switch {
	case info.Mode().IsRegular():
		e.Type, e.Size = tar.TypeReg, info.Size()
		return c.file(e)
	case !info.IsDir():
		c.left = append(c.left, path)
		return nil
	}
	e.Type = tar.TypeDir
	if err := c.add(e); err != nil {
		return err
	}
	c.whole[path] = true
	names, err := readNames(path)
	if err != nil {
		return err
	}
	if err := c.recognise(path, names); err != nil {
		return err
	}
	for _, name := range names {
		if skip != nil && skip(name) || name == cacheName && !inEnvironment(path) {
			continue
		}
		if err := c.child(filepath.Join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

// child takes what a folder holds. What a link leads to is taken as well, unless it is
// not there, or every target has its own.
func (c *collector) child(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSymlink {
		return c.tree(path, nil)
	}
	if _, err := c.link(path, info); err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil || ownFolder(real) != "" {
		return nil
	}
	return c.take(path)
}

// readNames returns the names in a folder, sorted.
func readNames(folder string) ([]string, error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// recognise notes folders that are installed as a whole, and takes what a virtual
// environment of Python leans on.
func (c *collector) recognise(folder string, names []string) error {
	if filepath.Base(folder) == "node_modules" {
		c.roots[folder] = true
	}
	if slices.Contains(names, environmentFile) {
		c.roots[folder] = true
		return c.baseOf(folder)
	}
	return nil
}

// headLength is how much is read of every file, to know what it is.
const headLength = 16

// file takes a regular file, and notes it where it is an ELF file.
func (c *collector) file(e *Entry) error {
	head, err := readHead(e.Path)
	if err != nil {
		return err
	}
	if strings.HasPrefix(string(head), elf.ELFMAG) {
		c.search.note(e.Path)
	}
	if filepath.Base(filepath.Dir(e.Path)) == cacheName && strings.HasSuffix(e.Path, ".pyc") {
		keep, timed := compiledForm(e.Path, head)
		if !keep {
			return nil
		}
		e.Compiled = timed
		c.compiled++
	}
	if folder := filepath.Dir(e.Path); strings.HasSuffix(e.Path, ".pth") && isPackages(filepath.Base(folder)) {
		if err := c.pathFile(e.Path); err != nil {
			return err
		}
	}
	if strings.HasSuffix(e.Path, ".py") && inEnvironment(filepath.Dir(e.Path)) {
		c.modules++
	}
	return c.add(e)
}

func readHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, headLength)
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:n], err
}

// permissions are those of a tar header.
func permissions(mode fs.FileMode) uint32 {
	bits := uint32(mode.Perm())
	for _, special := range []struct {
		mode fs.FileMode
		bit  uint32
	}{{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000}} {
		if mode&special.mode != 0 {
			bits |= special.bit
		}
	}
	return bits
}
