package vm_test

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/local"
	"servebench/targets/targettest"
)

// A guest boots on a machine that stops QEMU for longer than its kernel waits for a tick, and its
// clock is right.
func TestAGuestOfABusyMachine(t *testing.T) {
	target, err := kind(t).Open(targets.Config{Dir: t.TempDir(), Options: map[string]string{"accel": "tcg"}})
	if err != nil {
		t.Skip(err)
	}
	stopping, stopped := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	busy.Go(func() {
		for stopping.Err() == nil {
			pid := emulator()
			// The kernel sees to its timers after 0.7 s here, and is all there after 1.9 s.
			if used := local.ProcessUsage(pid).CPU; pid == 0 || used < 400*time.Millisecond || used > time.Second {
				time.Sleep(time.Millisecond)
				continue
			}
			_ = syscall.Kill(pid, syscall.SIGSTOP) // it may have ended
			time.Sleep(80 * time.Millisecond)
			_ = syscall.Kill(pid, syscall.SIGCONT)
			time.Sleep(4 * time.Millisecond)
		}
	})
	defer busy.Wait()
	defer stopped()
	d, err := target.Deploy(t.Context(), targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready", StartTimeout: 3 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	stopped()
	began, from := time.Now(), clock(t, d)
	time.Sleep(4 * time.Second)
	here, there := time.Since(began), clock(t, d).Sub(from)
	if (there - here).Abs() > 2*time.Second { // the answers' dates are whole seconds
		t.Errorf("the guest's clock went on by %s in %s", there, here)
	}
	if err := d.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// clock is the guest's time of an answer.
func clock(t *testing.T, d *targets.Deployment) time.Time {
	t.Helper()
	resp, err := http.Get(d.Endpoint.URL + "/ready")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// emulator is the QEMU that this test started; 0: there is none.
func emulator() int {
	for _, pid := range local.Descendants(os.Getpid()) {
		if name, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm"); strings.HasPrefix(string(name), "qemu-system") {
			return pid
		}
	}
	return 0
}
