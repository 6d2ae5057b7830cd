package monitoring

import (
	"cmp"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// Drift is what a change of the examples did to a target in one phase and round, and what
// training its model again cost and brought. Times are from the start of the phase.
type Drift struct {
	Target string
	// Of is the target without its policy, with the other values that a sweep gives it:
	// "physical", "physical, limits.cpus 2".
	Of    string
	Phase string
	Round int
	// Policy is when the model was to be trained again, as a scenario writes it: "on_alarm",
	// "every 1m0s", "never"; "": the scenario does not say.
	Policy string
	// Shift is when the examples began to change, of a gradual change half its width before its
	// middle; nil: none was planned in this phase. Reached says that the load lasted until then.
	Shift   *time.Duration
	Reached bool
	// Detectors are those that looked for drift; none without a Shift.
	Detectors []Reaction
	// Before, During and After are the accuracy until the shift, from the shift on until the Swap
	// or the end, and from the Swap on. Windows that straddle a shift or swap are in none of
	// them: Straddling is how many outcomes they hold. Without a shift nothing is known of the
	// three. Whole is the accuracy over all of the phase, of this course of the examples: that
	// windows differ by a shift that was planned does not widen its interval.
	Before, During, After, Whole stat.Proportion
	Straddling                   int64
	// Swap is when the first model was served whose training began at the shift or after it; nil:
	// none was.
	Swap *time.Duration
	// Sent requests were sent in the phase, and Failed of them failed.
	Sent, Failed int64
	Retrainings  []Retraining // in the order of time

	examples int64 // different ones that can be sent; 0: not known
}

// Reaction is what a detector made of a shift.
type Reaction struct {
	Name string
	Why  string // why it did not look; "": it did
	// FiredAt is the first alarm at the shift or after it, Delay how long after the shift that is;
	// nil: there was none, or Lost.
	FiredAt, Delay *time.Duration
	// False counts the alarms before the shift, in Looks that had enough to find drift in. Lost
	// says that there were more alarms before the shift than the record keeps: it knows of no
	// later one, and False is the least that it may be.
	False int64
	Looks int
	Lost  bool
}

// CPU is what all trainings spent; known is false where one that ended did not say.
func (d Drift) CPU() (cpu time.Duration, known bool) {
	known = true
	for _, r := range d.Retrainings {
		if r.CPU != nil {
			cpu += *r.CPU
		}
		known = known && (r.CPU != nil || r.Trained == nil)
	}
	return cpu, known
}

// First is the detector that found the shift first; nil: none did.
func (d Drift) First() *Reaction {
	var first *Reaction
	for i, r := range d.Detectors {
		if r.FiredAt != nil && (first == nil || *r.FiredAt < *first.FiredAt) {
			first = &d.Detectors[i]
		}
	}
	return first
}

// Drifts tells what a change of the examples came to in each measured phase and round that has
// one, or whose model was to be trained again, in the scenario's order.
func Drifts(run *record.Run, cells []*sample.Cell) []Drift {
	var all []Drift
	for _, target := range run.Targets {
		for _, phase := range run.Scenario.Phases {
			shift := shiftIn(run.Scenario, phase.Name)
			for _, c := range sample.Pick(cells, target.Name, phase.Name) {
				if c.Monitor != nil && (shift != nil || run.RetrainOf(target.Name) != nil || len(c.Monitor.Retrainings) > 0) {
					all = append(all, newDrift(run, c, shift))
				}
			}
		}
	}
	return all
}

// withoutPolicy names a target without its policy.
func withoutPolicy(t record.Target) string {
	name := cmp.Or(t.Of, t.Name)
	for _, s := range t.Point {
		if s.Key != record.RetrainKey {
			name += ", " + s.Key + " " + s.Value
		}
	}
	return name
}

// shiftIn is when the examples begin to change in a phase, from its start; nil: they do not. A
// drift is placed by due times, as if each phase began when the one before it ends.
func shiftIn(s record.Scenario, phase string) *time.Duration {
	if s.Drift == nil {
		return nil
	}
	at := max(0, s.Drift.At-s.Drift.Width/2)
	for _, p := range s.Phases {
		if p.Name == phase && at >= 0 && at < p.Duration {
			return &at
		}
		at -= p.Duration
	}
	return nil
}

func newDrift(run *record.Run, c *sample.Cell, shift *time.Duration) Drift {
	distinct := run.RequestsTo(c.Target).Distinct()
	d := Drift{
		Target: c.Target, Of: withoutPolicy(run.Target(c.Target)), Phase: c.Phase, Round: c.Round, Shift: shift, Reached: shift != nil && *shift < c.Window,
		Sent: c.Ledger.Sent, Failed: c.Ledger.Failed, Retrainings: retrainingsOf(c, distinct, run.Scenario.Seed), examples: distinct,
		Whole: stat.Repeated([]stat.Counts{stat.SumCounts(countsIn(c, 0, forever))}, distinct),
	}
	if p := run.RetrainOf(c.Target); p != nil {
		d.Policy = p.Policy()
	}
	if shift == nil {
		return d
	}
	for _, detector := range c.Monitor.Detectors {
		d.Detectors = append(d.Detectors, newReaction(detector, *shift))
	}
	until := forever
	for _, r := range d.Retrainings {
		if r.Swapped != nil && r.Began != nil && *r.Began >= *shift {
			d.Swap, until = r.Swapped, *r.Swapped
			break
		}
	}
	d.Before = accuracyIn(c, 0, *shift, distinct)
	if d.Reached {
		d.During = accuracyIn(c, *shift, until, distinct)
	}
	if d.Swap != nil {
		d.After = accuracyIn(c, until, forever, distinct)
	}
	d.Straddling = d.Whole.N - d.Before.N - d.During.N - d.After.N
	return d
}

// forever is beyond the end of every phase.
const forever = time.Duration(1<<63 - 1)

// accuracyIn is the accuracy of the windows that lie within a stretch of the phase.
func accuracyIn(c *sample.Cell, from, to time.Duration, distinct int64) stat.Proportion {
	return stat.Repeated(countsIn(c, from, to), distinct)
}

func countsIn(c *sample.Cell, from, to time.Duration) (within []stat.Counts) {
	for _, w := range c.Monitor.Windows {
		if w.Start >= from && w.End <= to {
			within = append(within, stat.Counts{K: w.Correct, N: w.Labelled})
		}
	}
	return within
}

func newReaction(d record.MonitorDetector, shift time.Duration) Reaction {
	r := Reaction{Name: d.Name, Why: d.Why}
	for _, l := range d.Looks {
		if l.State != record.StateTooFew && l.At < shift {
			r.Looks++
		}
	}
	for _, a := range d.Alarms {
		if a.At >= shift {
			delay := a.At - shift
			r.FiredAt, r.Delay = &a.At, &delay
			return r
		}
		r.False++
	}
	r.Lost = d.More > 0
	return r
}
