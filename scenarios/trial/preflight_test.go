package trial

import (
	"slices"
	"testing"

	"servebench/reports/record"
	"servebench/scenarios/host"
)

// TestRunRefusesWhatTheMachineCannotGive starts no server, and leaves a record that
// says why.
func TestRunRefusesWhatTheMachineCannotGive(t *testing.T) {
	a := &fakeTarget{}
	runner, s := newRunner(t, a, &fakeTarget{}, set(t, "attackers=64", "load.steady.name=s")...)
	cpus, err := host.CPUs()
	if err != nil {
		t.Fatal(err)
	}
	if len(cpus) > 64 {
		t.Skip("this machine has a CPU for each of 64 attackers; it takes one with fewer")
	}
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := record.Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if a.deployed > 0 || len(back.Cells) > 0 || back.Finished.IsZero() {
		t.Errorf("%d deployments, %d cells, finished %v", a.deployed, len(back.Cells), back.Finished)
	}
	if !slices.ContainsFunc(back.Preflight, func(d record.Diagnostic) bool { return d.Rule == "cpu-set" }) {
		t.Errorf("preflight %+v", back.Preflight)
	}
}
