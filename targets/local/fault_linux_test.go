package local

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"servebench/targets"
)

// A frozen server does nothing from the moment on that it is said to be frozen, however
// many of its threads want a CPU then: the signal waits for one of them to get it.
func TestAFrozenServerDoesNothing(t *testing.T) {
	const file, threads = "TEST_COUNT_IN", 16
	if path := os.Getenv(file); path != "" {
		runtime.GOMAXPROCS(threads)
		work := counter(t, path)
		for range threads - 1 {
			go func() {
				for {
					work.Add(1)
				}
			}()
		}
		select {}
	}
	path := filepath.Join(t.TempDir(), "work")
	if err := os.WriteFile(path, make([]byte, os.Getpagesize()), 0o600); err != nil {
		t.Fatal(err)
	}
	work := counter(t, path)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := shell(t, `exec "$0" -test.run '^TestAFrozenServerDoesNothing$'`, func(c *Command) {
		c.Args, c.Env = append(c.Args, self), append(c.Env, file+"="+path)
	})
	grows := func() {
		t.Helper()
		for began, before := time.Now(), work.Load(); work.Load() == before; time.Sleep(time.Millisecond) {
			if time.Since(began) > 10*time.Second {
				t.Fatal("the server does nothing")
			}
		}
	}
	grows()
	for range 10 {
		injected, err := (Prey{Main: p.PID()}).Inject(targets.ProcessStop)
		if err != nil {
			t.Fatal(err)
		}
		before := work.Load()
		time.Sleep(50 * time.Millisecond)
		if done := work.Load() - before; done > 0 {
			t.Errorf("the frozen server counted on by %d", done)
		}
		if err := injected.Heal(context.Background()); err != nil {
			t.Fatal(err)
		}
		grows()
	}
}

// counter is one at the beginning of a file, that processes share.
func counter(t *testing.T, path string) *atomic.Uint64 {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	memory, err := syscall.Mmap(int(f.Fd()), 0, os.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(memory) })
	return (*atomic.Uint64)(unsafe.Pointer(&memory[0]))
}
