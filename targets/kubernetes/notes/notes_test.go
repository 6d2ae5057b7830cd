package notes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets/local"

	"github.com/google/go-cmp/cmp"
)

// TestNotes finds the notes of processes that are gone, and names one that cannot be read.
func TestNotes(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("SERVEBENCH_CACHE", cache)
	n := Note{Context: "staging", Kubeconfigs: []string{"/home/me/.kube/config"}, Namespace: "bench"}
	if err := n.Write("servebench-1"); err != nil {
		t.Fatal(err)
	}
	if left, err := Left(); err != nil || len(left) != 0 {
		t.Errorf("left while the process lives: %v, %v", left, err)
	}
	dead := local.Self()
	dead.Start++ // the id belongs to another process now
	own, err := fileOf("servebench-1")
	if err != nil {
		t.Fatal(err)
	}
	abandoned, broken := filepath.Join(cache, Folder, dead.String()+"-servebench-1.json"), filepath.Join(cache, Folder, dead.String()+"-servebench-2.json")
	if err := os.Rename(own, abandoned); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	left, err := Left()
	if diff := cmp.Diff(map[string]Note{abandoned: n}, left); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err == nil || !strings.Contains(err.Error(), broken) {
		t.Errorf("%v, want that it names %s", err, broken)
	}
}

// TestRemove removes the note of a run, if there is one.
func TestRemove(t *testing.T) {
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	if err := (Note{Context: "staging"}).Write("servebench-1"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Remove("servebench-1"); err != nil {
			t.Fatal(err)
		}
	}
	if file, err := fileOf("servebench-1"); err != nil {
		t.Fatal(err)
	} else if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the note is there: %v", err)
	}
}
