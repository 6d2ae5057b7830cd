package stats

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
	Name string
	At   Times // from the beginning of the start
	Took Times // from the stage before; of the first stage the same as At
}

// Times are how long something took in some starts.
type Times struct {
	N        int
	Min, Max time.Duration
	// Median is known of any start, P90 of 100 on. Their intervals are exact, by
	// order statistics, and there is none where the starts are too few for one.
	Median, P90 stat.Quantile
}

// StagesMethod says in words what the stages of a start are, and what they leave out.
const StagesMethod = "started: the server's process exists; listening: its port accepts (Lambda: it asked for work); " +
	"ready: readiness was answered with 2xx; first answer: a right answer of the model. " +
	"Counted from when executable, image, initial file system or Lambda service were in place"

// Prepared says that any start needed something to be put in place before it.
func Prepared(starts []ColdStart) bool {
	return slices.ContainsFunc(starts, func(c ColdStart) bool { return c.Prepared.N > 0 })
}

// StartMethod says in one sentence how the quantiles of the starts are made.
const StartMethod = "95 % interval of the median by binomial order statistics, which takes six starts, independent of each other; p90 takes 100 starts"

// ColdStarts tells the starts of every target that could run here, in the run's
// order.
func (a *Analysis) ColdStarts() []ColdStart {
	var all []ColdStart
	for _, t := range a.Run.Targets {
		if t.Unavailable == "" {
			all = append(all, coldStart(t))
		}
	}
	return all
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

func coldStart(t record.Target) ColdStart {
	c := ColdStart{Target: t.Name, Running: t.Running}
	if t.Running {
		return c
	}
	at, took := map[string][]time.Duration{}, map[string][]time.Duration{}
	var prepared []time.Duration
	for _, d := range t.Deployments {
		if !answered(d) {
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
		c.Prepared = newTimes(prepared)
	}
	for _, name := range stageNames(t.Deployments) {
		if len(at[name]) > 0 {
			c.Stages = append(c.Stages, StartStage{name, newTimes(at[name]), newTimes(took[name])})
		}
	}
	return c
}

// answered says that a start came to a right first answer, whatever became of
// the server later.
func answered(d record.Deployment) bool {
	last := len(d.Stages) - 1
	return last >= 0 && d.Stages[last].Name == record.FirstAnswer
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

func newTimes(values []time.Duration) Times {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	t := Times{N: n, Min: sorted[0], Max: sorted[n-1], Median: stat.OrderQuantile(0.5, sorted), P90: stat.OrderQuantile(0.9, sorted)}
	t.Median.Known = true
	return t
}
