package failover

import (
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/record"
)

// replace finds the server that came in the place of the one that was hit, before the next
// fault: of several, the one that answered first.
func (f *Case) replace(c *sample.Cell, events []record.Event, until time.Duration) {
	told := map[string]bool{} // of the replicas so far
	for _, e := range events {
		isMade := e.Replica != "" && !told[e.Replica] && startsReplica(e.Kind)
		told[e.Replica] = true
		began := e.At.Sub(c.Started) - f.At
		if began <= 0 || began > until-f.At || !isMade && e.Kind != record.EventRestarted {
			continue
		}
		s := NewServer{Replica: e.Replica, Began: began, Ready: f.readyAfter(e, c, events)}
		if isMade {
			f.answerAsNew(&s, c, events)
		} else {
			f.answerAgain(&s, c, events)
		}
		if f.New == (NewServer{}) || s.Answered > 0 && (f.New.Answered == 0 || s.Answered < f.New.Answered) {
			f.New = s
		}
	}
}

// readyAfter is when the replica of an event was first ready from it on; 0: never.
func (f *Case) readyAfter(began record.Event, c *sample.Cell, events []record.Event) time.Duration {
	for _, e := range events {
		if e.Kind == record.EventReady && e.Replica == began.Replica && !e.At.Before(began.At) {
			return e.At.Sub(c.Started) - f.At
		}
	}
	return 0
}

func startsReplica(kind string) bool {
	switch kind {
	case record.EventCreated, record.EventScheduled, record.EventRunning, record.EventReady:
		return true
	}
	return false
}

// answerAsNew finds the first answer of a replica that is not the one before the fault:
// answers name it, or come from its address.
func (f *Case) answerAsNew(s *NewServer, c *sample.Cell, events []record.Event) {
	addresses := map[string]bool{}
	for _, e := range events {
		if e.Replica == s.Replica && e.Address != "" {
			addresses[e.Address] = true
		}
	}
	for _, r := range c.Replicas {
		s.Known = s.Known || r.ID != ""
		if (r.ID == s.Replica || addresses[r.ID]) && r.OK > 0 {
			s.Answered = r.First - f.At
		}
	}
}

// answerAgain finds the first answer of a server that was started again. An id that was not
// seen before tells. Else every answer after the failures of the fault is its, if it is the only
// server; where nothing failed, nothing tells.
func (f *Case) answerAgain(s *NewServer, c *sample.Cell, events []record.Event) {
	for _, r := range c.Replicas {
		if at := r.First - f.At; s.Replica == "" && r.ID != "" && r.OK > 0 && at >= s.Began && (!s.Known || at < s.Answered) {
			s.Answered, s.Known = at, true
		}
	}
	if s.Known || !isOnlyServer(s.Replica, events) || f.Healed > 0 && f.Healed < s.Began {
		return
	}
	for _, o := range c.Outages {
		ends := o.Recovered - f.At
		switch {
		case o.OK > 0 && (ends > 0 || o.Recovered == 0) && o.First <= f.At+s.Began:
			return // some of the correct answers among the failures may be its
		case o.Recovered == 0:
			s.Known = f.Never // else it is long after
			return
		// A platform that names its replicas tells of a restart some time after it.
		case ends > 0 && (ends <= f.Recovered || f.Never) && (ends >= s.Began || s.Replica != ""):
			s.Answered, s.Known = ends, true
			return
		}
	}
}

// isOnlyServer says that events tell of no other replica than that one.
func isOnlyServer(replica string, events []record.Event) bool {
	for _, e := range events {
		if e.Replica != replica && e.Replica != "" {
			return false
		}
	}
	return true
}
