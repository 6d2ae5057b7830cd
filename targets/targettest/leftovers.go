package targettest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// clean checks that nothing of the test is left: no process that carries its
// mark or its folder, no mount and no file below the folder.
func (p *subject) clean() {
	p.Helper()
	for _, left := range p.processes() {
		p.Errorf("left behind: %s", left)
	}
	for _, left := range p.mounts() {
		p.Errorf("left behind: %s", left)
	}
	err := filepath.WalkDir(p.dir, func(path string, _ os.DirEntry, err error) error {
		if path != p.dir {
			p.Errorf("left behind: file %s", path)
		}
		return err
	})
	if err != nil {
		p.Errorf("look for files left behind: %v", err)
	}
}

// seen is a process in sight.
type seen struct {
	pid     int
	command string
}

func (s seen) String() string { return fmt.Sprintf("process %d: %q", s.pid, s.command) }

// processes returns those that have the test's mark in their environment or its
// words in their command line.
func (p *subject) processes() []seen {
	var found []seen
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		command, _ := os.ReadFile(filepath.Join(folder, "cmdline")) // it may be gone
		env, _ := os.ReadFile(filepath.Join(folder, "environ"))
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err == nil && (bytes.Contains(env, []byte(p.mark+"\x00")) || p.bears(string(command))) {
			found = append(found, seen{pid, string(command)})
		}
	}
	return found
}

// bears reports whether a command line holds all the words.
func (p *subject) bears(command string) bool {
	return !slices.ContainsFunc(p.words, func(word string) bool { return !strings.Contains(command, word) })
}

// servers returns the processes of this test's servers, or of what carries the
// machine that they run in.
func (p *subject) servers() []int {
	var found []int
	for _, s := range p.processes() {
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", s.pid))
		itself := filepath.Base(exe) == filepath.Base(p.server) && strings.Contains(s.command, filepath.Base(p.server))
		if itself || p.Guest {
			found = append(found, s.pid)
		}
	}
	return found
}

// mounts names those below the test's folder.
func (p *subject) mounts() []string {
	table, _ := os.ReadFile("/proc/self/mountinfo") // not there: no mounts to see
	var found []string
	for line := range strings.Lines(string(table)) {
		if strings.Contains(line, p.dir) {
			found = append(found, "mount "+strings.TrimSpace(line))
		}
	}
	return found
}

// leftovers names what a process may have left of any test: its cgroups, and
// what the target itself knows.
func (s Suite) leftovers(t *testing.T, pid int) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, depth := range []string{"", "*/"} {
		groups, _ := filepath.Glob(fmt.Sprintf("/sys/fs/cgroup/%sservebench-%d-*", depth, pid))
		for _, group := range groups {
			found["cgroup "+group] = true
		}
	}
	if s.Leftovers == nil {
		return found
	}
	names, err := s.Leftovers(t.Context(), pid)
	if err != nil {
		t.Fatalf("look for what is left behind: %v", err)
	}
	for _, name := range names {
		found[name] = true
	}
	return found
}
