package scenarios

import (
	"strings"
	"testing"

	"servebench/scenarios/decode"

	"github.com/google/go-cmp/cmp"
)

// TestVariantsOfATarget lists a target again: its options are its own, else the target's.
func TestVariantsOfATarget(t *testing.T) {
	text := minimal + "container: {network: bridge, runtime: /bin/runc}\ncontainer@host: {network: host}\n"
	for name, set := range map[string][]decode.Setting{
		"in the file": {{Key: "targets", Value: "[container, container@host, container@other]"}},
		"by settings": {{Key: "targets", Value: "[container, container@host, container@other]"}, {Key: "container@host.network", Value: "host"}},
	} {
		s, err := Parse("f", []byte(text), testCatalogue(), set...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := map[string]map[string]string{
			"container":       {"network": "bridge", "runtime": "/bin/runc"},
			"container@host":  {"network": "host", "runtime": "/bin/runc"},
			"container@other": {"network": "bridge", "runtime": "/bin/runc"},
		}
		if diff := cmp.Diff(want, s.Options); diff != "" {
			t.Errorf("%s: options (-want +got):\n%s", name, diff)
		}
		resolved, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("f", resolved, testCatalogue())
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, resolved)
		}
		if diff := cmp.Diff(want, again.Options); diff != "" {
			t.Errorf("%s: read back (-want +got):\n%s", name, diff)
		}
	}
}

func TestVariantFaults(t *testing.T) {
	for list, want := range map[string]string{
		"[container@]":                       `unknown target "container@"`,
		"[contaner@host]":                    `unknown target "contaner@host"`,
		"[container@a b]":                    `unknown target "container@a b"`,
		"[container@host, container@host]":   `"container@host" is in the list already; want each target once`,
		"[physical]\ncontainer@host: {a: 1}": `container@host: unknown key`,
	} {
		text := strings.Replace(minimal, "targets: [physical]", "targets: "+list, 1)
		if _, err := Parse("f", []byte(text), testCatalogue()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", list, err, want)
		}
	}
}
