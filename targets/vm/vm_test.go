package vm_test

import (
	"os"
	"testing"

	"servebench/targets"
	"servebench/targets/targettest"
	"servebench/targets/vm"
)

// kind is the target with the guest's first process as built for this test. A
// test that runs itself once more finds it built.
func kind(tb testing.TB) targets.Kind {
	tb.Helper()
	const variable = "TEST_GUESTINIT"
	path := os.Getenv(variable)
	if path == "" {
		path = targettest.Program(tb, "guestinit")
		tb.Setenv(variable, path)
	}
	return vm.Kind(func() (string, error) { return path, nil })
}

func TestConformance(t *testing.T) {
	targettest.Run(t, targettest.Suite{Kind: kind(t), OwnPort: true, Guest: true, Parallel: 2})
}

func BenchmarkDeploy(b *testing.B) {
	targettest.Benchmark(b, targettest.Suite{Kind: kind(b)})
}
