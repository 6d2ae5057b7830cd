package physical_test

import (
	"testing"

	"servebench/targets"
	"servebench/targets/physical"
	"servebench/targets/targettest"
)

func TestConformance(t *testing.T) {
	targettest.Run(t, targettest.Suite{Kind: physical.Kind()})
}

func TestConformanceOfAnImage(t *testing.T) {
	if err := physical.Kind().CheckImage(t.Context()); err != nil {
		t.Skip(err)
	}
	targettest.Run(t, targettest.Suite{Kind: physical.Kind(), Image: true})
}

// What the machine is, is the machine's fact and not the target's: the other
// targets run on it as well.
func TestTheMachineIsNoFactOfTheTarget(t *testing.T) {
	target, err := physical.Kind().Open(targets.Config{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := target.Deploy(t.Context(), targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(t.Context())
	for _, fact := range d.Facts {
		if fact.Name == "machine" {
			t.Errorf("the target says %q", fact.Value)
		}
	}
}

func BenchmarkDeploy(b *testing.B) {
	targettest.Benchmark(b, targettest.Suite{Kind: physical.Kind()})
}
