package failover

import (
	"slices"

	"servebench/reports/analysis/sample"
	"servebench/reports/record"
)

// idleShare is below which share of the answers the replica that was hit carried no load.
const idleShare = 0.01

// Idle says that the fault hit a replica that carried no load: what it cost tells nothing of what
// a failure costs.
func (c Case) Idle() bool { return c.Share != nil && *c.Share < idleShare }

// Idle are the rounds in which the fault hit a replica without load.
func (f Fault) Idle() (rounds []int) {
	for _, c := range f.Cases {
		if c.Idle() {
			rounds = append(rounds, c.Round)
		}
	}
	return rounds
}

// shareOf finds which share of the answers before the fault the replica gave that it hit. Of a
// record that did not count them it is known only where the replica gave none.
func (f *Case) shareOf(c *sample.Cell, events []record.Event) {
	if f.Replica == "" {
		return
	}
	addresses := []string{f.Replica}
	for _, e := range events {
		if e.Replica == f.Replica && e.Address != "" {
			addresses = append(addresses, e.Address)
		}
	}
	var its, all int64
	isIdle, answered := true, false // as far as the first and last answers tell
	for _, r := range c.Replicas {
		isHit := slices.Contains(addresses, r.ID)
		n := before(r, f)
		if all += n; isHit {
			its += n
		}
		if r.ID == "" {
			return // any of them may be its
		}
		if r.OK > 0 && r.First < f.At && r.Last >= f.At-record.FaultLead || r.Failed > 0 {
			isIdle, answered = isIdle && !isHit, answered || !isHit
		}
	}
	switch {
	case all > 0:
		share := float64(its) / float64(all)
		f.Share = &share
	case isIdle && answered:
		f.Share = new(float64)
	}
}

// before are the answers of a replica in the time before a fault, as they were counted.
func before(r record.Replica, f *Case) int64 {
	for _, b := range r.Before {
		if b.Fault == f.planned {
			return b.Answers
		}
	}
	return 0
}
