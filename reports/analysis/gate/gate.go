// Package gate judges what was measured by the limits of an SLO. Each limit is judged by
// the interval of its figure, and what cannot be told is INCONCLUSIVE.
package gate

import (
	"fmt"
	"math"
	"slices"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Gate is one limit of the SLO, judged for one target and phase.
type Gate struct {
	Target   string         `json:"target"`
	Phase    string         `json:"phase"`
	Metric   string         `json:"metric"`   // "p99 response time", "error rate", "agreement"
	Limit    string         `json:"limit"`    // "≤ 50 ms"
	Observed string         `json:"observed"` // "2.41 ms"
	Interval string         `json:"interval"` // "[2.36, 2.49] ms"; "" when there is none
	N        int64          `json:"n"`
	Of       string         `json:"n_of"` // what N counts: "requests", "answers", "rounds", "starts"
	Verdict  record.Verdict `json:"verdict"`
	Why      string         `json:"why"` // when not PASS
	// Value is what Observed says, Bound what Limit says, in Unit: "s", "1/s", or
	// "1" of a share. Known is false where Observed is no figure.
	Value float64 `json:"-"`
	Bound float64 `json:"bound"`
	Unit  string  `json:"unit"`
	Known bool    `json:"-"`
	// Low and High are what Interval says, in Unit. HasInterval is false where there is
	// none, or where no figure bounds it.
	HasInterval bool    `json:"-"`
	Low         float64 `json:"-"`
	High        float64 `json:"-"`
	// More is about how many rounds in all would settle it, should the figure stay as
	// it is; 0: it is settled, or no number of rounds that may be played would.
	More int `json:"more_rounds,omitzero"`
	// InPart says that what was measured would be a PASS, and that more was planned.
	InPart bool `json:"-"`
	// Note says what the figure leaves open; "" when there is nothing to say.
	Note string `json:"note"`
}

// subject is what is judged, by which limits.
type subject struct {
	*sample.Set
	SLO     record.SLO
	Invalid bool // the measurement is not valid
}

// Judge judges every limit for every target that was to run: in each measured
// phase, and at its starts. One that was asked for and is not available leaves them
// undecided, and so does a run that measures nothing of what is limited.
func Judge(measured *sample.Set, slo record.SLO, invalid bool) []Gate {
	a := &subject{measured, slo, invalid}
	var all []Gate
	targets := slices.DeleteFunc(slices.Clone(a.Run.Targets), func(t record.Target) bool { return t.Unavailable != "" && !t.Asked })
	noStarts := !slices.ContainsFunc(targets, func(t record.Target) bool { return !t.Running })
	for _, target := range targets {
		first := len(all)
		if a.OnlyStarts() {
			all = append(all, notMeasured(a.SLO, target.Name, "the run measures how servers start, and no load")...)
		}
		for _, phase := range a.Run.Scenario.Phases {
			if phase.Measured {
				all = append(all, gatesOf(a, target.Name, phase.Name)...)
			}
		}
		all = append(all, startGates(a.SLO, target, noStarts)...)
		for i := first; i < len(all) && target.Unavailable != ""; i++ {
			all[i].Why = "the target is not available here: " + sample.FirstLine(target.Unavailable)
		}
	}
	leaveOpen(a, all)
	for i := range all {
		g := &all[i]
		if a.Invalid {
			g.Verdict, g.Why = record.InvalidInstrument, whyInvalid(a)
		}
		if g.Verdict != record.Inconclusive {
			g.More = 0
		}
	}
	return all
}

func whyInvalid(a *subject) string {
	if a.Nothing() != "" || a.Refused() {
		return "nothing was measured"
	}
	return "the measurement is not valid, see the diagnostics"
}

func gatesOf(a *subject, target, phase string) []Gate {
	var all []Gate
	i := slices.IndexFunc(a.Rows, func(r sample.Row) bool { return r.Target == target && r.Phase == phase })
	if i < 0 {
		all = notMeasured(a.SLO, target, "this target was not measured in this phase")
	} else {
		row := a.Rows[i]
		all = quantileGates(a.SLO, row, sample.Pick(a.Measured, target, phase), sample.SeedOf(a.Run, row))
		all = append(all, shareGates(a.SLO, row)...)
		all = append(all, goodputGates(a, row)...)
	}
	failAborted(a, target, phase, all)
	for i := range all {
		all[i].Target, all[i].Phase = target, phase
	}
	return all
}

// notMeasured are the gates of a load that was not measured: nothing can be said,
// which is not a pass.
func notMeasured(slo record.SLO, target, why string) []Gate {
	var all []Gate
	for _, t := range timesOf(slo) {
		for _, l := range t.limits() {
			all = append(all, l.gate())
		}
	}
	for _, s := range sharesOf(slo) {
		all = append(all, s.gate())
	}
	if slo.Goodput > 0 {
		all = append(all, goodputGate(slo.Goodput))
	}
	for i := range all {
		all[i].Target, all[i].Observed, all[i].Verdict, all[i].Why = target, "not measured", record.Inconclusive, why
	}
	return all
}

// leaveOpen takes back the PASS of limits that were judged by a part of what was
// planned: they may be broken in the rest. A FAIL is seen already.
func leaveOpen(a *subject, gates []Gate) {
	gaps := a.Gaps()
	for i := range gates {
		g := &gates[i]
		k := slices.IndexFunc(gaps, func(gap sample.Gap) bool { return gap.Target == g.Target && gap.Phase == g.Phase })
		if k >= 0 && g.Verdict == record.Pass {
			g.Verdict, g.InPart = record.Inconclusive, true
			g.Why = "it holds in what was measured, " + gaps[k].Says()
		}
	}
}

// failAborted fails the limits of a phase whose load was ended, or that was left out
// because an earlier one's was: what was not sent any more was not served within
// them.
func failAborted(a *subject, target, phase string, gates []Gate) {
	why := a.AbortOf(target, phase)
	for i := range gates {
		if why != "" && gates[i].Verdict != record.Fail {
			gates[i].Verdict, gates[i].Why = record.Fail, why
		}
	}
}

// Worst is the worst verdict of gates; NoLimit of none.
func Worst(gates []Gate) record.Verdict {
	order := []record.Verdict{record.NoLimit, record.Pass, record.Inconclusive, record.Fail, record.InvalidInstrument}
	worst := 0
	for _, g := range gates {
		worst = max(worst, slices.Index(order, g.Verdict))
	}
	return order[worst]
}

// mostRounds is how many rounds a scenario may have.
const mostRounds = 1000

// settling words that about so many rounds in all would settle a limit, and returns
// how many these are; 0 where they are more than may be played.
func settling(why string, rounds float64) (more int, text string) {
	switch {
	case math.IsInf(rounds, 0) || math.IsNaN(rounds):
		return 0, why + ", and the figure is the limit: no number of rounds would decide"
	case rounds > mostRounds:
		return 0, fmt.Sprintf("%s: it is too near to decide, by %s rounds even", why, format.Count(mostRounds))
	}
	more = int(math.Ceil(rounds))
	return more, fmt.Sprintf("%s: it takes about %s in all", why, format.Plural(more, "round"))
}
