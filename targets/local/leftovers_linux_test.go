package local

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// goneMaker is a process that ended.
func goneMaker(t *testing.T) Maker {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Skipf("no process to end: %v", err)
	}
	m := Self()
	m.PID = cmd.Process.Pid
	return m
}

func TestAbandoned(t *testing.T) {
	self, gone := Self(), goneMaker(t)
	if self.Start == 0 || self.Space == 0 {
		t.Fatalf("maker %+v is not complete", self)
	}
	recurred, elsewhere := self, gone
	recurred.Start--
	elsewhere.Space++
	for name, want := range map[string]bool{
		"x-" + self.String():                            false,
		"x-" + self.String() + "-0a1b":                  false,
		"x-" + gone.String():                            true,
		"x-" + gone.String() + "-0a1b-2c":               true,
		"x-" + recurred.String():                        true,
		"x-" + elsewhere.String():                       false,
		gone.String():                                   false,
		fmt.Sprintf("x-%d", gone.PID):                   false,
		fmt.Sprintf("x-%d-0a1b", gone.PID):              false,
		"x-":                                            false,
		"x-0-1-2":                                       false,
		fmt.Sprintf("x--%d-1-%d", gone.PID, gone.Space): false,
	} {
		if got := Abandoned(name, "x-"); got != want {
			t.Errorf("Abandoned(%q) = %t, want %t", name, got, want)
		}
	}
}

// A process that ended but that nobody waited for makes nothing any more.
func TestAZombieIsGone(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Skipf("no process to end: %v", err)
	}
	awaitEnd(cmd.Process.Pid)
	s, err := readStat(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	m := Maker{PID: s.pid, Start: s.start, Space: space()}
	if !m.gone() {
		t.Errorf("maker %+v is not gone", m)
	}
	_ = cmd.Wait()
}

// TestWorkFolder wants a folder whose maker was killed to be found and removed, and no other.
func TestWorkFolder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	own, err := WorkFolder()
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(os.TempDir(), workPrefix+goneMaker(t).String()+"-1")
	if err := os.Mkdir(left, 0o700); err != nil {
		t.Fatal(err)
	}
	found, err := Leftovers(t.Context())
	last := len(found) - 1 // before it there may be cgroups
	if err != nil || last < 0 || found[last].What != "folder "+left {
		t.Fatalf("found %+v, %v; want folder %s", found, err, left)
	}
	if err := found[last].Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, _ := os.ReadDir(os.TempDir()); len(all) != 1 || all[0].Name() != filepath.Base(own) {
		t.Errorf("left: %v, want %s alone", all, own)
	}
}

func TestAbandonedFolder(t *testing.T) {
	dir := t.TempDir()
	path := func(kind string) string { return filepath.Join(dir, kind+"-"+goneMaker(t).String()) }
	folder, link, file := path("folder"), path("link"), path("file")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !abandonedFolder(folder, "folder-") || abandonedFolder(link, "link-") || abandonedFolder(file, "file-") || abandonedFolder(path("none"), "none-") {
		t.Error("a folder is not told from what is none")
	}
	if os.Geteuid() != 0 {
		t.Skip("the rest gives a folder away; run as root")
	}
	if err := os.Chown(folder, 65534, -1); err != nil {
		t.Fatal(err)
	}
	if abandonedFolder(folder, "folder-") {
		t.Error("another user's folder is taken for ours")
	}
}

func FuzzParseMaker(f *testing.F) {
	for _, seed := range []string{"", "1-2-3", "1-2-3-x", "-1-2-3", "1--2", "99999999999-1-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, ok := parseMaker(text)
		if !ok {
			return
		}
		if again, ok := parseMaker(m.String()); m.PID <= 0 || !ok || again != m {
			t.Fatalf("parseMaker(%q) = %+v, written and read again %+v, %t", text, m, again, ok)
		}
	})
}
