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
	// passing says that the guest was not up in time, which a busy machine may
	// be the cause of.
	passing bool
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
