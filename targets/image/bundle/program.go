package bundle

import (
	"bufio"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// mostInterpreters is how many scripts may each be the interpreter of the one before, as
// in Linux.
const mostInterpreters = 4

// program takes an executable, for a script its interpreter as well, for an interpreter of
// Python its library. search is the PATH in which env(1) looks for one.
func (c *collector) program(path, search string, depth int) error {
	if depth > mostInterpreters {
		return fmt.Errorf("%s: more than %d scripts are each the interpreter of the one before", path, mostInterpreters)
	}
	if err := c.take(path); err != nil {
		return err
	}
	head, err := firstLines(path)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(head, []byte(elf.ELFMAG)) {
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			return err
		}
		c.search.programs = append(c.search.programs, real)
		if isPython(path) {
			return c.python(path)
		}
		if filepath.Base(path) == "node" {
			c.takePresent(nodeParts...)
		}
		return nil
	}
	if filepath.Base(filepath.Dir(path)) == "shims" {
		return fmt.Errorf("%s is a script of a version manager, which starts the program that is meant: name that one, see `pyenv which %s`", path, filepath.Base(path))
	}
	words := interpreter(head)
	if len(words) == 0 {
		return fmt.Errorf("%s is neither a Linux executable nor a script whose first line names its interpreter (#!…)", path)
	}
	if filepath.Base(words[0]) == "env" {
		if err := c.program(words[0], search, depth+1); err != nil {
			return err
		}
		if words[0], err = searched(words[1:], search); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := c.program(words[0], search, depth+1); err != nil {
		return fmt.Errorf("the interpreter of %s: %w", path, err)
	}
	return nil
}

// nodeParts are the parts of Node.js that Debian has packaged apart from it.
var nodeParts = []string{"/usr/share/nodejs/acorn", "/usr/share/nodejs/acorn-walk", "/usr/share/nodejs/cjs-module-lexer", "/usr/share/nodejs/undici", "/usr/share/nodejs/minimatch"}

// firstLines reads as much of a file as the lines hold that say what runs it.
func firstLines(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:n], err
}

// interpreter returns the words of a script's first line, see execve(2). Where an
// interpreter's path is too long for the kernel, or has spaces, pip writes a script for
// /bin/sh that calls it in its second line.
func interpreter(head []byte) []string {
	lines := bufio.NewScanner(bytes.NewReader(head))
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "#!") {
		return nil
	}
	words := strings.Fields(lines.Text()[len("#!"):])
	if len(words) > 0 && filepath.Base(words[0]) == "sh" && lines.Scan() {
		if call, found := strings.CutPrefix(lines.Text(), "'''exec' "); found {
			path, _, _ := strings.Cut(call, ` "$0"`)
			return []string{strings.Trim(path, `"`)}
		}
	}
	return words
}

// searched finds the program that env(1) is asked for.
func searched(words []string, search string) (string, error) {
	for len(words) > 0 && (strings.HasPrefix(words[0], "-") || strings.Contains(words[0], "=")) {
		words = words[1:]
	}
	if len(words) == 0 {
		return "", errors.New("its first line names no interpreter")
	}
	if filepath.IsAbs(words[0]) {
		return words[0], nil
	}
	for _, folder := range filepath.SplitList(search) {
		path := filepath.Join(folder, words[0])
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("its interpreter %s is in no folder of the server's PATH, %s", words[0], search)
}
