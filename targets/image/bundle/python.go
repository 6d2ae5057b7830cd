package bundle

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// environmentFile marks the folder of a virtual environment, see PEP 405.
const environmentFile = "pyvenv.cfg"

// cacheName is the name of folders that hold the compiled forms of the modules beside
// them, see PEP 3147.
const cacheName = "__pycache__"

var pythonName = regexp.MustCompile(`^python(3(\.\d+)?)?$`)

// isPython reports whether a program is an interpreter of Python.
func isPython(path string) bool { return pythonName.MatchString(filepath.Base(path)) }

// python takes what the interpreter at that path needs: its virtual environment, else
// its own library and the packages that are installed there.
func (c *collector) python(path string) error {
	for _, folder := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
		if _, err := os.Stat(filepath.Join(folder, environmentFile)); err == nil {
			return c.take(folder)
		}
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	return c.library(filepath.Dir(real), filepath.Base(real), true)
}

// baseOf takes the interpreter that a virtual environment was made of, and its library.
func (c *collector) baseOf(environment string) error {
	text, err := os.ReadFile(filepath.Join(environment, environmentFile))
	if err != nil {
		return err
	}
	settings := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, "=")
		settings[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	home, version := settings["home"], settings["version"]
	if version == "" {
		version = settings["version_info"] // as virtualenv and uv write it
	}
	if !filepath.IsAbs(home) {
		return fmt.Errorf("%s: home is %q, and not the folder of an interpreter", filepath.Join(environment, environmentFile), home)
	}
	if program, err := filepath.EvalSymlinks(filepath.Join(environment, "bin", "python")); err == nil {
		c.search.programs = append(c.search.programs, program)
	}
	packages := strings.EqualFold(settings["include-system-site-packages"], "true")
	if parts := strings.SplitN(version, ".", 3); len(parts) >= 2 {
		version = parts[0] + "." + parts[1]
	}
	return c.library(home, "python"+version, packages)
}

// library takes the standard library that belongs to an interpreter in the folder home,
// called pythonX.Y, with the packages that are installed beside it or without. Of the
// standard library its own tests are left out, and what programs that embed Python are
// built with.
func (c *collector) library(home, name string, packages bool) error {
	prefix := filepath.Dir(home)
	var found []string
	for _, pattern := range []string{name, "python3*"} {
		for _, folder := range []string{"lib", "lib64"} {
			libraries, err := filepath.Glob(filepath.Join(prefix, folder, pattern, "os.py"))
			if err != nil {
				return err
			}
			found = append(found, libraries...)
		}
		if len(found) > 0 {
			break
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("the standard library of Python is not in %s", filepath.Join(prefix, "lib", name))
	}
	for _, file := range found {
		real, err := c.follow(filepath.Dir(file))
		if err != nil {
			return err
		}
		err = c.tree(real, func(name string) bool {
			return name == "test" || strings.HasPrefix(name, "config-") || !packages && isPackages(name)
		})
		if err != nil {
			return err
		}
	}
	if packages { // Debian's places for them
		c.takePresent(filepath.Join(prefix, "lib", "python3", "dist-packages"), filepath.Join("/usr/local/lib", filepath.Base(filepath.Dir(found[0])), "dist-packages"))
	}
	return nil
}

// isPackages reports whether a folder of that name holds installed packages.
func isPackages(name string) bool { return name == "site-packages" || name == "dist-packages" }

var libraryFolder = regexp.MustCompile(`/(lib(64)?/python3[.\d]*t?|site-packages|dist-packages)(/|$)`)

// inEnvironment reports whether a folder is that of installed packages or of the standard
// library: what is compiled there was compiled when it was installed. Elsewhere Python
// adds compiled forms as it runs, so that an image with them would be another one after
// each start.
func inEnvironment(folder string) bool { return libraryFolder.MatchString(folder) }

// compiledForm looks at the head of a compiled module, see PEP 552: keep says whether it is
// that of the source as it is, timed whether it holds the source's time, which is another
// one in the image.
func compiledForm(path string, head []byte) (keep, timed bool) {
	if len(head) < headLength {
		return false, false
	}
	if binary.LittleEndian.Uint32(head[4:]) != 0 { // it holds the source's hash
		return true, false
	}
	name, _, _ := strings.Cut(filepath.Base(path), ".cpython-")
	source, err := os.Stat(filepath.Join(filepath.Dir(filepath.Dir(path)), name+".py"))
	if err != nil {
		return false, false
	}
	same := binary.LittleEndian.Uint32(head[8:]) == uint32(source.ModTime().Unix()) && binary.LittleEndian.Uint32(head[12:]) == uint32(source.Size())
	return same, true
}

// pathFile takes the folders that a .pth file among installed packages adds to Python's
// path, as for a package that is installed from its source.
func (c *collector) pathFile(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		folder := strings.TrimSpace(lines.Text())
		if info, err := os.Stat(folder); filepath.IsAbs(folder) && err == nil && info.IsDir() {
			if err := c.take(folder); err != nil {
				return err
			}
		}
	}
	return nil
}
