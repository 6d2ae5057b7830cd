package capacity

import (
	"slices"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/record"
)

// Resource is what limits a capacity.
type Resource string

// The resources.
const (
	ByMemory   Resource = "memory"   // the server held nearly all of the memory of its limit, or was killed for reaching it
	ByThrottle Resource = "throttle" // it refused requests with 429 or 503, or its CPU quota held it back in bursts
	ByErrors   Resource = "errors"   // it failed requests in another way, or gave wrong answers; of those that timed out, nothing else is the reason
	ByCPU      Resource = "cpu"      // it used its CPUs
	ByOthers   Resource = "others"   // other programs took the machine's CPUs: the capacity is that of a busy machine
	ByQueue    Resource = "queue"    // requests waited though its CPUs were idle: too few workers, or a lock
)

// Used is what a server used in a step. What is not known of it is 0.
type Used struct {
	CPU       float64 // as a share of its CPUs
	Memory    float64 // as a share of its limit, at the end of the step
	Throttled float64 // how long its CPU quota held it back, as a share of the time
	Rejected  int64   // requests that it answered with 429 or 503
	TimedOut  int64   // requests that it did not answer in time
	Busy      float64 // the CPUs of the whole machine that the load was made on
	Killed    bool    // by the kernel, for reaching its memory limit
}

// symptom is what shows in a step that a resource was the limit.
type symptom struct {
	of   Resource
	show func(SearchStep) bool
}

// symptoms are in the order in which they explain others: a server that is out of memory fails
// requests, and one that is out of CPU holds more of them in memory until they time out.
func symptoms() []symptom {
	const some, busy, nearly, often = 0.01, 0.85, 0.95, 0.1
	// More than a load generator that never sleeps and this server take of two CPUs.
	const crowded, unbusy = 0.9, 0.75
	share := func(s SearchStep, n int64) bool { return float64(n) > some*float64(s.Ledger.Sent) }
	return []symptom{
		{ByMemory, func(s SearchStep) bool { return s.Killed }},
		{ByThrottle, func(s SearchStep) bool { return share(s, s.Rejected) }},
		{ByErrors, func(s SearchStep) bool { return share(s, s.Ledger.Failed-s.TimedOut) || s.breaksOnly(agreement) }},
		{ByCPU, func(s SearchStep) bool { return s.CPU >= busy }},
		{ByMemory, func(s SearchStep) bool { return s.Memory >= nearly }},
		{ByThrottle, func(s SearchStep) bool { return s.Throttled >= often }},
		{ByOthers, func(s SearchStep) bool { return s.Busy >= crowded && s.CPU > 0 && s.CPU < unbusy }},
		{ByErrors, func(s SearchStep) bool { return share(s, s.TimedOut) || s.breaksOnly(agreement, errorRate) }},
		{ByQueue, func(s SearchStep) bool { return s.CPU > 0 }},
	}
}

// limitedBy looks at the steps at the lowest rate that breaks the SLO and, where nothing is
// known of what was used in them, as their load was ended, at those below that did not hold.
func (s *Searched) limitedBy() Resource {
	var resource Resource
	rate := 0.0
	for _, step := range s.Steps {
		if of := step.limitedBy(); of != "" && !s.Invalid && step.Load() > 1 && step.Rate <= s.Breaks && step.Rate > rate {
			resource, rate = of, step.Rate
		}
	}
	return resource
}

// limitedBy is the resource whose symptom explains a step; "": none is known.
func (s SearchStep) limitedBy() Resource {
	for _, symptom := range symptoms() {
		if symptom.show(s) {
			return symptom.of
		}
	}
	return ""
}

// breaksOnly says that a step breaks limits, and none but these.
func (s SearchStep) breaksOnly(limits ...string) bool {
	broken := slices.DeleteFunc(slices.Clone(s.Over), func(o Over) bool { return o.Load() <= 1 })
	return len(broken) > 0 && !slices.ContainsFunc(broken, func(o Over) bool { return !slices.Contains(limits, o.Limit) })
}

// usedIn is what the server of a cell used. Its usage was read when all was answered.
func usedIn(run *record.Run, c *sample.Cell) (u Used) {
	took := max(c.Window, c.Elapsed)
	if t := run.Target(c.Target); c.Usage.Known && took > 0 {
		share := func(part time.Duration) float64 { return part.Seconds() / took.Seconds() }
		if t.CPUs > 0 {
			u.CPU, u.Throttled = share(c.Usage.CPU)/t.CPUs, share(c.Usage.Throttled)/max(t.CPUs, 1)
		}
		if t.Memory > 0 {
			u.Memory = float64(c.Usage.Resident) / float64(t.Memory)
		}
	}
	if c.Machine.Known {
		u.Busy = c.Machine.Busy
	}
	for _, e := range c.Errors {
		switch e.Class {
		case "status 429", "status 503":
			u.Rejected += e.Count
		case record.ErrorTimeout:
			u.TimedOut += e.Count
		}
	}
	return u
}
