package targettest

import (
	"context"
	"slices"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// inject injects a fault, which has to succeed.
func (p *subject) inject(d *targets.Deployment, kind string) targets.Injected {
	p.Helper()
	if !slices.Contains(p.Kind.Faults, kind) {
		p.Skipf("%s does not inject %s", p.Kind.Name, kind)
	}
	injector, ok := d.Instance.(targets.Injector)
	if !ok {
		p.Fatalf("%s says that it injects %s, and its deployment does not", p.Kind.Name, kind)
	}
	injected, err := injector.Inject(ending(p, patience), kind)
	if err != nil {
		p.Fatalf("inject %s: %v", kind, err)
	}
	if injected.Text == "" {
		p.Errorf("%s does not say what was done", kind)
	}
	return injected
}

// soon is how long a server has for an answer that it cannot give.
const soon = 500 * time.Millisecond

// answersWithin asks for readiness until it is answered.
func (p *subject) answersWithin(most time.Duration, d *targets.Deployment) bool {
	for began := time.Now(); time.Since(began) < most; time.Sleep(10 * time.Millisecond) {
		if p.askWithin(soon, d, "GET", "/ready", nil) == nil {
			return true
		}
	}
	return false
}

// lasts holds a fault that lasts to keeping the server from answering until it is healed,
// and to going with the deployment where it is not.
func lasts(kind string) func(p *subject) {
	return func(p *subject) {
		d := p.deploy(p.workload())
		injected := p.inject(d, kind)
		if p.askWithin(soon, d, "GET", "/ready", nil) == nil {
			p.Errorf("the server answers in spite of %s", kind)
		}
		if err := injected.Heal(ending(p, patience)); err != nil {
			p.Errorf("heal: %v", err)
		}
		if !p.answersWithin(patience, d) {
			p.Fatalf("the server does not answer after %s is healed", kind)
		}
		p.inject(d, kind)
		if err := d.Close(ending(p, patience)); err != nil {
			p.Errorf("Close in spite of %s: %v", kind, err)
		}
		p.clean()
	}
}

func staysDead(p *subject) {
	d := p.deploy(p.workload())
	if p.Replaces {
		p.replaced(d, func() { p.inject(d, targets.ProcessKill) })
		return
	}
	p.inject(d, targets.ProcessKill)
	p.quotes(p.ended(d), "signal 9")
}

// startedAgain kills a server that is to be started again, twice: the second time it is
// removed at any moment after that.
func startedAgain(p *subject) {
	var events events
	w := p.workload()
	w.Restart, w.Events = true, events.add
	d := p.deploy(w)
	var before, after report
	p.must(d, "GET", "/report", &before)
	used := p.spent(d, time.Time{}, time.Now())
	p.inject(d, targets.ProcessKill)
	for deadline := time.Now().Add(patience); after.Began.Equal(before.Began) || after.Began.IsZero(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.Fatal("the server is not started again")
		}
		after = report{}
		_ = p.askWithin(soon, d, "GET", "/report", &after) // it may be dead
	}
	select {
	case <-d.Done():
		p.Errorf("Done is closed though the server was started again: %v", d.Err())
	default:
	}
	if now := p.spent(d, time.Time{}, time.Now()); now.CPU < used.CPU && !p.Replaces {
		p.Errorf("the usage fell from %s to %s", used.CPU, now.CPU)
	}
	if !p.Replaces {
		events.inOrder(p, record.EventRestarted, record.EventReady)
	}
	p.inject(d, targets.ProcessKill)
	if err := d.Close(ending(p, patience)); err != nil {
		p.Errorf("Close: %v", err)
	}
	p.clean()
}

// events are those of a deployment.
type events struct {
	mu  sync.Mutex
	all []record.Event
}

func (e *events) add(event record.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

// inOrder waits until two kinds of events came, the second after the first.
func (e *events) inOrder(p *subject, first, second string) {
	p.Helper()
	came := func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		i := slices.IndexFunc(e.all, func(event record.Event) bool { return event.Kind == first })
		return i >= 0 && slices.ContainsFunc(e.all[i:], func(event record.Event) bool { return event.Kind == second })
	}
	for began := time.Now(); !came(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > patience {
			p.Fatalf("events %+v, want %s and then %s", e.all, first, second)
		}
	}
}

// unknownFault is one that no target knows.
func unknownFault(p *subject) {
	d := p.deploy(p.workload())
	injector, ok := d.Instance.(targets.Injector)
	if !ok {
		p.Skipf("%s injects nothing", p.Kind.Name)
	}
	if _, err := injector.Inject(context.Background(), "meteorite"); err == nil {
		p.Error("an unknown fault is injected")
	} else {
		p.quotes(err, "meteorite")
	}
	p.must(d, "GET", "/ready", nil)
}
