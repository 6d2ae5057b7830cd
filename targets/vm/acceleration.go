package vm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/reports/record/userfile"
	"servebench/targets"
	"servebench/targets/vm/guest"
)

// probeTime is how long a guest may take to boot with KVM; it takes a fraction
// of a second where KVM works.
const probeTime = 5 * time.Second

// acceleration is how a guest's instructions run.
type acceleration struct {
	name   string // kvm or tcg
	reason string
	// passing says that the guest was not up in time, which a busy machine may
	// be the cause of.
	passing bool
}

// fact says which one ran. Emulation makes every figure that of the emulator.
func (a acceleration) fact() record.Fact {
	if a.name == kvm {
		return record.Fact{Name: record.FactAcceleration, Value: "KVM, " + a.reason, State: record.KVM}
	}
	return record.Fact{Name: record.FactAcceleration, Value: "TCG (software emulation), " + a.reason, State: record.TCG, Unequal: true}
}

// leastShare is the part of the time since its start that an emulated guest runs at least
// while it boots and its server loads. Of a few percent of a CPU, its kernel's tick takes most.
const leastShare = 0.5

// patience says what to do about a guest whose event did not come in time, and which used so
// much CPU time of that. To import numpy, scikit-learn and FastAPI takes 1.6 s of a CPU on a
// machine and 27 s emulated on it.
func (a acceleration) patience(event string, used, took time.Duration) string {
	ran := fmt.Sprintf("QEMU ran for %s of %s", used.Round(100*time.Millisecond), took.Round(100*time.Millisecond))
	switch {
	case a.name != tcg:
		return "; " + ran
	case used.Seconds() >= leastShare*took.Seconds():
		return "; " + ran + ", and an emulated guest (TCG) starts a server some 10 to 20 times more slowly than this machine: raise workload.start_timeout"
	case event == guest.Listening:
		return "; " + ran + ": the server waits for something, or the guest got too little of a CPU (limits.cpus, or a busy machine)"
	}
	return "; " + ran + ": the guest got too little of a CPU (limits.cpus, or a busy machine)"
}

// accelerate decides it. Where KVM can be opened, only a guest that boots with it
// shows that it works: some machines that are guests themselves have a KVM that
// runs none.
func (t *target) accelerate(ctx context.Context) (acceleration, error) {
	if t.accel != auto {
		return acceleration{name: t.accel, reason: "as asked for"}, nil
	}
	if err := openKVM(); err != nil {
		return acceleration{name: tcg, reason: fmt.Sprintf("because there is no KVM here: %v", err)}, nil
	}
	return t.remembered(ctx)
}

// probe boots a guest with KVM. That it boots is an answer, and so is that QEMU
// ended or that the guest was not up in time. An error means that there is none:
// the attempt could not be made, or not be cleaned up after.
func (t *target) probe(ctx context.Context) (acceleration, error) {
	found, err := t.tryKVM(ctx)
	if err != nil {
		return acceleration{}, fmt.Errorf("try whether KVM runs a guest: %w", err)
	}
	return found, nil
}

func (t *target) tryKVM(ctx context.Context) (acceleration, error) {
	m, err := t.prepareProbe(acceleration{name: kvm})
	if err != nil {
		return acceleration{}, err
	}
	i, err := m.boot(0, nil)
	if err != nil {
		return acceleration{}, errors.Join(err, m.remove())
	}
	found, err := i.judge(ctx)
	return found, errors.Join(err, i.discard(), m.remove())
}

// judge waits for the guest that was started with KVM to boot.
func (i *instance) judge(ctx context.Context) (acceleration, error) {
	limited, cancel := context.WithTimeoutCause(ctx, probeTime, fmt.Errorf("%s were over", probeTime))
	defer cancel()
	e, err := i.await(limited, guest.Booted)
	switch {
	case err == nil:
		took := e.at.Sub(i.qemu.Began).Round(time.Millisecond)
		return acceleration{name: kvm, reason: fmt.Sprintf("with which a guest booted within %s when it was tried", took)}, nil
	case errors.Is(err, targets.ErrEnded):
		return noKVM(fmt.Errorf("QEMU %w", i.qemu.Ended())), nil
	case ctx.Err() != nil:
		return acceleration{}, context.Cause(ctx)
	}
	found := noKVM(i.explain(err, 0))
	found.passing = true
	return found, nil
}

func noKVM(err error) acceleration {
	return acceleration{name: tcg, reason: "because no guest boots with KVM here: " + brief(err)}
}

// brief makes an error fit for a fact: one line, and of a length to read.
func brief(err error) string {
	const most = 160
	text := []rune(strings.Join(strings.Fields(err.Error()), " "))
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// guestDir is the folder of the cache that holds the kernels: each in a folder
// PACKAGE_VERSION, as the Debian package unpacks.
const guestDir = "guest"

// lockPause is the pause between two tries to lock a file.
const lockPause = 20 * time.Millisecond

// passingKept is how long the answer of a guest that was not up in time is kept:
// the machine may have been busy, and to try again takes seconds.
const passingKept = time.Hour

// answerFile is the file of the cache that keeps the last probe's answer.
const answerFile = "acceleration.json"

// answer is what a probe found, as the cache keeps it.
type answer struct {
	Accel   string    // kvm or tcg
	Reason  string    // as in a Fact
	Date    time.Time // of the probe
	Key     string    // what the answer depends on
	Passing bool      `json:",omitempty"` // it is kept for passingKept alone
}

// remembered returns the answer of the last probe, or probes. The file that keeps
// it is locked meanwhile, so that several processes boot one guest. All guests of
// one target run the same way.
func (t *target) remembered(ctx context.Context) (acceleration, error) {
	if known := t.known.Load(); known != nil {
		return *known, nil
	}
	key, err := t.probeKey(ctx)
	if err != nil {
		return acceleration{}, err
	}
	found, err := recall(ctx, filepath.Join(t.cache, answerFile), key, t.probe)
	if err != nil {
		return acceleration{}, err
	}
	if !t.known.CompareAndSwap(nil, &found) {
		return *t.known.Load(), nil // another deployment's probe was faster
	}
	return found, nil
}

// probeKey names all that the answer may change with.
func (t *target) probeKey(ctx context.Context) (string, error) {
	sum, err1 := t.kernel.Checksum()
	version, err2 := qemuVersion(ctx, t.qemu)
	boot, err3 := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.Join([]string{"kernel " + sum, version, "boot " + strings.TrimSpace(string(boot)), machineType}, "; "), errors.Join(err1, err2, err3)
}

// recall returns the answer in the file if it is that to the key, else what probe
// finds, and keeps that. Where nothing can be kept, the answer says so.
func recall(ctx context.Context, file, key string, probe func(context.Context) (acceleration, error)) (acceleration, error) {
	f, fault := openLocked(ctx, file)
	if fault == nil {
		defer f.Close()
		if a, ok := readAnswer(f, key); ok {
			return a, nil
		}
	}
	if ctx.Err() != nil {
		return acceleration{}, context.Cause(ctx)
	}
	found, err := probe(ctx)
	if err != nil {
		return acceleration{}, err
	}
	a := answer{found.name, found.reason, time.Now().UTC().Truncate(time.Second), key, found.passing}
	if fault == nil {
		fault = writeAnswer(f, a)
	}
	found = a.acceleration()
	if fault != nil {
		found.reason += fmt.Sprintf(" (it cannot be remembered: %s)", brief(fault))
	}
	return found, nil
}

// openLocked opens the file, which need not exist, for this process alone.
func openLocked(ctx context.Context, file string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := lock(ctx, f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", file, err), f.Close())
	}
	return f, nil
}

// writeAnswer puts the answer in the place of what is in the file.
func writeAnswer(f *os.File, a answer) error {
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(append(text, '\n'), 0)
	return err
}

// readAnswer reads the answer to the key; false when there is none that still
// holds, or the file is damaged.
func readAnswer(r io.Reader, key string) (acceleration, bool) {
	var a answer
	if err := json.NewDecoder(r).Decode(&a); err != nil || a.Key != key || a.Accel != kvm && a.Accel != tcg {
		return acceleration{}, false
	}
	if a.Passing && time.Since(a.Date) > passingKept {
		return acceleration{}, false
	}
	return a.acceleration(), true
}

// acceleration words the answer the same when it was just found and later: a
// Fact that reads otherwise in another round would be news.
func (a answer) acceleration() acceleration {
	return acceleration{a.Accel, fmt.Sprintf("%s (tried on %s)", a.Reason, a.Date.Format(time.DateOnly)), a.Passing}
}

// lock locks a file for this process alone; closing it unlocks it.
func lock(ctx context.Context, f *os.File) error {
	for {
		err := userfile.Lock(f)
		if !errors.Is(err, userfile.ErrLocked) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lockPause):
		}
	}
}
