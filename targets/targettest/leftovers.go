package targettest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// clean checks that nothing of the test is left: no process that carries its
// mark or its folder, no mount and no file below the folder.
func (p *place) clean() {
	p.Helper()
	for _, left := range append(p.processes(), p.mounts()...) {
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

// processes names those that have the test's mark in their environment or its
// folder in their command line.
func (p *place) processes() []string {
	var found []string
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		command, _ := os.ReadFile(filepath.Join(folder, "cmdline")) // it may be gone
		env, _ := os.ReadFile(filepath.Join(folder, "environ"))
		marked := bytes.Contains(env, []byte(p.mark+"\x00")) || bytes.Contains(command, []byte(p.dir+"/"))
		if marked {
			found = append(found, fmt.Sprintf("process %s: %q", filepath.Base(folder), command))
		}
	}
	return found
}

// mounts names those below the test's folder.
func (p *place) mounts() []string {
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
