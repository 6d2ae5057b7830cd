package vm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

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
}

// fact says which one ran. Emulation makes every figure that of the emulator.
func (a acceleration) fact() targets.Fact {
	if a.name == kvm {
		return targets.Fact{Name: "acceleration", Value: "KVM, " + a.reason}
	}
	return targets.Fact{Name: "acceleration", Value: "TCG (software emulation), " + a.reason, Unequal: true}
}

// accelerate decides it. Where KVM can be opened, only a guest that boots with it
// shows that it works: some machines that are guests themselves have a KVM that
// runs none.
func (t *target) accelerate(ctx context.Context) (acceleration, error) {
	if t.accel != auto {
		return acceleration{t.accel, "as asked for"}, nil
	}
	if err := openKVM(); err != nil {
		return acceleration{tcg, fmt.Sprintf("because there is no KVM here: %v", err)}, nil
	}
	return t.remembered(ctx)
}

// probe boots a guest with KVM.
func (t *target) probe(ctx context.Context) (acceleration, error) {
	took, err := t.tryKVM(ctx)
	switch {
	case ctx.Err() != nil:
		return acceleration{}, context.Cause(ctx)
	case err != nil:
		return acceleration{tcg, "because no guest boots with KVM here: " + brief(err)}, nil
	}
	return acceleration{kvm, fmt.Sprintf("with which a guest booted within %s when it was tried", took.Round(time.Millisecond))}, nil
}

// tryKVM returns how long a guest took until its first process ran.
func (t *target) tryKVM(ctx context.Context) (time.Duration, error) {
	m, err := t.prepareProbe(acceleration{name: kvm})
	if err != nil {
		return 0, err
	}
	i, err := m.boot(0)
	if err != nil {
		return 0, errors.Join(err, m.remove())
	}
	ctx, cancel := context.WithTimeoutCause(ctx, probeTime, fmt.Errorf("%s were over", probeTime))
	defer cancel()
	e, err := i.await(ctx, guest.Booted)
	switch {
	case errors.Is(err, targets.ErrEnded):
		err = fmt.Errorf("QEMU %w", i.qemu.Ended())
	case err != nil:
		err = i.explain(err, 0)
	}
	return e.at.Sub(i.qemu.Began), errors.Join(err, i.discard(), m.remove())
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
