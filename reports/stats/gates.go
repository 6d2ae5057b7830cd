package stats

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// gates judges every limit for every target that was to run: in each measured
// phase, and at its starts. One that was asked for and is not available leaves them
// undecided, and so does a run that measures nothing of what is limited.
func gates(a *Analysis, cells []*cell) []Gate {
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
				all = append(all, gatesOf(a, target.Name, phase.Name, cells)...)
			}
		}
		all = append(all, startGates(a.SLO, target, noStarts)...)
		for i := first; i < len(all) && target.Unavailable != ""; i++ {
			all[i].Why = "the target is not available here: " + firstLine(target.Unavailable)
		}
	}
	a.leaveOpen(all)
	for i := range all {
		g := &all[i]
		if a.Validity == Invalid {
			g.Verdict, g.Why = InvalidInstrument, whyInvalid(a)
		}
		if g.Verdict != Inconclusive {
			g.More = 0
		}
	}
	return all
}

func whyInvalid(a *Analysis) string {
	if a.Nothing() != "" || a.Refused() {
		return "nothing was measured"
	}
	return "the instrument cannot be believed, see the diagnostics"
}

func gatesOf(a *Analysis, target, phase string, cells []*cell) []Gate {
	var all []Gate
	i := slices.IndexFunc(a.Rows, func(r Row) bool { return r.Target == target && r.Phase == phase })
	if i < 0 {
		all = notMeasured(a.SLO, target, "this target was not measured in this phase")
	} else {
		row := a.Rows[i]
		all = quantileGates(a.SLO, row, pick(cells, target, phase), seedOf(a.Run, row))
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
		all[i].Target, all[i].Observed, all[i].Verdict, all[i].Why = target, "not measured", Inconclusive, why
	}
	return all
}

// verdict is the worst of the gates', or that of an A/B test; INVALID when the instrument
// cannot be believed, with or without gates. Limits that hold in a part of what was planned
// may be broken in the rest: that is no PASS.
func verdict(a *Analysis) Verdict {
	worst := Worst(a.Gates)
	switch {
	case a.Validity == Invalid:
		return InvalidInstrument
	case a.AB != nil:
		return a.AB.Verdict
	case worst == Pass && a.InPart():
		return Inconclusive
	}
	return worst
}

// InPart says that not all that was planned was measured as it was meant to be: it is
// not Complete, or something went wrong with a server.
func (a *Analysis) InPart() bool { return !a.Complete() || len(a.ServerFailures()) > 0 }

// Worst is the worst verdict of gates; NoLimit of none.
func Worst(gates []Gate) Verdict {
	order := []Verdict{NoLimit, Pass, Inconclusive, Fail, InvalidInstrument}
	worst := 0
	for _, g := range gates {
		worst = max(worst, slices.Index(order, g.Verdict))
	}
	return order[worst]
}

// Sample is how many the gate was judged by: "12,000" requests or answers, or "5
// rounds", "6 starts".
func (g Gate) Sample() string {
	if g.Of == "rounds" || g.Of == "starts" {
		return format.Plural(int(g.N), strings.TrimSuffix(g.Of, "s"))
	}
	return format.Count(g.N)
}

// RoundsLine says what the verdict is about, and what its rounds leave open: the share of
// rounds that may have a fault which none of these has, the upper end of the exact 95 %
// interval of none of n; "" where no limit of a load was judged.
func (a *Analysis) RoundsLine() string {
	fewest := 0
	for _, g := range a.Gates {
		i := slices.IndexFunc(a.Rows, func(r Row) bool { return r.Target == g.Target && r.Phase == g.Phase })
		if i >= 0 && g.Verdict != InvalidInstrument && (fewest == 0 || a.Rows[i].Rounds < fewest) {
			fewest = a.Rows[i].Rounds
		}
	}
	switch fewest {
	case 0:
		return ""
	case 1:
		return "The limits are judged by 1 round, which does not show how others differ from it."
	}
	return fmt.Sprintf("The limits are judged for rounds like these %d: a fault that occurs in up to %s of rounds may be in none of them.",
		fewest, format.Percent(stat.NewProportion(0, int64(fewest)).High))
}
