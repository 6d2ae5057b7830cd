package trial

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"servebench/reports/record"
	"servebench/targets"
)

// Two builds of a server are told apart by the fact of its program.
func TestProgramFacts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server")
	s := &session{record: &record.Run{}}
	a := &variant{workload: targets.Workload{Command: []string{path, "--fast"}}}
	facts := func(text string) string {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		found, err := s.programFacts(a)
		if err != nil || len(found) != 1 || found[0].Name != FactHash {
			t.Fatalf("%v, %v; want the hash of the program", found, err)
		}
		return found[0].Value
	}
	if one, two := facts("one"), facts("two"); one == two || one != facts("one") {
		t.Errorf("%s of one build, %s of another", one, two)
	}
	for name, a := range map[string]*variant{
		"none there":   {workload: targets.Workload{Command: []string{path + "x"}}},
		"runs already": {workload: a.workload, kind: targets.Kind{Running: true}},
	} {
		if found, err := s.programFacts(a); len(found) > 0 || err != nil {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	// What is said of an image is which one it is, also where a command is run in it.
	image := &variant{workload: targets.Workload{Command: []string{path}, ImageDigest: "sha256:x"}}
	for _, s := range []*session{s, {record: &record.Run{AB: &record.ABTest{}}}} {
		if found, err := s.programFacts(image); err != nil || !slices.Equal(found, []record.Fact{{Name: FactImage, Value: "sha256:x"}}) {
			t.Errorf("an image: %v, %v", found, err)
		}
	}
}
