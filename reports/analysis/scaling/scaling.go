// Package scaling finds how the number of replicas followed the load: how long it took
// until an autoscaler decided, until each new replica ran, was ready and answered, how long
// users waited meanwhile, and how many replicas there were too few and too many.
package scaling

import (
	"slices"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/record"
)

// Trial is how the replicas of a target followed the load of a phase in one round. Times
// that are not known are nil; those that are not said otherwise count from the Rise.
type Trial struct {
	Target string `json:"target"`
	Phase  string `json:"phase"`
	Round  int    `json:"round"`
	// Observed says that the target told what happened to replicas.
	Observed bool `json:"observed"`
	// Rise is when the load rose, from the phase's start, and Fall when it fell back; a load
	// without steps rises at its start.
	Rise time.Duration  `json:"rise_ms"`
	Fall *time.Duration `json:"fall_ms"`
	Low  float64        `json:"low_rps"`  // before Rise, per second; 0: there was no load
	High float64        `json:"high_rps"` // after it
	// The replicas that were ready at the Rise, the most, and at the end of the phase.
	Before int `json:"replicas_before"`
	Most   int `json:"replicas_most"`
	End    int `json:"replicas_end"`
	// Decided is when more replicas were decided on; nil: never.
	Decided  *time.Duration `json:"decided_ms"`
	Replicas []Replica      `json:"replicas"`
	Levels   []Level        `json:"levels"` // ascending; none where nothing was Observed
	Users    Users          `json:"users"`
	Supply   *Supply        `json:"supply"` // nil: it takes a p99 limit that was held for a while
	// Reduced is when fewer replicas were decided on, and Back when no more than Before were
	// ready, from the Fall; nil: not within the phase.
	Reduced *time.Duration `json:"reduced_ms"`
	Back    *time.Duration `json:"back_ms"`
}

// Replica is one replica, by the name that the target has for it.
type Replica struct {
	ID      string         `json:"id"`  // "": answers that did not say where they came from
	New     bool           `json:"new"` // made after the Rise
	Created *time.Duration `json:"created_ms"`
	Running *time.Duration `json:"running_ms"`
	Ready   *time.Duration `json:"ready_ms"`
	First   *time.Duration `json:"first_answer_ms"` // its first correct answer in the phase
	Ended   *time.Duration `json:"ended_ms"`
	OK      int64          `json:"ok"`
	Failed  int64          `json:"failed"`
	// Answers says whether OK and Failed are known.
	Answers bool `json:"answers_known"`
}

// Level is how many replicas there are from a moment on, from the phase's start.
type Level struct {
	At      time.Duration `json:"at_ms"`
	Desired int           `json:"desired"` // 0: not said
	Ready   int           `json:"ready"`
}

// Users is what the users met between the Rise and the Fall.
type Users struct {
	Limit time.Duration `json:"p99_limit_ms"` // of the response time; 0: there is none, and the rest is not known
	// Over is for how long in all the p99 was above it: in so many whole slices. A request
	// that failed counts as above.
	Over time.Duration `json:"over_ms"`
	// Recovered is from when on the p99 was at or below the limit for Calm, after it had been
	// above; nil: it never was above, or not below again.
	Recovered *time.Duration `json:"recovered_ms"`
	Due       int64          `json:"due"`
	Failed    int64          `json:"failed"` // failed, censored, or not sent
	Late      int64          `json:"late"`   // answered rightly after the limit
}

// Calm is for how long the p99 has to be at or below its limit to be held.
const Calm = 5 * time.Second

// Supply compares the replicas that were ready with those that the load took.
type Supply struct {
	// Capacity is the load per second that a replica bears, at least: the highest per ready
	// replica at which the p99 limit was held for Calm.
	Capacity float64 `json:"capacity_rps"`
	// Under and Over are the replicas that were too few and too many, multiplied by for how
	// long they were, in replica-seconds.
	Under float64 `json:"under_replica_seconds"`
	Over  float64 `json:"over_replica_seconds"`
}

// Idle are the new replicas that were ready for Calm at least and answered no request.
func (t Trial) Idle(span time.Duration) (idle []string) {
	for _, r := range t.Replicas {
		until := span - t.Rise
		if r.Ended != nil {
			until = min(until, *r.Ended)
		}
		if r.New && r.Answers && r.Ready != nil && until-*r.Ready >= Calm && r.OK+r.Failed == 0 {
			idle = append(idle, r.ID)
		}
	}
	return idle
}

// Started counts the new replicas, and those of them that came to be ready.
func (t Trial) Started() (made, ready int) {
	for _, r := range t.Replicas {
		if r.New {
			made++
			if r.Ready != nil {
				ready++
			}
		}
	}
	return made, ready
}

// Analyse tells how each target scaled in each measured phase and round, in the scenario's
// order; none of a scenario that asks for one replica. limit is that of the p99; 0: none.
func Analyse(run *record.Run, cells []*sample.Cell, limit time.Duration) []Trial {
	if run.Scenario.Scaling == nil {
		return nil
	}
	var all []Trial
	for _, target := range run.Targets {
		for _, phase := range run.Scenario.Phases {
			for _, c := range sample.Pick(cells, target.Name, phase.Name) {
				all = append(all, newTrial(phase, c, eventsOf(target, c), limit))
			}
		}
	}
	return all
}

// eventsOf are the events of the deployment that a cell's load was sent to.
func eventsOf(target record.Target, c *sample.Cell) []record.Event {
	for _, d := range target.Deployments {
		if d.Round == c.Round && d.Attempt == c.Attempt && !d.Alone {
			return d.Events
		}
	}
	return nil
}

func newTrial(phase record.Phase, c *sample.Cell, events []record.Event, limit time.Duration) Trial {
	t := Trial{Target: c.Target, Phase: c.Phase, Round: c.Round, Observed: len(events) > 0, High: phase.Rate}
	t.findSteps(phase.Steps)
	t.Replicas = t.replicasOf(c, events)
	t.Levels = levelsOf(c, events)
	end := c.Span
	t.Before, t.End = readyAt(t.Levels, t.Rise), readyAt(t.Levels, end)
	for _, l := range t.Levels {
		if l.At <= end {
			t.Most = max(t.Most, l.Ready)
		}
	}
	t.findDecisions(end)
	t.Users = t.usersOf(c, limit)
	t.Supply = supplyOf(c, phase.Steps, t.Levels, limit)
	return t
}

// findSteps finds the first rise of the load, and its fall.
func (t *Trial) findSteps(steps []record.Step) {
	risen := false
	for i, s := range steps {
		switch {
		case i == 0:
			t.High = s.Rate
		case !risen && s.Rate > steps[i-1].Rate:
			risen, t.Rise, t.Low, t.High = true, s.Start, steps[i-1].Rate, s.Rate
		case risen && t.Fall == nil && s.Rate < steps[i-1].Rate:
			fall := s.Start
			t.Fall = &fall
		}
	}
}

// findDecisions finds when more replicas were decided on, and fewer, before the phase's end.
func (t *Trial) findDecisions(end time.Duration) {
	fall := end
	if t.Fall != nil {
		fall = *t.Fall
	}
	for i, l := range t.Levels {
		before := 0
		if i > 0 {
			before = t.Levels[i-1].Desired
		}
		switch {
		case l.At > end:
			return
		case l.Desired > before && before > 0 && l.At >= t.Rise && l.At < fall && t.Decided == nil:
			t.Decided = since(t.Rise, l.At)
		case l.Desired < before && l.At >= fall && t.Reduced == nil:
			t.Reduced = since(fall, l.At)
		}
		scaledIn := t.Reduced != nil || l.Desired == 0 // one that is not ready for a moment is not gone
		if l.At >= fall && scaledIn && l.Ready <= t.Before && t.Most > t.Before && t.Back == nil {
			t.Back = since(fall, l.At)
		}
	}
}

func since(from, at time.Duration) *time.Duration {
	d := at - from
	return &d
}

// replicasOf are those that the target told of and that lived in the phase, and those that
// answered alone.
func (t *Trial) replicasOf(c *sample.Cell, events []record.Event) []Replica {
	var all []Replica
	names := map[string]string{} // by address
	at := map[string]int{}
	for _, e := range events {
		offset := e.At.Sub(c.Started)
		if e.Replica == "" || offset > c.Span {
			continue
		}
		i, known := at[e.Replica]
		if !known {
			i = len(all)
			at[e.Replica] = i
			all = append(all, Replica{ID: e.Replica, New: offset >= t.Rise, Answers: len(c.Replicas) > 0})
		}
		if e.Address != "" {
			names[e.Address] = e.Replica
		}
		if stage := all[i].stage(e.Kind); stage != nil && *stage == nil {
			*stage = since(t.Rise, offset)
		}
	}
	for _, served := range c.Replicas {
		id := served.ID
		if name, known := names[id]; known {
			id = name
		}
		i, known := at[id]
		if !known {
			i = len(all)
			all = append(all, Replica{ID: id, Answers: true})
		}
		r := &all[i]
		r.OK, r.Failed = r.OK+served.OK, r.Failed+served.Failed
		if served.OK > 0 {
			r.First = since(t.Rise, served.First)
		}
	}
	return slices.DeleteFunc(all, func(r Replica) bool { return r.Ended != nil && *r.Ended < -t.Rise && r.OK+r.Failed == 0 })
}

// stage is where a kind of event is noted; nil: nowhere.
func (r *Replica) stage(kind string) **time.Duration {
	switch kind {
	case record.EventCreated:
		return &r.Created
	case record.EventRunning:
		return &r.Running
	case record.EventReady:
		return &r.Ready
	case record.EventEnded:
		return &r.Ended
	}
	return nil
}

// levelsOf follows the numbers of replicas.
func levelsOf(c *sample.Cell, events []record.Event) []Level {
	var levels []Level
	ready, now := map[string]bool{}, Level{}
	for _, e := range events {
		was := now
		switch e.Kind {
		case record.EventDesired:
			now.Desired = e.Replicas
		case record.EventReady:
			ready[e.Replica] = true
		case record.EventUnready, record.EventEnded:
			delete(ready, e.Replica)
		}
		now.Ready = len(ready)
		if now.At = e.At.Sub(c.Started); now.Ready != was.Ready || now.Desired != was.Desired {
			levels = append(levels, now)
		}
	}
	return levels
}

// readyAt is how many replicas are ready at a moment.
func readyAt(levels []Level, at time.Duration) (ready int) {
	for _, l := range levels {
		if l.At > at {
			break
		}
		ready = l.Ready
	}
	return ready
}
