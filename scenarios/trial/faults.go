package trial

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// healTimeout bounds the end of a fault, which may have a platform undo much.
const healTimeout = 30 * time.Second

// injections are the faults of one phase on one deployment.
type injections struct {
	session  *session
	trial    trial
	injector targets.Injector
	span     time.Duration // of the phase's schedule
	over     context.Context
	end      context.CancelFunc
	running  sync.WaitGroup

	mu     sync.Mutex
	failed []error
}

// planFaults prepares the faults of a phase; nil where it has none.
func (s *session) planFaults(ctx context.Context, t trial, phase string, deployment *targets.Deployment) (*injections, []record.Injection) {
	var planned []record.Injection
	for _, f := range s.scenario.Faults {
		if f.Phase == phase {
			planned = append(planned, f)
		}
	}
	if planned == nil {
		return nil, nil
	}
	in := &injections{session: s, trial: t, span: s.record.Phase(phase).Duration}
	in.injector, _ = deployment.Instance.(targets.Injector)
	in.over, in.end = s.untilStopped(ctx)
	return in, planned
}

// unlessRestarted says of a server that died in a phase with faults that nothing starts it
// again.
func (s *session) unlessRestarted(phase string) string {
	injected := slices.ContainsFunc(s.scenario.Faults, func(f record.Injection) bool { return f.Phase == phase })
	if injected && !s.scenario.Workload.Restart {
		return ", in which a fault was injected, and nothing starts it again (set workload.restart: true)"
	}
	return ""
}

// begin injects the faults at their times from the moment given.
func (in *injections) begin(zero time.Time, planned []record.Injection) {
	for _, f := range planned {
		in.running.Go(func() { in.play(zero, f) })
	}
}

// finish ends what still lasts, and waits for that. It returns what went wrong. Nil has
// nothing to end.
func (in *injections) finish() []error {
	if in == nil {
		return nil
	}
	in.end()
	in.running.Wait()
	return in.failed
}

// play injects one fault, and ends it when its time or that of the load is over.
func (in *injections) play(zero time.Time, f record.Injection) {
	if !in.waitUntil(zero.Add(f.At)) {
		return
	}
	at := time.Now()
	injected, err := in.inject(f.Kind)
	if err != nil {
		in.fail(err)
		return
	}
	in.tell(record.Event{At: at, Kind: record.EventInjected, Fault: f.Kind, Replica: injected.Replica, Text: injected.Text})
	if injected.Heal == nil {
		return
	}
	until := zero.Add(in.span)
	if f.For > 0 {
		until = at.Add(f.For)
	}
	in.waitUntil(until)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(in.over), healTimeout)
	defer cancel()
	if err := injected.Heal(ctx); err != nil {
		in.fail(fmt.Errorf("end the fault %s: %w", f.Kind, err))
		return
	}
	in.tell(record.Event{At: time.Now(), Kind: record.EventHealed, Fault: f.Kind, Replica: injected.Replica})
}

func (in *injections) inject(kind string) (targets.Injected, error) {
	if in.injector == nil {
		return targets.Injected{}, fmt.Errorf("inject %s: the target cannot do it", kind)
	}
	injected, err := in.injector.Inject(in.over, kind)
	if err != nil {
		err = fmt.Errorf("the fault %s was not injected: %w", kind, err)
	}
	return injected, err
}

// waitUntil waits for a moment, unless the load is over before.
func (in *injections) waitUntil(at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-in.over.Done():
		return false
	}
}

func (in *injections) tell(e record.Event) {
	in.session.events.add(e)
	text := e.Fault + " healed"
	if e.Kind == record.EventInjected {
		text = e.Fault + " injected: " + e.Text
	}
	if e.Replica != "" {
		text += " (" + e.Replica + ")"
	}
	in.session.note("%s: %s", in.trial, text)
}

func (in *injections) fail(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.failed = append(in.failed, err)
}
