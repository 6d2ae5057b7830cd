package lambda_test

import (
	"testing"

	"servebench/targets"
	"servebench/targets/lambda"
	"servebench/targets/lambda/service"
	"servebench/targets/targettest"
)

// kind is the target with the service's program, built for the test.
func kind(tb testing.TB) targets.Kind {
	tb.Helper()
	path := targettest.Program(tb, "locallambda")
	return lambda.Kind(func() (string, error) { return path, nil })
}

// The tests below have a name each: the suite runs them once more by it.

func TestConformanceOfProcesses(t *testing.T) { conform(t, service.Processes) }

func TestConformanceOfContainers(t *testing.T) { conform(t, service.Runc) }

func conform(t *testing.T, sandbox string) {
	targettest.Run(t, targettest.Suite{Kind: kind(t), Options: map[string]string{"sandbox": sandbox}, OwnPort: true, Replaces: true})
}

func BenchmarkDeploy(b *testing.B) {
	k := kind(b)
	for _, sandbox := range []string{service.Processes, service.Runc} {
		b.Run(sandbox, func(b *testing.B) {
			targettest.Benchmark(b, targettest.Suite{Kind: k, Options: map[string]string{"sandbox": sandbox}})
		})
	}
}
