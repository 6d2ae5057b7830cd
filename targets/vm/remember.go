package vm

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// lockPause is the pause between two tries to lock a file.
const lockPause = 20 * time.Millisecond

// answer is what a probe found, as the cache keeps it.
type answer struct {
	Accel  string    // kvm or tcg
	Reason string    // as in a Fact
	Date   time.Time // of the probe
	Key    string    // what the answer depends on
}

// remembered returns the answer of the last probe, or probes. The file that keeps
// it is locked meanwhile, so that several processes boot one guest.
func (t *target) remembered(ctx context.Context) (acceleration, error) {
	key, err := t.probeKey(ctx)
	if err != nil {
		return acceleration{}, err
	}
	if err := os.MkdirAll(t.cache, 0o755); err != nil {
		return acceleration{}, fmt.Errorf("remember whether KVM runs a guest: %w", err)
	}
	sum := sha256.Sum256([]byte(key))
	return recall(ctx, filepath.Join(t.cache, fmt.Sprintf("acceleration-%x.json", sum[:8])), key, t.probe)
}

// probeKey names all that the answer may change with.
func (t *target) probeKey(ctx context.Context) (string, error) {
	sum, err1 := t.kernel.Checksum()
	version, err2 := qemuVersion(ctx, t.qemu)
	boot, err3 := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.Join([]string{"kernel " + sum, version, "boot " + strings.TrimSpace(string(boot)), machineType}, "; "), errors.Join(err1, err2, err3)
}

// recall returns the answer in the file if it is that to the key, else what probe
// finds, and keeps that.
func recall(ctx context.Context, file, key string, probe func(context.Context) (acceleration, error)) (acceleration, error) {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return acceleration{}, fmt.Errorf("remember whether KVM runs a guest: %w", err)
	}
	defer f.Close()
	if err := lock(ctx, f); err != nil {
		return acceleration{}, fmt.Errorf("remember whether KVM runs a guest: %w", err)
	}
	if a, ok := readAnswer(f, key); ok {
		return a, nil
	}
	found, err := probe(ctx)
	if err != nil {
		return acceleration{}, err
	}
	text, err := json.MarshalIndent(answer{found.name, found.reason, time.Now().UTC().Truncate(time.Second), key}, "", "  ")
	if err != nil {
		return acceleration{}, err
	}
	if err := f.Truncate(0); err != nil {
		return acceleration{}, fmt.Errorf("remember whether KVM runs a guest: %w", err)
	}
	if _, err := f.WriteAt(append(text, '\n'), 0); err != nil {
		return acceleration{}, fmt.Errorf("remember whether KVM runs a guest: %w", err)
	}
	return found, nil
}

// readAnswer reads the answer to the key; false when there is none, or the file
// is damaged.
func readAnswer(r io.Reader, key string) (acceleration, bool) {
	var a answer
	if err := json.NewDecoder(r).Decode(&a); err != nil || a.Key != key || a.Accel != kvm && a.Accel != tcg {
		return acceleration{}, false
	}
	return acceleration{a.Accel, fmt.Sprintf("%s (tried on %s)", a.Reason, a.Date.Format(time.DateOnly))}, true
}

// lock locks a file for this process alone; closing it unlocks it.
func lock(ctx context.Context, f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lockPause):
		}
	}
}
