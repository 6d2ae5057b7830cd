package recordtest

import (
	"fmt"
	"time"

	"servebench/reports/record"
)

// Scale is a run of a load that rises for 20 s to what three replicas bear: one
// target starts them, one never reacts, and one cannot.
func Scale() Plan {
	p := Compare()
	p.Name, p.Rounds = "scale", 1
	p.Scaling = &record.Scaling{Min: 1, Max: 4, Metric: record.ScalingCPU, Target: 0.6}
	p.SLO = record.SLO{P99: 100 * time.Millisecond}
	scale := record.Phase{Name: "scale", Model: "credit", Arrivals: "spike", Rate: 500. / 3, Duration: 45 * time.Second, Measured: true, Open: true}
	scale.Steps = []record.Step{{Duration: 10 * time.Second, Rate: 100}, {Start: 10 * time.Second, Duration: 20 * time.Second, Rate: 250}, {Start: 30 * time.Second, Duration: 15 * time.Second, Rate: 100}}
	p.Phases = []record.Phase{scale}
	grows := p.Targets[0]
	grows.Name, grows.Capacity, grows.Facts = "kubernetes", 150, nil
	never, single := grows, grows
	grows.Ready, grows.Removed = []time.Duration{16 * time.Second, 16500 * time.Millisecond}, 42*time.Second
	never.Name, never.Ready, never.Warned = "lambda", []time.Duration{}, "ConcurrencyLimit: the account's limit of 1 is reached"
	single.Name, single.Facts = "container", []record.Fact{{Name: record.FactScaling, Value: "1 replica, where the scenario asks for up to 4: the target does not scale", Unequal: true}}
	p.Targets = []Target{grows, never, single}
	return p
}

// replicas is how many are ready at an offset of a phase.
func (t Target) replicas(at time.Duration) int {
	n := 1
	for _, ready := range t.Ready {
		if at >= ready && (t.Removed == 0 || at < t.Removed) {
			n++
		}
	}
	return n
}

func replicaName(k int) string { return fmt.Sprintf("replica-%d", k+1) }

// answeredBy books a right answer by one of the replicas, which take turns.
func (l *load) answeredBy(done time.Duration) {
	if l.Ready == nil {
		return
	}
	k := l.answers % l.replicas(done)
	l.answers++
	for len(l.cell.Replicas) <= k {
		l.cell.Replicas = append(l.cell.Replicas, record.Replica{ID: replicaName(len(l.cell.Replicas)), First: done})
	}
	r := &l.cell.Replicas[k]
	r.OK++
	r.First, r.Last = min(r.First, done), max(r.Last, done)
}

// events are those of the replicas, of a phase that began at a time.
func (t Target) events(began time.Time) []record.Event {
	if t.Ready == nil {
		return nil
	}
	at := func(offset time.Duration, kind string, k int) record.Event {
		return record.Event{At: began.Add(offset), Kind: kind, Replica: replicaName(k)}
	}
	desired := func(offset time.Duration, n int) record.Event {
		return record.Event{At: began.Add(offset), Kind: record.EventDesired, Replicas: n}
	}
	events := []record.Event{desired(-5*time.Second, 1), at(-4*time.Second, record.EventCreated, 0), at(-3*time.Second, record.EventRunning, 0), at(-2*time.Second, record.EventReady, 0)}
	if t.Warned != "" {
		for _, offset := range []time.Duration{12 * time.Second, 13 * time.Second} {
			events = append(events, record.Event{At: began.Add(offset), Kind: record.EventWarning, Text: t.Warned})
		}
	}
	if len(t.Ready) == 0 {
		return events
	}
	first := t.Ready[0]
	events = append(events, desired(first-2*time.Second, 1+len(t.Ready)))
	for k := range t.Ready {
		events = append(events, at(first-1900*time.Millisecond, record.EventCreated, k+1))
	}
	for k := range t.Ready {
		events = append(events, at(first-1200*time.Millisecond, record.EventRunning, k+1))
	}
	for k, ready := range t.Ready {
		events = append(events, at(ready, record.EventReady, k+1))
	}
	if t.Removed > 0 {
		events = append(events, desired(t.Removed-time.Second, 1))
		for k := range t.Ready {
			events = append(events, at(t.Removed, record.EventUnready, k+1), at(t.Removed+200*time.Millisecond, record.EventEnded, k+1))
		}
	}
	return events
}
