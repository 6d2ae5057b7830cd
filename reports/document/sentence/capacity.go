package sentence

import (
	"fmt"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/capacity/search"
	"servebench/reports/format"
	"servebench/reports/record"
)

// CapacityMethod says what a capacity is.
const CapacityMethod = "The capacity is the highest rate of Poisson arrivals (an open loop: users do not wait for each other) at which the target is shown to hold the whole SLO: in separate rounds, each on a fresh server, " +
	"the upper bound of the share of requests over each limit stays within what the limit allows. " +
	"The bound takes into account that requests in a queue are slow together. All attempts of a search together certify a rate too high in at most 5 % of searches. " +
	"Probes choose the rate and are part of no certificate"

// CapacityLimit says how a limit of the capacity is judged.
const CapacityLimit = "A capacity passes when the certified rate is at least the limit. It fails when a rate up to the limit breaks the SLO. Between the two it is undecided."

// CostLimit says how a limit of a cost is judged.
func CostLimit(c record.Cost) string {
	return "A cost is that of a million requests of the traffic " + c.Traffic + ", at the cheapest of the places that the scenario names. It passes when its whole interval is within the limit, fails when the whole interval is above it, and is undecided otherwise."
}

// KneeMethod says what the knee is.
const KneeMethod = "The knee is the rate, of those that were played, with the highest goodput divided by mean response time (Kleinrock's power): beyond it, latency grows faster than goodput"

// LevelRemark says what is special about a rate of a search; "" where nothing is.
func LevelRemark(l capacity.Level, certified, knee bool) string {
	var all []string
	for _, remark := range []struct {
		is   bool
		text string
	}{
		{knee, "knee"}, {certified, "certified"}, {l.Ended, "ended early"}, {l.Broke && !l.Ended, "over the SLO"},
	} {
		if remark.is {
			all = append(all, remark.text)
		}
	}
	return strings.Join(all, ", ")
}

// CapacityResult is the result of a target as a clause: "holds 612/s with 95 % confidence, and
// breaks at 680/s (CPU)".
func CapacityResult(s capacity.Searched) string {
	breaks := ""
	if s.Breaks > 0 {
		breaks = "breaks at " + format.Rate(s.Breaks)
		if by := LimitedBy(s.LimitedBy); by != "" {
			breaks += " (" + by + ")"
		}
	}
	switch {
	case s.Invalid:
		last := s.Steps[len(s.Steps)-1]
		if last.Died {
			return fmt.Sprintf("has no capacity that is known: at %s, %s", format.Rate(last.Rate), s.Disturbed)
		}
		return fmt.Sprintf("has no capacity that is known: the load generator was the limit at %s (%s)", format.Rate(last.Rate), s.Disturbed)
	case s.Certified > 0 && breaks == "" && s.NotHeld > 0:
		return fmt.Sprintf("holds %s with %s confidence; no rate is shown to break it, and the lowest that did not hold was %s",
			format.Rate(s.Certified), format.Percent(search.Confidence), format.Rate(s.NotHeld))
	case s.Certified > 0 && breaks == "" && s.Capped:
		return fmt.Sprintf("holds %s with %s confidence, as high as was asked (--most)", format.Rate(s.Certified), format.Percent(search.Confidence))
	case s.Certified > 0 && breaks == "":
		return fmt.Sprintf("holds %s with %s confidence; no rate is shown to break it", format.Rate(s.Certified), format.Percent(search.Confidence))
	case s.Certified > 0:
		return fmt.Sprintf("holds %s with %s confidence, and %s", format.Rate(s.Certified), format.Percent(search.Confidence), breaks)
	case len(s.Steps) == 0:
		return "was not measured"
	case s.Attempts == 0 && breaks != "":
		return "holds no rate that was played, and " + breaks
	case breaks != "":
		return "is certified at no rate, and " + breaks
	}
	return "is certified at no rate"
}

// LimitedBy names what limits a capacity; "" where it is not known.
func LimitedBy(r capacity.Resource) string {
	return map[capacity.Resource]string{
		capacity.ByMemory: "memory", capacity.ByThrottle: "throttling", capacity.ByErrors: "errors", capacity.ByCPU: "CPU", capacity.ByQueue: "queue, with idle CPUs",
		capacity.ByOthers: "other programs on this machine",
	}[r]
}

// TimeColumn heads the times of a limit: "p99 ms" of the p99 response time, "p50 service ms".
func TimeColumn(limit string) string {
	return strings.TrimSuffix(strings.TrimSuffix(limit, " response time"), " time") + " ms"
}

// StepHeld says whether a step held the SLO as far as was seen.
func StepHeld(s capacity.SearchStep) string {
	switch {
	case s.Disturbed != "":
		return string(record.Invalid)
	case s.Died:
		return "no, the server died"
	case s.Ended != "":
		return "no, ended early"
	case s.Load() > 1:
		return "no"
	}
	return "yes"
}

// capacityLine is the results of all targets in one line.
func capacityLine(a *analysis.Analysis) string {
	var all []string
	for _, s := range a.Capacity {
		all = append(all, a.Label(s.Target)+" "+CapacityResult(s))
	}
	return strings.Join(all, "; ")
}
