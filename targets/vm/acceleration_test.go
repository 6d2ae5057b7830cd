package vm

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"servebench/targets/vm/kernel"
)

// pretending is a target whose emulator is another program.
func pretending(program string) *target {
	return &target{qemu: program, kernel: &kernel.Kernel{Path: "vmlinuz"}, guestinit: os.Args[0]}
}

// What this machine lacks says nothing about KVM.
func TestProbeThatCannotBeMade(t *testing.T) {
	dir := t.TempDir()
	gone := filepath.Join(dir, "gone")
	for name, c := range map[string]struct{ folder, emulator, want string }{
		"no folder":   {gone, os.Args[0], gone},
		"no emulator": {dir, gone, gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", c.folder)
			found, err := pretending(c.emulator).probe(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("probe = %+v, %v, want an error that says %q", found, err, c.want)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// An emulator that ends is an answer, for as long as the machine is up.
func TestProbeOfAnEmulatorThatEnds(t *testing.T) {
	program, err := exec.LookPath("false")
	if err != nil {
		t.Skipf("there is no program that fails: %v", err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	found, err := pretending(program).probe(t.Context())
	if err != nil || found.name != tcg || found.passing || !strings.Contains(found.reason, "status 1") {
		t.Errorf("probe = %+v, %v, want %s because of status 1", found, err, tcg)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// prober counts how often it is asked.
type prober struct {
	asked atomic.Int32
	found acceleration
	err   error
}

func (p *prober) probe(context.Context) (acceleration, error) {
	p.asked.Add(1)
	return p.found, p.err
}

func TestRecall(t *testing.T) {
	file := filepath.Join(t.TempDir(), "answer.json")
	p := &prober{found: acceleration{name: tcg, reason: "because it hangs"}}
	for _, c := range []struct {
		key    string
		asked  int32
		reason string
	}{
		{"one", 1, "because it hangs (tried on 2"},
		{"one", 1, "because it hangs (tried on 2"},
		{"two", 2, "because it hangs (tried on 2"},
	} {
		got, err := recall(t.Context(), file, c.key, p.probe)
		if err != nil || got.name != tcg || !strings.HasPrefix(got.reason, c.reason) || p.asked.Load() != c.asked {
			t.Errorf("key %s: %+v, %v after %d probes, want %q after %d", c.key, got, err, p.asked.Load(), c.reason, c.asked)
		}
	}
}

func TestRecallOfADamagedFile(t *testing.T) {
	for _, text := range []string{"{", "[]", `{"Accel":"xen","Key":"one"}`, strings.Repeat("x", 4096)} {
		file := filepath.Join(t.TempDir(), "answer.json")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		p := &prober{found: acceleration{name: kvm, reason: "with which it boots"}}
		for range 2 {
			if got, err := recall(t.Context(), file, "one", p.probe); err != nil || got.name != kvm {
				t.Errorf("%q: %+v, %v", text, got, err)
			}
		}
		if p.asked.Load() != 1 {
			t.Errorf("%q: %d probes, want one", text, p.asked.Load())
		}
	}
}

// A probe that failed is no answer, and is made again.
func TestRecallOfAFault(t *testing.T) {
	file := filepath.Join(t.TempDir(), "answer.json")
	p := &prober{err: errors.New("no room for a guest")}
	for range 2 {
		if _, err := recall(t.Context(), file, "one", p.probe); !errors.Is(err, p.err) {
			t.Errorf("error %v", err)
		}
	}
	if p.asked.Load() != 2 {
		t.Errorf("%d probes, want two", p.asked.Load())
	}
}

// A cache that cannot be written costs the memory, not the deployment.
func TestRecallWithoutACache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	p := &prober{found: acceleration{name: kvm, reason: "with which it boots"}}
	got, err := recall(t.Context(), filepath.Join(file, "below", "answer.json"), "one", p.probe)
	if err != nil || got.name != kvm || !strings.HasPrefix(got.reason, p.found.reason) || !strings.Contains(got.reason, "cannot be remembered") || !strings.Contains(got.reason, file) {
		t.Errorf("%+v, %v, want what was found, and what is in the way of remembering it", got, err)
	}
	target := &target{}
	target.known.Store(&got)
	if again, err := target.remembered(t.Context()); err != nil || again != got {
		t.Errorf("remembered = %+v, %v, want that of the guest before", again, err)
	}
}

// That a guest was not up in time is asked again after a while.
func TestRecallOfAGuestThatWasLate(t *testing.T) {
	late := acceleration{name: tcg, reason: "because it was late", passing: true}
	for name, c := range map[string]struct {
		age   time.Duration
		asked int32
	}{
		"just now": {0, 0},
		"long ago": {passingKept + time.Minute, 1},
	} {
		file := filepath.Join(t.TempDir(), "answer.json")
		f, err := openLocked(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(writeAnswer(f, answer{late.name, late.reason, time.Now().Add(-c.age), "one", true}), f.Close()); err != nil {
			t.Fatal(err)
		}
		p := &prober{found: late}
		got, err := recall(t.Context(), file, "one", p.probe)
		if err != nil || !got.passing || p.asked.Load() != c.asked {
			t.Errorf("%s: %+v, %v after %d probes, want %d", name, got, err, p.asked.Load(), c.asked)
		}
	}
}

func TestRecallProbesOnceForAll(t *testing.T) {
	file := filepath.Join(t.TempDir(), "answer.json")
	p := &prober{found: acceleration{name: tcg, reason: "because it hangs"}}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got, err := recall(t.Context(), file, "one", p.probe); err != nil || got.name != tcg {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	all.Wait()
	if p.asked.Load() != 1 {
		t.Errorf("%d probes, want one", p.asked.Load())
	}
}

func TestLockEndsWithTheContext(t *testing.T) {
	file := filepath.Join(t.TempDir(), "answer.json")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	_, err := recall(ctx, file, "one", func(context.Context) (acceleration, error) {
		cancel(stop) // the file is locked, and somebody else wants it
		return recall(ctx, file, "one", func(context.Context) (acceleration, error) {
			return acceleration{}, errors.New("probed while the file is locked")
		})
	})
	if !errors.Is(err, stop) {
		t.Errorf("error %v, want the context's", err)
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add(`{"Accel":"tcg","Reason":"it hangs","Date":"2026-11-22T13:00:00Z","Key":"one"}`, "one")
	f.Add(`{"Accel":"kvm"}`, "")
	f.Add(`{"Date":1}`, "one")
	f.Fuzz(func(t *testing.T, text, key string) {
		if a, ok := readAnswer(strings.NewReader(text), key); ok && a.name != kvm && a.name != tcg {
			t.Fatalf("acceleration %q", a.name)
		}
	})
}
