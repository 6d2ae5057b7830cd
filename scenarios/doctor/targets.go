package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"servebench/reports/record"
	"servebench/targets"
)

func targetChecks(kinds []targets.Kind, set map[string]map[string]string) []check {
	var all []check
	for _, kind := range kinds {
		all = append(all, check{area: Targets, name: kind.Name, look: func(ctx context.Context) []Result {
			return lookAtTarget(ctx, kind, set[kind.Name])
		}})
	}
	return all
}

// requireTargets makes a failure of a target that cannot run here and is left out of
// runs, where it is wanted, or where none is left.
func (d *Diagnosis) requireTargets(wanted bool) {
	missing := func(f Result) bool { return f.Found == notAvailable || f.unexamined }
	none := !slices.ContainsFunc(d.Checks, func(f Result) bool { return f.Area == Targets && !missing(f) })
	for i, f := range d.Checks {
		if f.Area == Targets && missing(f) && (wanted || none) {
			d.Checks[i].Status = Fail
			d.Status = Fail
		}
	}
}

func lookAtTarget(ctx context.Context, kind targets.Kind, set map[string]string) []Result {
	if err := kind.Available(ctx, set); err != nil {
		return []Result{judgeMissing(kind, err)}
	}
	var facts []record.Fact
	var lacks []targets.Unavailable
	var failed, failedToo error
	if kind.Describe != nil {
		facts, failed = kind.Describe(ctx, set)
	}
	if kind.Lacks != nil {
		lacks, failedToo = kind.Lacks(ctx, set)
	}
	all := []Result{judgeTarget(kind, facts, cmp.Or(failed, failedToo))}
	for _, l := range lacks {
		all = append(all, Result{Name: kind.Name, Status: Warn, Found: l.Why, Fix: l.Fix})
	}
	return all
}

// notAvailable is what is found of a target that cannot run here.
const notAvailable = "is not available"

func judgeMissing(kind targets.Kind, err error) Result {
	f := Result{Name: kind.Name, Status: Warn, Found: notAvailable, Why: err.Error(), Fix: targets.Program() + " list targets"}
	if missing, ok := errors.AsType[*targets.Unavailable](err); ok {
		f.Why, f.Fix = missing.Why, missing.Fix
	}
	return f
}

// judgeTarget describes a target that can run here. What would make it unequal
// to the others is worth a warning before the first run says so.
func judgeTarget(kind targets.Kind, facts []record.Fact, err error) Result {
	f := Result{Name: kind.Name, Found: "can run here"}
	if kind.Running {
		f.Found = "can load a server that runs already"
	}
	for _, fact := range facts {
		if fact.Unequal {
			f.Status, f.Why = Warn, "a comparison has to mention it, and every report does"
			f.Fix = "run it on a machine without that difference, or consider it when you compare"
		}
		f.Found += fmt.Sprintf("; %s: %s", fact.Name, fact.Value)
	}
	if err != nil {
		f.Status, f.Why = Warn, err.Error()
		f.Fix = targets.Program() + " list targets"
	}
	return f
}

// leftoverCheck finds what a killed servebench left on the targets, and removes
// nothing.
func leftoverCheck(kinds []targets.Kind) check {
	return check{area: Leftovers, name: "killed runs", look: func(ctx context.Context) []Result {
		found, err := targets.FindLeftovers(ctx, kinds)
		return judgeLeftovers(found, err)
	}}
}

func judgeLeftovers(found []targets.Leftover, err error) []Result {
	var all []Result
	for _, left := range found {
		all = append(all, Result{
			Name: "killed run", Status: Fail, Found: left.What,
			Why: "a servebench that was killed left it", Fix: targets.Program() + " clean",
		})
	}
	if err != nil {
		all = append(all, Result{
			Name: "search", Status: Warn, Found: "could not be finished: " + err.Error(),
			Why: "there may be more; the user that made them, or root, may look for them", Fix: targets.AsRoot(targets.Program() + " doctor"),
		})
	}
	if len(all) == 0 {
		return []Result{{Name: "killed runs", Found: "left nothing"}}
	}
	return all
}
