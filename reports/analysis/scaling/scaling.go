// Package scaling finds how the number of replicas followed the load: how long it took
// until an autoscaler decided, until each new replica ran, was ready and answered, how long
// users waited meanwhile, and how many replicas there were too few and too many.
package scaling

import (
	"slices"
	"strings"
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
	// Observed says that the target told what happened to its replicas. Faults say nothing of
	// them, and neither do the restarts of a target that has a single server and no name for it.
	Observed bool `json:"observed"`
	// Rise is when the load rose, from the phase's start, and Fall when it fell back; a load
	// without steps rises at its start.
	Rise time.Duration  `json:"rise_ms"`
	Fall *time.Duration `json:"fall_ms"`
	Low  float64        `json:"low_rps"`  // before Rise, per second; 0: there was no load
	High float64        `json:"high_rps"` // after it
	// The replicas that were ready at the Rise, the least and the most of the phase, and at its
	// end.
	Before int `json:"replicas_before"`
	Least  int `json:"replicas_least"`
	Most   int `json:"replicas_most"`
	End    int `json:"replicas_end"`
	// Decided is when more replicas were decided on; nil: never.
	Decided  *time.Duration `json:"decided_ms"`
	Replicas []Replica      `json:"replicas"`
	// Unanswered are the requests of the phase that failed without an answer of any replica,
	// where replicas are known by their answers.
	Unanswered int64   `json:"unanswered"`
	Levels     []Level `json:"levels"` // ascending; none where nothing was Observed
	// Gaps are when no replica was ready, and Unready is how often a replica that lived on was
	// not ready any more.
	Gaps    []Gap `json:"none_ready"`
	Unready int   `json:"unready"`
	// Removed are the replicas that ended after the Fall.
	Removed []Removed `json:"removed"`
	// Warnings are what the platform warned of during the phase, in the order of their first.
	Warnings []Warning `json:"warnings"`
	Users    Users     `json:"users"`
	Supply   *Supply   `json:"supply"` // nil: it takes a p99 limit that was held for a while
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

// Warning is what the platform warned of for one reason, such as FailedGetResourceMetric: of
// replicas that were not ready yet, or of others.
type Warning struct {
	Text  string        `json:"text"` // of the last one, with the reason
	Count int           `json:"count"`
	First time.Duration `json:"first_ms"` // when it first did, from the Rise
	// Starting says that it is of replicas that had never been ready.
	Starting bool `json:"starting"`
}

// Users is what the users met between the Rise and the Fall.
type Users struct {
	Limit time.Duration `json:"p99_limit_ms"` // of the response time; 0: there is none, and the rest is not known
	// Over is for how long in all the p99 was above it: in so many whole slices. A request
	// that failed counts as above.
	Over time.Duration `json:"over_ms"`
	// Recovered is from when on the p99 was at or below the limit for Calm, after it had been
	// above: the last such time; nil: it never was above, or never below for so long. Again is
	// when it was above the limit once more after that; nil: it was not.
	Recovered *time.Duration `json:"recovered_ms"`
	Again     *time.Duration `json:"above_again_ms"`
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
	// long they were, in replica-seconds. No more are missing than the scenario allows.
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

// Reacted says that more replicas were decided on. Of a target that does not tell what it
// decides, new ones say so; of others, they may have come in the place of some that are gone.
func (t Trial) Reacted() bool {
	if t.Decided != nil {
		return true
	}
	made, _ := t.Started()
	return made > 0 && !slices.ContainsFunc(t.Levels, func(l Level) bool { return l.Desired > 0 })
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
				all = append(all, newTrial(phase, c, run.Deployment(c.Trial()).Events, limit, run.Scenario.Scaling.Max))
			}
		}
	}
	return all
}

func newTrial(phase record.Phase, c *sample.Cell, events []record.Event, limit time.Duration, most int) Trial {
	t := Trial{Target: c.Target, Phase: c.Phase, Round: c.Round, Observed: slices.ContainsFunc(events, tellsOfReplicas), High: phase.Rate}
	t.findSteps(phase.Steps)
	t.Warnings = t.warningsOf(c, events)
	if !t.Observed {
		events = nil
	}
	t.Replicas, t.Unanswered = t.replicasOf(c, events), unanswered(c)
	t.Levels = levelsOf(c, events)
	end := c.Span
	t.Before, t.End = readyAt(t.Levels, t.Rise), readyAt(t.Levels, end)
	for _, l := range t.Levels {
		if l.At <= end {
			t.Most = max(t.Most, l.Ready)
		}
	}
	t.findGaps(c, events)
	t.findDecisions(end)
	t.findRemoved(c, events)
	t.Users = t.usersOf(c, limit)
	t.Supply = supplyOf(c, phase.Steps, t.Levels, limit, most)
	return t
}

// tellsOfReplicas says that an event is of what became of the target's replicas.
func tellsOfReplicas(e record.Event) bool {
	switch e.Kind {
	case record.EventDesired:
		return true
	case record.EventInjected, record.EventHealed:
		return false
	}
	return e.Replica != ""
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

func unanswered(c *sample.Cell) int64 {
	if len(c.Replicas) == 0 {
		return 0
	}
	n := c.Ledger.Failed
	for _, r := range c.Replicas {
		n -= r.Failed
	}
	return max(0, n)
}

// warningsOf are those of the phase, by their reasons.
func (t *Trial) warningsOf(c *sample.Cell, events []record.Event) []Warning {
	type about struct {
		reason   string
		starting bool
	}
	var all []Warning
	var reasons []about
	wasReady := map[string]bool{}
	for _, e := range events {
		if e.Kind == record.EventReady {
			wasReady[e.Replica] = true
		}
		offset := e.At.Sub(c.Started)
		if e.Kind != record.EventWarning || offset < 0 || offset > c.Span {
			continue
		}
		reason, _, _ := strings.Cut(e.Text, ":")
		of := about{reason, e.Replica != "" && !wasReady[e.Replica]}
		i := slices.Index(reasons, of)
		if i < 0 {
			i, reasons = len(all), append(reasons, of)
			all = append(all, Warning{First: offset - t.Rise, Starting: of.starting})
		}
		all[i].Text, all[i].Count = e.Text, all[i].Count+1
	}
	return all
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
