package container_test

import (
	"os"
	"os/exec"
	"testing"

	"servebench/targets/container"
	"servebench/targets/targettest"
)

func TestConformanceRunc(t *testing.T) {
	needRunc(t)
	targettest.Run(t, targettest.Suite{Kind: container.Kind(), Options: map[string]string{"engine": "runc"}})
}

func TestConformanceRuncImage(t *testing.T) {
	needRunc(t)
	targettest.Run(t, targettest.Suite{Kind: container.Kind(), Options: map[string]string{"engine": "runc"}, Image: true})
}

// needRunc skips the test where no container can be run without an engine.
func needRunc(t testing.TB) {
	t.Helper()
	_, err1 := exec.LookPath("runc")
	_, err2 := exec.LookPath("crun")
	switch {
	case err1 != nil && err2 != nil:
		t.Skip("neither runc nor crun is in PATH; install one (Debian: apt-get install -y runc) to run this test")
	case os.Geteuid() != 0:
		t.Skip("running a container without an engine needs root; run this test as root")
	}
}
