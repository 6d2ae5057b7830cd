package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"servebench/targets"
)

// targetChecks ask each target whether it can run here.
func targetChecks(kinds []targets.Kind) []check {
	var all []check
	for _, kind := range kinds {
		all = append(all, check{area: areaTargets, name: kind.Name, look: func(ctx context.Context) []checkResult {
			return []checkResult{lookAt(ctx, kind)}
		}})
	}
	return all
}

// requireTargets makes a failure of a target that cannot run here and is left out of
// runs, where it is wanted, or where none is left.
func (d *diagnosis) requireTargets(wanted bool) {
	missing := func(f checkResult) bool { return f.Found == notAvailable || f.unexamined }
	none := !slices.ContainsFunc(d.Checks, func(f checkResult) bool { return f.Area == areaTargets && !missing(f) })
	for i, f := range d.Checks {
		if f.Area == areaTargets && missing(f) && (wanted || none) {
			d.Checks[i].Status = fail
			d.Status = fail
		}
	}
}

// unavailable says why a target cannot run here with its defaults; nil when it
// can.
func unavailable(ctx context.Context, kind targets.Kind) error {
	if kind.Check == nil {
		return nil
	}
	return kind.Check(ctx, nil)
}

// lookAt asks one target whether it can run here, and what it would use.
func lookAt(ctx context.Context, kind targets.Kind) checkResult {
	if err := unavailable(ctx, kind); err != nil {
		return judgeMissing(kind, err)
	}
	if kind.Describe == nil {
		return judgeTarget(kind, nil, nil)
	}
	facts, err := kind.Describe(ctx, nil)
	return judgeTarget(kind, facts, err)
}

// notAvailable is what is found of a target that cannot run here.
const notAvailable = "is not available"

func judgeMissing(kind targets.Kind, err error) checkResult {
	f := checkResult{Name: kind.Name, Status: warn, Found: notAvailable, Why: err.Error(), Fix: targets.Program() + " list targets"}
	if missing, ok := errors.AsType[*targets.Unavailable](err); ok {
		f.Why, f.Fix = missing.Why, missing.Fix
	}
	return f
}

// judgeTarget describes a target that can run here. What would make it unequal
// to the others is worth a warning before the first run says so.
func judgeTarget(kind targets.Kind, facts []targets.Fact, err error) checkResult {
	f := checkResult{Name: kind.Name, Found: "can run here"}
	if kind.Running {
		f.Found = "can load a server that runs already"
	}
	for _, fact := range facts {
		if fact.Unequal {
			f.Status, f.Why = warn, "a comparison has to mention it, and every report does"
			f.Fix = "run it on a machine that can do better, or bear it in mind"
		}
		f.Found += fmt.Sprintf("; %s: %s", fact.Name, fact.Value)
	}
	if err != nil {
		f.Status, f.Why = warn, err.Error()
		f.Fix = targets.Program() + " list targets"
	}
	return f
}

// leftoverWait bounds the search for what was left on one target.
const leftoverWait = 20 * time.Second

// findAbandoned finds what killed servebenches left on the targets, each thing
// once: what several targets make, such as a cgroup, does not tell which of them
// it was.
func findAbandoned(ctx context.Context, kinds []targets.Kind) ([]targets.Leftover, error) {
	var all []targets.Leftover
	var faults []error
	seen := map[string]bool{}
	found, errs := make([][]targets.Leftover, len(kinds)), make([]error, len(kinds))
	var looking sync.WaitGroup
	for i, kind := range kinds {
		looking.Go(func() { found[i], errs[i] = leftoversOf(ctx, kind) })
	}
	looking.Wait()
	for i, kind := range kinds {
		if errs[i] != nil {
			faults = append(faults, fmt.Errorf("look for what was left on %s: %w", kind.Name, errs[i]))
		}
		for _, left := range found[i] {
			if !seen[left.What] {
				seen[left.What] = true
				all = append(all, left)
			}
		}
	}
	return all, errors.Join(faults...)
}

func leftoversOf(ctx context.Context, kind targets.Kind) ([]targets.Leftover, error) {
	if kind.Leftovers == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, leftoverWait)
	defer cancel()
	return kind.Leftovers(ctx)
}

// leftoverCheck finds what a killed servebench left on the targets, and removes
// nothing.
func leftoverCheck(kinds []targets.Kind) check {
	return check{area: areaLeftovers, name: "killed runs", look: func(ctx context.Context) []checkResult {
		found, err := findAbandoned(ctx, kinds)
		return judgeLeftovers(found, err)
	}}
}

func judgeLeftovers(found []targets.Leftover, err error) []checkResult {
	var all []checkResult
	for _, left := range found {
		all = append(all, checkResult{
			Name: "killed run", Status: fail, Found: left.What,
			Why: "a servebench that was killed left it", Fix: targets.Program() + " clean",
		})
	}
	if err != nil {
		all = append(all, checkResult{
			Name: "search", Status: warn, Found: "could not be finished: " + err.Error(),
			Why: "there may be more; the user that made them, or root, may look for them", Fix: targets.AsRoot(targets.Program() + " doctor"),
		})
	}
	if len(all) == 0 {
		return []checkResult{{Name: "killed runs", Found: "left nothing"}}
	}
	return all
}
