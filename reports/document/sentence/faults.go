package sentence

import (
	"fmt"
	"strings"
	"time"

	"servebench/reports/analysis/failover"
	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// FaultMethod says what the figures of faults are, as a clause.
const FaultMethod = "medians over rounds, from the injection on: noticed is when the platform first told of it; errors last from the first request that failed to the last, by when they were due; " +
	"back is the first correct answer after them; p99 is that of single seconds, and high above its limit (slo.p99, or twice what it was before)"

// AccountMethod says what the ledger of a phase with faults is, as a clause.
const AccountMethod = "every request scheduled is in one of the columns: answered correctly in time or late, lost to a fault, failed before or long after the faults, given up when the run ended, or not sent"

// FaultResult is what a fault cost as a clause: "process-kill at 10 s: 25 requests lost
// (23 refused, 2 closed) within 182 ms, first correct answer after 187 ms; noticed after 9
// ms (ended)".
func FaultResult(f failover.Fault) string {
	begin := fmt.Sprintf("%s at %s", f.Kind, format.Duration(f.At))
	if len(f.Cases) == 0 {
		return begin + " was not injected"
	}
	parts := []string{begin + ": " + loss(f)}
	if excursion := slowness(f); excursion != "" {
		parts = append(parts, excursion)
	}
	return strings.Join(append(parts, notice(f)), "; ")
}

func loss(f failover.Fault) string {
	if f.Lost == 0 {
		return "no request was lost"
	}
	text := fmt.Sprintf("%s lost (%s)", format.Plural(int(f.Lost), "request"), classes(f.Errors))
	if len(f.Cases) > 1 {
		text += fmt.Sprintf(" in %d rounds", len(f.Cases))
	}
	if f.Burst.N > 0 && f.Lost > int64(len(f.Cases)) {
		text += ", " + over(f.Burst, "within")
	}
	switch never := f.Never(); {
	case never == len(f.Cases):
		return text + ", and the server never recovered before the phase ended"
	case never > 0:
		return text + fmt.Sprintf(", and in %s the server never recovered before the phase ended", format.Plural(never, "round"))
	}
	return text + ", first correct answer " + over(f.Recovered, "after")
}

func classes(errors []record.ErrorCount) string {
	var all []string
	for _, e := range errors {
		all = append(all, format.Count(e.Count)+" "+e.Class)
	}
	return strings.Join(all, ", ")
}

// over is a median, or the only value: "after 187 ms", "after a median of 187 ms".
func over(t sample.Times, word string) string {
	if t.N == 1 {
		return word + " " + format.Duration(t.Median.Value)
	}
	return word + " a median of " + format.Duration(t.Median.Value)
}

func slowness(f failover.Fault) string {
	if f.Excursion.N == 0 {
		return ""
	}
	var peak, limit time.Duration
	for _, c := range f.Cases {
		peak, limit = max(peak, c.Peak), max(limit, c.Limit)
	}
	above := fmt.Sprintf("above %s for %s", format.Duration(limit), format.Duration(f.Excursion.Median.Value))
	if peak <= limit { // seconds without any answer
		return "p99 " + above + ", in which nothing was answered"
	}
	return fmt.Sprintf("p99 up to %s, %s", format.Duration(peak), above)
}

func notice(f failover.Fault) string {
	if f.Noticed.N == 0 {
		return "the platform noticed nothing"
	}
	by := ""
	for _, c := range f.Cases {
		if c.By != "" {
			by = c.By
			break
		}
	}
	text := fmt.Sprintf("noticed %s (%s)", over(f.Noticed, "after"), by)
	if n := f.Unnoticed(); n > 0 {
		text += fmt.Sprintf(", in %s not at all", format.Plural(n, "round"))
	}
	return text
}
