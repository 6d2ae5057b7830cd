// Package gate judges what was measured by the limits of an SLO. Each limit is judged by
// the interval of its figure, and what cannot be told is INCONCLUSIVE.
package gate

import (
	"math"
	"slices"
	"time"

	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// Gate is one limit of the SLO, judged for one target and phase.
type Gate struct {
	Target  string         `json:"target"`
	Phase   string         `json:"phase"`  // "" of starts
	Metric  string         `json:"metric"` // "p99 response time", "error rate", "agreement"
	Q       float64        `json:"-"`      // the quantile that the Metric is; 0: none
	Bound   float64        `json:"bound"`  // the limit, in Unit
	Least   bool           `json:"-"`      // the Bound is the least that is allowed, not the most
	Unit    stat.Unit      `json:"unit"`
	N       int64          `json:"n"`
	Of      string         `json:"n_of"` // what N counts: one of the Of… below
	Verdict record.Verdict `json:"verdict"`
	// Value is what is limited, in Unit; Missing says why there is none.
	Value   float64 `json:"-"`
	Missing Missing `json:"-"`
	// Low and High bound the Value at 95 %, in Unit, where HasInterval. Without, a High of
	// +Inf says that requests without an answer bound the quantile from above, a Low of
	// +Inf that it falls on them.
	HasInterval bool    `json:"-"`
	Low         float64 `json:"-"`
	High        float64 `json:"-"`
	// More is about how many rounds in all would settle it, should the figure stay as
	// it is; 0: it is settled, or no number of rounds that may be played would.
	More int `json:"more_rounds,omitzero"`
	// Basis is what the verdict rests on beside these.
	Basis `json:"-"`
}

// Basis is what the verdict of a limit rests on beside its figure and interval. What does
// not matter is zero.
type Basis struct {
	Unavailable string            // why the target could not run here
	Abort       *sample.LoadAbort // what kept the phase from being played whole
	Gap         *sample.Gap       // what is missing of the plan, where the limit holds in the rest
	// Counted is how many of N the share is made of, or that failed so that the quantile has
	// no room for them, or broke the limit on starts; where the quantile is not known, those
	// that failed or took longer than the limit. Unanswered are those starts that came to no
	// right answer.
	Counted, Unanswered int64
	// Needs is how many of N it takes to decide a share, or a quantile that is not known.
	Needs int64
	// Examples are what Needs counts in the place of N: different ones, of which there are
	// too few for any number of rounds; nil: there are enough.
	Examples *Examples
	// Effective is how many independent requests tell as much as N.
	Effective float64
	// Median is that of the starts, of which all kept the limit.
	Median stat.Quantile
	// Unseen is up to what share of other starts, or of all requests where the figure is
	// Within, may break the limit.
	Unseen float64
	// Deadlines are those that answers were counted by and are limited by, where they differ.
	Deadlines *Deadlines
	// Cost is what a cost is judged by; nil: it is not known, or nothing of that kind is judged.
	Cost *cost.Estimate
}

// Examples are the different ones that a run asks with.
type Examples struct {
	Used int64
	Held int64 // by the data; 0: any number
	// PerRequest is how many a request has.
	PerRequest int64
}

// Deadlines are how late answers may be to count as good; 0: however late.
type Deadlines struct{ Counted, Wanted time.Duration }

// Missing says why a Gate has no Value; "" where it has one.
type Missing string

// What a figure may be instead of a value.
const (
	NotMeasured    Missing = "not measured" // no load was sent, or none that the limit is about
	NotRecorded    Missing = "not recorded" // the time is recorded where the scenario limits it
	NothingSent    Missing = "nothing sent"
	Unknown        Missing = "unknown"         // of a share of none
	NoStart        Missing = "no start"        // came to its end
	AlreadyRunning Missing = "already running" // the server, so that there is no start
	NoAnswer       Missing = "no answer"       // the quantile falls on requests without a right answer, or a start had none
	TooFew         Missing = "n too small"
	Above          Missing = "above"         // too few requests for the quantile, yet it is surely above the Bound
	NotSearched    Missing = "not searched"  // for the capacity, which only a search measures
	NotCertified   Missing = "not certified" // any rate
	NotPriced      Missing = "not known"     // the cost: the Estimate says why, where there is one
	Within         Missing = "within"        // too few requests for the quantile, yet it is surely not above the Bound
)

// What the N of a Gate may count.
const (
	OfRequests = "requests"
	OfAnswers  = "answers"
	OfRounds   = "rounds"
	OfStarts   = "starts"
)

// The metrics of which more is known than that they are limited.
const (
	ErrorRate = "error rate"
	Agreement = "agreement"
	Accuracy  = "accuracy"
	Capacity  = "capacity"
	Cost      = "cost per million"
)

// subject is what is judged, by which limits.
type subject struct {
	*sample.Set
	slo record.SLO
}

// Judge judges every limit for every target that was to run: in each measured
// phase, and at its starts. One that was asked for and is not available leaves them
// undecided, and so does a run that measures nothing of what is limited.
func Judge(measured *sample.Set, slo record.SLO, invalid bool) []Gate {
	s := subject{measured, slo}
	var all []Gate
	targets := slices.DeleteFunc(slices.Clone(s.Run.Targets), func(t record.Target) bool { return t.Unavailable != "" && !t.Asked })
	noStarts := !slices.ContainsFunc(targets, func(t record.Target) bool { return !t.Running })
	for _, target := range targets {
		var own []Gate
		if s.OnlyStarts() {
			own = s.notMeasured(target.Name, "")
		}
		for _, phase := range s.Run.Scenario.Phases {
			if phase.Measured {
				own = append(own, s.ofPhase(target.Name, phase.Name)...)
			}
		}
		own = append(own, startGates(s.slo, target, noStarts)...)
		own = append(own, notSearched(target.Name, s.slo)...)
		for i := range own {
			own[i].Unavailable = sample.FirstLine(target.Unavailable)
		}
		all = append(all, own...)
	}
	gaps := s.Gaps()
	for i := range all {
		g := &all[i]
		g.leaveOpen(gaps)
		if invalid {
			g.Verdict = record.InvalidInstrument
		}
		if g.Verdict != record.Inconclusive {
			g.More = 0
		}
	}
	return all
}

// ofPhase are the limits of a target's load in a phase.
func (s subject) ofPhase(target, phase string) []Gate {
	i := slices.IndexFunc(s.Rows, func(r sample.Row) bool { return r.Target == target && r.Phase == phase })
	var all []Gate
	if i < 0 {
		all = s.notMeasured(target, phase)
	} else {
		row := s.Rows[i]
		all = slices.Concat(
			quantileGates(s.slo, row, sample.Pick(s.Measured, target, phase), sample.SeedOf(s.Run, row)),
			s.shareGates(row), s.goodputGates(row),
		)
	}
	abort := s.AbortOf(target, phase)
	for i := range all {
		g := &all[i]
		g.Target, g.Phase = target, phase
		// What was not sent any more was not served within the limits.
		if abort != nil && g.Verdict != record.Fail {
			g.Verdict, g.Abort = record.Fail, abort
		}
	}
	return all
}

// notMeasured are the gates of a load that was not measured: nothing can be said,
// which is not a pass.
func (s subject) notMeasured(target, phase string) []Gate {
	var all []Gate
	for _, t := range timesOf(s.slo) {
		all = append(all, t.gates()...)
	}
	for _, l := range sharesOf(s.slo) {
		all = append(all, l.gate())
	}
	if s.slo.Goodput > 0 {
		all = append(all, goodputGate(s.slo.Goodput))
	}
	for i := range all {
		all[i].Target, all[i].Phase = target, phase
		all[i].Missing, all[i].Verdict = NotMeasured, record.Inconclusive
	}
	return all
}

// leaveOpen takes back the PASS of a limit that was judged by a part of what was
// planned: it may be broken in the rest. A FAIL is seen already.
func (g *Gate) leaveOpen(gaps []sample.Gap) {
	i := slices.IndexFunc(gaps, func(gap sample.Gap) bool { return gap.Target == g.Target && gap.Phase == g.Phase })
	if i >= 0 && g.Verdict == record.Pass {
		g.Verdict, g.Gap = record.Inconclusive, &gaps[i]
	}
}

// Worst is the worst verdict of gates; NoLimit of none.
func Worst(gates []Gate) record.Verdict {
	worst := record.NoLimit
	for _, g := range gates {
		worst = record.Worse(worst, g.Verdict)
	}
	return worst
}

// MostRounds is how many rounds a scenario may have.
const MostRounds = 1000

// wholeRounds is a number of rounds; 0 where it is none that may be played.
func wholeRounds(n float64) int {
	if !(n <= MostRounds) { // NaN is none either
		return 0
	}
	return int(math.Ceil(n))
}
