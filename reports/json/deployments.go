package jsonreport

import (
	"cmp"
	"slices"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// deployment is a target that could run here, whatever was asked of it.
type deployment struct {
	Target       string     `json:"target"`
	Running      bool       `json:"running"`      // the server was not started here
	Acceleration *string    `json:"acceleration"` // "KVM", "TCG" (software emulation); null: no virtual machine
	Unequal      []fact     `json:"unequal"`      // what could not be made equal
	ColdStart    *coldStart `json:"cold_start"`   // null: the server was not started here
}

type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// coldStart is how long the starts of a server took, those of rounds of load and
// those made for the start alone.
type coldStart struct {
	N      int          `json:"n"`      // starts up to a right first answer
	Failed int          `json:"failed"` // starts that came to none, in no figure
	Stages []startStage `json:"stages"` // in the order in which they are reached
	// Preparation is what the stages leave out: how long it took before the starts
	// in N to put in place what they need; null: nothing had to be.
	Preparation *times  `json:"preparation_ms"`
	Starts      []start `json:"starts"` // each by itself, failed ones included, in the order they were made
}

// start is one start of a server.
type start struct {
	Round       int       `json:"round"`
	Attempt     int       `json:"attempt,omitempty"` // of a rerun
	Alone       bool      `json:"alone"`             // no load followed
	Failed      *string   `json:"failed,omitempty"`  // why it did not come up, gave no right first answer, or ended by itself later
	Preparation *float64  `json:"preparation_ms"`    // before it, in no stage; null: not known
	Stages      []reached `json:"stages"`            // as they were reached
}

// reached is a stage of one start.
type reached struct {
	Name string  `json:"name"`
	At   float64 `json:"at_ms"` // from the beginning of the start
}

type startStage struct {
	Name string `json:"name"`
	At   times  `json:"at_ms"`   // from the beginning of the start
	Took times  `json:"took_ms"` // from the stage before
}

// times are in milliseconds; null is a quantile or an interval that n cannot carry.
type times struct {
	N     int      `json:"n"`
	Min   float64  `json:"min"`
	P50   float64  `json:"p50"`
	P50CI *pair    `json:"p50_ci"`
	P90   *float64 `json:"p90"`
	P90CI *pair    `json:"p90_ci"`
	Max   float64  `json:"max"`
}

func newDeployments(a *analysis.Analysis) []deployment {
	all := []deployment{}
	starts := a.ColdStarts()
	for _, t := range a.Run.Targets {
		i := slices.IndexFunc(starts, func(c sample.ColdStart) bool { return c.Target == t.Name })
		if i < 0 {
			continue
		}
		p := deployment{Target: t.Name, Running: t.Running, Acceleration: text(sample.Acceleration(t)), Unequal: unequal(t)}
		if !t.Running {
			p.ColdStart = newColdStart(starts[i])
			p.ColdStart.Starts = newStarts(t)
		}
		all = append(all, p)
	}
	return all
}

func unequal(t record.Target) []fact {
	all := []fact{}
	for _, f := range t.Facts {
		if f.Unequal {
			all = append(all, fact{f.Name, f.Value})
		}
	}
	return all
}

func newColdStart(c sample.ColdStart) *coldStart {
	s := coldStart{N: c.N, Failed: c.Failed, Stages: []startStage{}}
	for _, stage := range c.Stages {
		s.Stages = append(s.Stages, startStage{stage.Name, newTimes(stage.At), newTimes(stage.Took)})
	}
	s.Preparation = number(newTimes(c.Prepared), c.Prepared.N > 0)
	return &s
}

func newStarts(t record.Target) []start {
	all := []start{}
	for _, d := range t.Deployments {
		one := start{Round: d.Round, Attempt: d.Attempt, Alone: d.Alone, Failed: text(cmp.Or(d.Failed, d.FirstAnswerError)), Stages: []reached{}}
		one.Preparation = number(milliseconds(d.Preparation), len(d.Stages) > 0)
		for _, s := range d.Stages {
			one.Stages = append(one.Stages, reached{s.Name, milliseconds(s.At)})
		}
		all = append(all, one)
	}
	return all
}

func newTimes(t sample.Times) times {
	ci := func(q stat.Quantile) *pair {
		return number(pair{milliseconds(q.Low), milliseconds(q.High)}, q.Known && q.HasInterval)
	}
	return times{
		N: t.N, Min: milliseconds(t.Min), Max: milliseconds(t.Max),
		P50: milliseconds(t.Median.Value), P50CI: ci(t.Median),
		P90: number(milliseconds(t.P90.Value), t.P90.Known), P90CI: ci(t.P90),
	}
}
