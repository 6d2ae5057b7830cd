package physical_test

import (
	"testing"

	"servebench/targets/physical"
	"servebench/targets/targettest"
)

func TestConformance(t *testing.T) {
	targettest.Run(t, targettest.Suite{Kind: physical.Kind()})
}

func BenchmarkDeploy(b *testing.B) {
	targettest.Benchmark(b, targettest.Suite{Kind: physical.Kind()})
}
