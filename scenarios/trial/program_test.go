package trial

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/targets"
	"servebench/targets/protocol"
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
	image := &variant{workload: targets.Workload{Command: []string{path}, Image: "own", ImageDigest: "sha256:x"}}
	for _, s := range []*session{s, {record: &record.Run{AB: &record.ABTest{}}}} {
		if found, err := s.programFacts(image); err != nil || !slices.Equal(found, []record.Fact{{Name: FactImage, Value: "sha256:x"}}) {
			t.Errorf("an image: %v, %v", found, err)
		}
	}
}

// The image that targets make of a command is pinned for the run, once for all of them, and
// no image is made for a target that runs the command as it is.
func TestCommandIsPinned(t *testing.T) {
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	dir, err := os.MkdirTemp("/var/tmp", "servebench-test-") // /tmp is every target's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	server := filepath.Join(dir, "server.sh")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(server, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("#!/bin/sh\n")
	sc := &scenarios.Scenario{Dir: dir}
	sc.Workload.Command = []string{server}
	asked := 0
	bundles := targets.Kind{Name: "bundles", Bundles: func(map[string]string) bool { asked++; return true }}
	s := &session{Runner: &Runner{}, record: &record.Run{}}
	s.variants = []*variant{{name: "a", scenario: sc, kind: targets.Kind{Name: "native"}}, {name: "b", scenario: sc, kind: bundles}, {name: "c", scenario: sc, kind: bundles}}
	for _, v := range s.variants {
		s.record.Targets = append(s.record.Targets, record.Target{Name: v.name})
	}
	for i, v := range s.variants {
		if i == 2 {
			write("#!/bin/sh\n# changed since\n")
		}
		if err := s.prepareWorkload(t.Context(), v, protocol.Kind{}); err != nil {
			t.Fatal(err)
		}
	}
	native, first, second := s.variants[0].workload.ImageDigest, s.variants[1].workload.ImageDigest, s.variants[2].workload.ImageDigest
	if native != "" || !strings.HasPrefix(first, "sha256:") || second != first || asked != 2 {
		t.Errorf("pinned %q, %q, %q after %d questions", native, first, second, asked)
	}
	facts, err := s.programFacts(s.variants[1])
	if err != nil || len(facts) != 2 || facts[0] != (record.Fact{Name: FactImage, Value: first}) || facts[1].Name != FactHash {
		t.Errorf("facts %+v, %v, want the image and the program", facts, err)
	}
}
