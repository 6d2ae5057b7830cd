package kubernetes

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestPodRequests adds up what the pods of other runs ask for that hold a node.
func TestPodRequests(t *testing.T) {
	pod := func(run, node, phase string, cpus ...string) string {
		var containers []string
		for _, c := range cpus {
			containers = append(containers, fmt.Sprintf(`{"resources": {"requests": {"cpu": %q}}}`, c))
		}
		return fmt.Sprintf(`{"metadata": {"labels": {%q: %q}}, "spec": {"nodeName": %q, "containers": [%s]}, "status": {"phase": %q}}`,
			labelRun, run, node, strings.Join(containers, ", "), phase)
	}
	for _, tt := range []struct {
		pods []string
		want string
	}{
		{nil, ""},
		{[]string{pod("own", "n", "Running", "1")}, ""},
		{[]string{pod("one", "", "Pending", "1"), pod("one", "n", "Failed", "1"), pod("one", "n", "Succeeded", "1")}, ""},
		{[]string{pod("one", "n", "Running", "100m"), pod("one", "n", "Running", "100m"), pod("one", "n", "Running", "100m")}, "one, whose pods ask for 0.3 CPU."},
		{[]string{pod("two", "n", "Running", "1"), pod("one", "n", "Running", "0.7", "0.1"), pod("one", "n", "Pending", "10m")}, "one, whose pods ask for 0.81 CPU; two, whose pods ask for 1 CPU."},
	} {
		var found podRequests
		if err := json.Unmarshal([]byte(`{"items": [`+strings.Join(tt.pods, ", ")+`]}`), &found); err != nil {
			t.Fatal(err)
		}
		if got := found.text("own"); got != tt.want && (tt.want == "" || !strings.Contains(got, ": "+tt.want)) {
			t.Errorf("%q, want %q of the pods %s", got, tt.want, tt.pods)
		}
	}
}
