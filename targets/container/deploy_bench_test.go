package container_test

import (
	"testing"

	"servebench/targets/container"
	"servebench/targets/targettest"
)

func BenchmarkDeploy(b *testing.B) {
	for name, options := range map[string]map[string]string{
		"runc":          {"engine": "runc"},
		"docker":        {"engine": "docker"},
		"docker-bridge": {"engine": "docker", "network": "bridge"},
	} {
		b.Run(name, func(b *testing.B) {
			if options["engine"] == "docker" {
				dockerClient(b)
			} else {
				needRunc(b)
			}
			targettest.Benchmark(b, targettest.Suite{Kind: container.Kind(), Options: options})
		})
	}
}
