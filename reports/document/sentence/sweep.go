package sentence

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/sweep"
	"servebench/reports/format"
	"servebench/reports/record"
)

// FrontMethod says which sizes are marked.
const FrontMethod = "A size is the best of its cost where no other one costs less and is as fast, nor is faster and costs as little (the Pareto front of the estimates, without their intervals); " +
	"sizes that break a limit of the SLO or fail more than 1 % of their requests are left out"

// CostBasis names the cost of the sizes in a column or on an axis.
func CostBasis(g sweep.Group) string {
	of := "request"
	if g.Examples {
		of = "example"
	}
	switch g.Basis {
	case sweep.Billed:
		return "$ per million " + of + "s"
	case sweep.Reserved:
		return "CPU ms kept per " + of
	}
	return "CPU ms used per " + of
}

// SizeCostRange says what the interval of such a cost is, in the head of a column; "": that of 95 %
// confidence.
func SizeCostRange(g sweep.Group) string {
	if g.Basis == sweep.Reserved {
		return "[breaks, certified]"
	}
	return ""
}

// CostIn is a cost in the unit of CostBasis.
func CostIn(g sweep.Group, v float64) float64 {
	if g.Basis != sweep.Billed {
		return v * 1000
	}
	return v
}

// CostFigure is a cost in the unit of CostBasis.
func CostFigure(g sweep.Group, v float64) string { return format.Number(CostIn(g, v)) }

// SizeCostMethod says what the cost of the sizes is, and what it is not.
func SizeCostMethod(g sweep.Group, run *record.Run) []string {
	switch {
	case g.Basis == sweep.Billed:
		compute, request := g.Prices[0], g.Prices[1]
		return []string{
			fmt.Sprintf("The cost of a size of lambda is its billed GB-seconds, as the meters counted them, × $%s and $%s for a request, without discounts and egress. The prices are %s and %s, as of %s%s, from %s.",
				plainNumber(compute.USD), plainNumber(request.USD), compute.ID(), request.ID(), compute.Date, age(compute.Age(run.Created), compute.Stale(run.Created)), compute.Source),
			emulatedFunction(g, run),
		}
	case g.Basis == sweep.Used:
		return []string{"The cost of a size is the CPU time that the target used per answer. All sizes keep the same CPUs, so that at this load they cost the same; the less an answer takes, the more a server can answer."}
	case g.Phase == "":
		return []string{"The cost of a size is its CPUs divided by its certified capacity: the CPU time that has to be kept for a request when the server is as busy as the SLO allows."}
	}
	return []string{"The cost of a size is its CPUs divided by the answers per second at this load: the CPU time that is kept for a request, used or not. What a size bears at most, servebench capacity finds with the same sweep."}
}

// age says how much older than a run prices are that may have changed since.
func age(d time.Duration, stale bool) string {
	if !stale {
		return ""
	}
	return fmt.Sprintf(" (%d days before the run, so that they may have changed)", int(d.Hours()/24))
}

// emulatedFunction says what of the cost is this machine's.
func emulatedFunction(g sweep.Group, run *record.Run) string {
	said := "EMULATED: the local Lambda service of this machine stands in for AWS's. The billed time is that of this machine's CPU"
	if loose := notHeld(g, run); loose != nil {
		return said + "; and " + strings.Join(loose, ", ") + " got more CPU than comes with that memory, since the share could not be enforced here: their times say nothing about memory."
	}
	cpus := run.Target(g.Points[0].Target).CPUs
	return said + ", of which an environment gets the share that comes with its memory (1,769 MB is one CPU), as at AWS; but all environments share " +
		format.Number(cpus) + " CPU here, where AWS gives each its own."
}

// notHeld are the sizes whose share of the CPU was not enforced.
func notHeld(g sweep.Group, run *record.Run) (names []string) {
	for _, t := range run.Targets {
		of := slices.ContainsFunc(g.Points, func(p sweep.Point) bool { return p.Target == t.Name })
		if of && slices.ContainsFunc(t.Facts, func(f record.Fact) bool { return f.Name == record.FactCPUShare && f.Unequal }) {
			names = append(names, t.Name)
		}
	}
	return names
}

// plainNumber is a price with all its digits.
func plainNumber(v float64) string { return strings.TrimRight(fmt.Sprintf("%.12f", v), "0") }
