package vm

import (
	"errors"
	"net"
	"os/exec"
	"strings"
	"testing"

	"servebench/targets"
)

// QEMU itself takes the port, and says so when it cannot: another one is chosen.
func TestPortTakenBeforeQEMUHasIt(t *testing.T) {
	target, err := newTarget(targets.Config{Dir: t.TempDir(), Options: map[string]string{"accel": tcg}}, func() (string, error) {
		return exec.LookPath("true")
	})
	if err != nil {
		t.Skipf("no guest can be run here: %v", err)
	}
	m, err := target.prepareProbe(acceleration{name: tcg})
	if err != nil {
		t.Fatal(err)
	}
	defer m.remove()
	thief, err := net.Listen("tcp", targets.Address(targets.Loopback, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer thief.Close()
	_, err = m.start(t.Context(), targets.Workload{Ready: "/"}, thief.Addr().(*net.TCPAddr).Port)
	if !errors.Is(err, targets.ErrPortTaken) || !strings.Contains(err.Error(), "forwarding") {
		t.Errorf("error %v, want that the port is taken, in QEMU's words", err)
	}
}
