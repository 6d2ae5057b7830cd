package attack

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack/transport"
	"servebench/targets/protocol"
)

// mostReplicas bounds the replicas that are distinguished. Those beyond it are counted
// together with the answers that do not say where they come from.
const mostReplicas = 1000

// longestID is how much of an instance's id is kept, in bytes.
const longestID = 128

// replicas counts the answers of the instances that gave them, by what the answers call
// them or the addresses at which they were asked. Most answers come from the instance of
// one a moment before, which costs no look-up.
type replicas struct {
	index map[string]int
	all   []record.Replica
	last  int // in all

	faults []time.Duration // when faults will be injected
}

// add books an answer that was done at a time, and is correct or not.
func (rs *replicas) add(o *transport.Outcome, correct bool) {
	id := o.Address
	if named := o.Header[protocol.InstanceIDHeader]; len(named) > 0 {
		id = named[0][:min(len(named[0]), longestID)]
	}
	r := rs.of(id)
	for _, at := range rs.faults {
		if o.Done < at && o.Done >= at-record.FaultLead {
			countBefore(r, at)
		}
	}
	if !correct {
		r.Failed++
		return
	}
	if r.OK++; r.OK == 1 {
		r.First = o.Done
	}
	r.First, r.Last = min(r.First, o.Done), max(r.Last, o.Done)
}

// countBefore counts one more answer of a replica before a fault.
func countBefore(r *record.Replica, fault time.Duration) {
	i := slices.IndexFunc(r.Before, func(b record.AnswersBefore) bool { return b.Fault == fault })
	if i < 0 {
		i, r.Before = len(r.Before), append(r.Before, record.AnswersBefore{Fault: fault})
	}
	r.Before[i].Answers++
}

func (rs *replicas) of(id string) *record.Replica {
	if rs.last < len(rs.all) && rs.all[rs.last].ID == id {
		return &rs.all[rs.last]
	}
	i, known := rs.index[id]
	if !known && len(rs.all) >= mostReplicas {
		id = ""
		i, known = rs.index[id]
	}
	if !known {
		if rs.index == nil {
			rs.index = map[string]int{}
		}
		i, id = len(rs.all), strings.Clone(id) // of a whole header
		rs.index[id], rs.all = i, append(rs.all, record.Replica{ID: id})
	}
	rs.last = i
	return &rs.all[i]
}

// byFirst are the replicas in the order of their first correct answers, those without any
// last; none where no answer said where it came from.
func (rs *replicas) byFirst() []record.Replica {
	if len(rs.all) == 1 && rs.all[0].ID == "" {
		return nil
	}
	first := func(r record.Replica) time.Duration {
		if r.OK == 0 {
			return math.MaxInt64
		}
		return r.First
	}
	slices.SortStableFunc(rs.all, func(a, b record.Replica) int { return cmp.Compare(first(a), first(b)) })
	return rs.all
}
