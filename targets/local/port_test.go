package local

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"servebench/targets"
)

func TestOnPort(t *testing.T) {
	l, err := net.Listen("tcp", targets.Address(targets.Loopback, 0))
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	calls := 0
	lost := func(got int) (*targets.Deployment, error) {
		calls++
		if calls == 1 { // it is taken while the server starts
			if l, err = net.Listen("tcp", targets.Address(targets.Loopback, got)); err != nil {
				t.Fatal(err)
			}
		}
		return nil, fmt.Errorf("start: %w", targets.ErrPortTaken)
	}
	before := func(int) (*targets.Deployment, error) {
		t.Error("started though the port is taken")
		return &targets.Deployment{}, nil
	}
	_, err1 := OnPort(t.Context(), port, before)
	l.Close()
	_, err2 := OnPort(t.Context(), port, lost)
	defer l.Close()
	for _, err := range []error{err1, err2} {
		for _, want := range []string{fmt.Sprintf("(process %d) listens on port %d", os.Getpid(), port), "workload.port"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("OnPort: %v, want that it says %q", err, want)
			}
		}
	}
	if calls != 1 {
		t.Errorf("started %d times, want once", calls)
	}
	got := 0
	if _, err := OnPort(t.Context(), 0, func(port int) (*targets.Deployment, error) { got = port; return &targets.Deployment{}, nil }); err != nil || got == 0 {
		t.Errorf("a free port: %d, %v", got, err)
	}
}
