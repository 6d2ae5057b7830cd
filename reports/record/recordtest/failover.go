package recordtest

import (
	"time"

	"servebench/reports/record"
)

// Failover is a run in which the server is killed in each round: on one target it is back
// soon, in another place, on one it fails already before, and on one it cannot be killed.
func Failover() Plan {
	p := Compare()
	p.Name = "failover"
	p.Faults = []record.Injection{{Kind: "process-kill", Phase: "steady", At: 4 * time.Second}}
	p.SLO = record.SLO{P99: 50 * time.Millisecond}
	back := p.Targets[0]
	back.Errors, back.Stall = nil, 0
	fails, spared := back, back
	back.Down, fails.Down = 180*time.Millisecond, 900*time.Millisecond
	fails.Name, fails.Errors = "kubernetes", []Error{{record.ErrorTimeout, "no complete answer within the timeout", 0.2}}
	spared.Name = "vm"
	p.Targets = []Target{back, fails, spared}
	return p
}

// isDown says whether a fault has the server refuse a request.
func (l *load) isDown(due time.Duration) bool {
	for _, f := range l.faults {
		if f.Phase == l.phase.Name && due >= f.At && due < f.At+l.Down {
			return true
		}
	}
	return false
}

// failed books a failure in the runs of them.
func (l *load) failed(due time.Duration, class string) {
	all := l.cell.Outages
	isNew := len(all) == 0 || due-all[len(all)-1].Last > time.Second
	for _, f := range l.faults {
		isNew = isNew || f.Phase == l.phase.Name && due >= f.At && all[len(all)-1].First < f.At
	}
	if isNew {
		l.cell.Outages = append(l.cell.Outages, record.Outage{First: due})
	}
	o := &l.cell.Outages[len(l.cell.Outages)-1]
	if o.Last > 0 {
		o.OK += l.between
	}
	o.Last, o.Recovered, l.between = due, 0, 0
	for i := range o.Errors {
		if o.Errors[i].Class == class {
			o.Errors[i].Count++
			return
		}
	}
	o.Errors = append(o.Errors, record.ErrorCount{Class: class, Count: 1})
}

// recovered books a correct answer after failures.
func (l *load) recovered(done time.Duration) {
	l.between++
	for i := range l.cell.Outages {
		if o := &l.cell.Outages[i]; o.Recovered == 0 {
			o.Recovered = done
		}
	}
}

// injections are the events of the faults of a phase that began at a time.
func (t Target) injections(p Plan, phase string, began time.Time) (events []record.Event) {
	for _, f := range p.Faults {
		if f.Phase != phase || t.Down == 0 {
			continue
		}
		at := began.Add(f.At + time.Millisecond)
		events = append(events,
			record.Event{At: at, Kind: record.EventInjected, Fault: f.Kind, Text: "SIGKILL to process 4711"},
			record.Event{At: at.Add(8 * time.Millisecond), Kind: record.EventEnded},
			record.Event{At: at.Add(t.Down / 2), Kind: record.EventRestarted},
			record.Event{At: at.Add(t.Down), Kind: record.EventReady})
	}
	return events
}
