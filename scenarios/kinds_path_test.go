package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/scenarios/decode"

	"servebench/targets"
)

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// pathCatalogue is a catalogue with a target that takes the path of a file.
func pathCatalogue() Catalogue {
	cat := testCatalogue()
	cat.Targets = append(cat.Targets, targets.Kind{Name: "guest", Options: []targets.Option{
		{Name: "kernel", Path: true},
		{Name: "memory", Default: "a/b"},
	}})
	return cat
}

// TestPaths holds every path in a scenario to one rule: one in the file is relative to
// the file's folder, one in a setting to the working folder.
func TestPaths(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, file := range []string{"in/app.tar", "app.tar", "in/layout/oci-layout", "layout/oci-layout", "in/in/x"} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const own = "name: own\ntargets: [guest]\ndata: {generator: credit}\nload: [{name: s, rate: 1, duration: 1s}]\nworkload: {model: m, command: [x]}\n"
	of := map[string]func(*Scenario) string{
		"template.body_file":  func(s *Scenario) string { return s.Template.BodyFile },
		"workload.command[0]": func(s *Scenario) string { return s.Workload.Command[0] },
		"workload.image":      func(s *Scenario) string { return s.Workload.Image },
		"workload.build":      func(s *Scenario) string { return s.Workload.Build },
		"workload.files[0]":   func(s *Scenario) string { return s.Workload.Files[0] },
		"load[0].trace.file":  func(s *Scenario) string { return s.Load[0].Recording.File },
		"guest.kernel":        func(s *Scenario) string { return s.Options["guest"]["kernel"] },
	}
	for _, tt := range []struct {
		field, text, value string
		fixed              bool // no path
	}{
		{field: "template.body_file", text: templated, value: "x"},
		{field: "workload.command[0]", text: own, value: "./x"},
		{field: "workload.command[0]", text: own, value: "x", fixed: true}, // looked up in PATH
		{field: "workload.image", text: own, value: "app.tar"},             // a file that is there
		{field: "workload.image", text: own, value: "./none.tar"},
		{field: "workload.image", text: own, value: "layout"}, // a folder with an OCI layout
		{field: "workload.image", text: own, value: "registry/name:1", fixed: true},
		{field: "workload.image", text: own, value: "in", fixed: true}, // a folder without one
		{field: "workload.build", text: own, value: "app"},
		{field: "workload.files[0]", text: strings.Replace(own, "[x]", "[x], files: [y]", 1), value: "venv"},
		{field: "load[0].trace.file", text: strings.Replace(own, "rate: 1, duration: 1s", "arrivals: trace, trace: {file: y}", 1), value: "../x"},
		{field: "guest.kernel", text: own, value: "boot/x"},
	} {
		for _, set := range []bool{false, true} {
			folder, text, settings := filepath.Join(dir, "in"), tt.text, []decode.Setting{{Key: tt.field, Value: tt.value}}
			if set {
				folder = dir
			} else {
				text, settings = put(tt.text, tt.field, tt.value), nil
			}
			s, err := Parse("in/mine.yaml", []byte(text), pathCatalogue(), settings...)
			if err != nil {
				t.Fatalf("%s: %v\n%s", tt.field, err, text)
			}
			want := filepath.Join(folder, tt.value)
			if tt.fixed {
				want = tt.value
			}
			if got := of[tt.field](s); got != want {
				t.Errorf("%s=%s by a setting %t: %q, want %q", tt.field, tt.value, set, got, want)
			}
			// The resolved text is the same from everywhere.
			resolved, err := s.YAML()
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse("/elsewhere/mine.yaml", resolved, pathCatalogue())
			if err != nil || of[tt.field](again) != want {
				t.Errorf("%s is written as\n%s\nand read as something else (%v)", tt.field, resolved, err)
			}
		}
	}
	s, err := Parse("in/mine.yaml", []byte(own), pathCatalogue())
	if err != nil || s.Options["guest"]["kernel"] != "" || s.Options["guest"]["memory"] != "a/b" {
		t.Errorf("options %v (%v), want none that nobody gave to become a path", s.Options, err)
	}
}

// put writes a value into the text of a scenario.
func put(text, field, value string) string {
	change := map[string][2]string{
		"template.body_file":  {"path: /}", "path: /, body_file: VALUE}"},
		"workload.command[0]": {"[x]", "[VALUE]"},
		"workload.image":      {"command: [x]", "command: [x], image: 'VALUE'"},
		"workload.build":      {"command: [x]", "command: [x], build: VALUE"},
		"workload.files[0]":   {"[y]", "[VALUE]"},
		"load[0].trace.file":  {"file: y", "file: VALUE"},
		"guest.kernel":        {"workload:", "guest: {kernel: VALUE}\nworkload:"},
	}[field]
	return strings.Replace(text, change[0], strings.Replace(change[1], "VALUE", value, 1), 1)
}

// TestHomeFolder says that a ~ is not replaced, and by what it can be.
func TestHomeFolder(t *testing.T) {
	for field, text := range map[string]string{
		"workload.command[0]": "workload: {model: m, command: [~/x]}",
		"workload.image":      "workload: {model: m, command: [x], image: ~/x}",
		"guest.kernel":        "workload: {model: m, command: [x]}\nguest: {kernel: ~/x}",
	} {
		_, err := Parse("f", []byte("name: own\ntargets: [guest]\ndata: {generator: credit}\nload: [{name: s, rate: 1, duration: 1s}]\n"+text), pathCatalogue())
		if want := field + `: "~/x": ~ is not replaced by the home folder; want `; err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "${HOME}/x") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
