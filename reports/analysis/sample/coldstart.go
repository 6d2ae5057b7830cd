package sample

import (
	"slices"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// ColdStart is how long the starts of a server took on one target, over all its
// deployments: those of the rounds of load and those made for the start alone.
// It is no part of any latency.
type ColdStart struct {
	Target  string
	Running bool // the server ran already: it has no starts
	N       int  // starts up to a right first answer, which alone are in Stages
	Failed  int  // starts that came to no right first answer
	Stages  []StartStage
	// Prepared is what the stages leave out, of the same starts: how long it took
	// before to put in place what each of them needs. Its N is 0 where nothing had to be.
	Prepared Times
}

// StartStage is one stage of the starts, in the order in which they are reached.
type StartStage struct {
	Name string `json:"name"`
	At   Times  `json:"at_ms"` // from the beginning of the start
	// Took is the time from the stage before, of the first stage the same as At. The medians
	// of several stages need not add up to that of the whole.
	Took Times `json:"took_ms"`
}

// Times are how long something took each time that it was measured, such as in some starts.
type Times struct {
	N        int
	Min, Max time.Duration
	// Median is known of any start, P90 of 100 on. Their intervals are exact, by
	// order statistics, and there is none where the starts are too few for one.
	Median, P90 stat.Quantile
}

// Prepared says that any start needed something to be put in place before it.
func Prepared(starts []ColdStart) bool {
	return slices.ContainsFunc(starts, func(c ColdStart) bool { return c.Prepared.N > 0 })
}

// Whole is the time from the beginning of the start to the first answer.
func (c ColdStart) Whole() Times {
	for _, s := range c.Stages {
		if s.Name == record.FirstAnswer {
			return s.At
		}
	}
	return Times{}
}

// NewColdStart tells the starts of a target's server.
func NewColdStart(t record.Target) ColdStart {
	c := ColdStart{Target: t.Name, Running: t.Running}
	if t.Running {
		return c
	}
	at, took := map[string][]time.Duration{}, map[string][]time.Duration{}
	var prepared []time.Duration
	for _, d := range t.Deployments {
		if !d.Answered() {
			if d.Failed != "" || d.FirstAnswerError != "" {
				c.Failed++
			}
			continue
		}
		c.N++
		prepared = append(prepared, d.Preparation)
		var before time.Duration
		for _, s := range d.Stages {
			at[s.Name] = append(at[s.Name], s.At)
			took[s.Name] = append(took[s.Name], s.At-before)
			before = s.At
		}
	}
	if slices.ContainsFunc(prepared, func(d time.Duration) bool { return d > 0 }) {
		c.Prepared = NewTimes(prepared)
	}
	for _, name := range stageNames(t.Deployments) {
		if len(at[name]) > 0 {
			c.Stages = append(c.Stages, StartStage{name, NewTimes(at[name]), NewTimes(took[name])})
		}
	}
	return c
}

// StageNames lists the stages of all starts of a run in the order in which they
// are reached.
func StageNames(run *record.Run) []string {
	var all []record.Deployment
	for _, t := range run.Targets {
		all = append(all, t.Deployments...)
	}
	return stageNames(all)
}

// stageNames puts a stage that some starts lack behind the one that it follows.
func stageNames(all []record.Deployment) []string {
	var names []string
	for _, d := range all {
		next := 0
		for _, s := range d.Stages {
			i := slices.Index(names, s.Name)
			if i < 0 {
				i = next
				names = slices.Insert(names, i, s.Name)
			}
			next = i + 1
		}
	}
	return names
}

// NewTimes are those of at least one value.
func NewTimes(values []time.Duration) Times {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	t := Times{N: n, Min: sorted[0], Max: sorted[n-1], Median: stat.OrderQuantile(0.5, sorted), P90: stat.OrderQuantile(0.9, sorted)}
	t.Median.Known = true
	return t
}

// ColdStarts tells the starts of every target that could run here, in the run's
// order.
func (s *Set) ColdStarts() []ColdStart {
	var all []ColdStart
	for _, t := range s.Run.Targets {
		if t.Unavailable == "" {
			all = append(all, NewColdStart(t))
		}
	}
	return all
}

// StartsAlone is how many deployments of a target were made for their start
// alone, failed ones included.
func (s *Set) StartsAlone(target string) int {
	n := 0
	for _, d := range s.Run.Target(target).Deployments {
		if d.Alone {
			n++
		}
	}
	return n
}
