package sentence

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/failover"
	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// FaultMethod says what the figures of faults are, as a clause.
const FaultMethod = "times are medians over rounds, from the injection on, with 0 for a round in which nothing failed or p99 was never high, and without the rounds in which the time is not known, and at is from the start of the phase: noticed is when the platform first told of it; errors last from the first request that failed to the last, by when they were due; " +
	"back is the first correct answer after them; new server is the first correct answer of the server that was made or started again in the place of the one that was hit, where events and instance ids tell; p99 is that of single seconds, and high above its limit (slo.p99, or twice the highest of the seconds before the fault) until it is within it for 5 s; replicas is how many were ready when the fault was injected, as the platform tells or, where it does not, as the instance ids of the answers of the 5 s before it do"

// FaultRoundMethod says what the figures of faults in each round are, as a clause.
const FaultRoundMethod = "each round by itself: its share is that of the answers of the 5 s before the injection that the replica gave that was hit; failed before is the share of the requests due in the 10 s before the injection that failed (of a slow server, in the 10 s before the requests that were under way then); by is the kind of event by which the platform noticed the fault"

// AccountMethod says what the ledger of a phase with faults is, as a clause.
const AccountMethod = "every request scheduled is in one of the columns: answered correctly in time or late, failed from a fault on (where the server failed before it, not all of them are lost by it), failed before the faults or long after them, given up when the run ended, or not sent"

// LateAfter says from which response time on the answers of accounts are late, as a clause; ""
// without a limit.
func LateAfter(all []failover.Account) string {
	limits := map[time.Duration][]string{} // targets, by limit
	var order []time.Duration
	for _, a := range all {
		if a.Limit == 0 {
			continue
		}
		if limits[a.Limit] == nil {
			order = append(order, a.Limit)
		}
		limits[a.Limit] = append(limits[a.Limit], a.Target)
	}
	var parts []string
	for _, limit := range order {
		part := "more than " + format.Duration(limit)
		if len(order) > 1 {
			part += " (" + Listed(limits[limit]) + ")"
		}
		parts = append(parts, part)
	}
	if parts == nil {
		return ""
	}
	return "late is a correct answer after " + Listed(parts)
}

// FaultResult is what a fault cost as a clause: "process-kill at 10 s: 25 requests lost
// (23 refused, 2 closed) within 182 ms, first correct answer after 187 ms; noticed after 9
// ms (ended)".
func FaultResult(f failover.Fault) string {
	begin := fmt.Sprintf("%s at %s", f.Kind, format.Duration(f.At))
	if len(f.Cases) == 0 {
		return begin + " was not injected"
	}
	parts := []string{begin + hit(f) + ": " + failing(f) + loss(f)}
	if answered := newServer(f); answered != "" {
		parts = append(parts, answered)
	}
	if excursion := slowness(f); excursion != "" {
		parts = append(parts, excursion)
	}
	return strings.Join(append(parts, notice(f)), "; ")
}

// hit says how much of the load the replica carried that was hit; "": all of it, or it is not known.
func hit(f failover.Fault) string {
	var shares []float64
	for _, c := range f.Cases {
		if c.Share != nil {
			shares = append(shares, *c.Share)
		}
	}
	if shares == nil || slices.Min(shares) == 1 {
		return ""
	}
	text := fmt.Sprintf(" hit a replica that gave %s of the answers of the 5 s before", sharesOf(shares))
	if len(shares) < len(f.Cases) {
		text += " (known " + InRounds(len(shares), len(f.Cases)) + ")"
	}
	return text
}

func loss(f failover.Fault) string {
	if f.Lost == 0 {
		return "no request was lost"
	}
	lost := "lost"
	if f.Failing() > 0 {
		lost = "failed from then on"
	}
	text := fmt.Sprintf("%s %s (%s)", format.Plural(int(f.Lost), "request"), lost, classes(f.Errors))
	losing, rounds := f.Losing(), len(f.Cases)
	switch {
	case losing < rounds:
		text += " " + InRounds(losing, rounds)
	case rounds > 1:
		text += fmt.Sprintf(" in %d rounds", rounds)
	}
	if f.Burst.Max >= time.Microsecond && f.Lost > int64(losing) {
		text += ", " + over(f.Burst, "within")
	}
	switch never := f.Never(); {
	case never == len(f.Cases):
		return text + ", and the server never recovered before the phase ended"
	case never > 0:
		return text + fmt.Sprintf(", and in %s the server never recovered before the phase ended", format.Plural(never, "round"))
	}
	if f.Recovered.Max < time.Microsecond { // other replicas answered all the while
		return text
	}
	return text + ", first correct answer " + over(f.Recovered, "after")
}

// failing says that the server was failing already, so that not every failure is the fault's.
func failing(f failover.Fault) string {
	n := f.Failing()
	if n == 0 {
		return ""
	}
	var before, after []float64
	for _, c := range f.Cases {
		if c.Failing {
			before, after = append(before, c.FailedBefore), append(after, c.FailedAfter)
		}
	}
	text := "the server was already failing before the fault"
	if n < len(f.Cases) {
		text += " in " + format.Plural(n, "round")
	}
	return fmt.Sprintf("%s (%s of the requests due in the 10 s before it failed, %s in the 10 s after it); ", text, sharesOf(before), sharesOf(after))
}

// sharesOf are those of some rounds: "35.1 %", "9.76 % to 35.1 %".
func sharesOf(all []float64) string {
	low, high := format.Percent(slices.Min(all)), format.Percent(slices.Max(all))
	if low == high {
		return low
	}
	return low + " to " + high
}

// newServer is when the server in the place of the one that was hit was ready and answered,
// unless that was the first correct answer after the failures; "": it is not known.
func newServer(f failover.Fault) string {
	silent := false
	for _, c := range f.Cases {
		silent = silent || c.New.Known && c.New.Answered == 0
	}
	var parts []string
	if f.Ready.N > 0 {
		parts = append(parts, "was ready "+over(f.Ready, "after")+known(f.Ready, f))
	}
	switch {
	case f.Answered.N > 0 && f.Answered.Median.Value != f.Recovered.Median.Value:
		parts = append(parts, "gave its first correct answer "+over(f.Answered, "after")+known(f.Answered, f))
	case f.Answered.N == 0 && silent && f.Never() == 0:
		parts = append(parts, "gave no correct answer before the phase ended")
	}
	if parts == nil {
		return ""
	}
	return "the new server " + strings.Join(parts, " and ")
}

func classes(errors []record.ErrorCount) string {
	var all []string
	for _, e := range errors {
		all = append(all, format.Count(e.Count)+" "+e.Class)
	}
	return strings.Join(all, ", ")
}

// over is a median, or the only value: "after 187 ms", "after a median of 187 ms"; of times that
// are 0 in most rounds, the longest: "after up to 187 ms".
func over(t sample.Times, word string) string {
	switch {
	case t.N == 1:
		return word + " " + format.Duration(t.Median.Value)
	case t.Median.Value < time.Microsecond:
		return word + " up to " + format.Duration(t.Max)
	}
	return word + " a median of " + format.Duration(t.Median.Value)
}

// InRounds names some of the rounds: "in 1 of 3 rounds".
func InRounds(n, rounds int) string { return fmt.Sprintf("in %d of %d rounds", n, rounds) }

// known says in how many rounds a time is known; "": in all.
func known(t sample.Times, f failover.Fault) string {
	if t.N == len(f.Cases) {
		return ""
	}
	return " (" + InRounds(t.N, len(f.Cases)) + ")"
}

func slowness(f failover.Fault) string {
	if f.Excursion.Max == 0 {
		return ""
	}
	peak, low, high := time.Duration(0), f.Cases[0].Limit, time.Duration(0)
	isHigh := false
	for _, c := range f.Cases {
		peak, low, high = max(peak, c.Peak), min(low, c.Limit), max(high, c.Limit)
		isHigh = isHigh || c.Peak > c.Limit
	}
	limit := format.Duration(high)
	if low < high { // twice the highest second before, in each round
		limit = fmt.Sprintf("its limit, %s to %s,", format.Duration(low), format.Duration(high))
	}
	above := fmt.Sprintf("above %s %s", limit, over(f.Excursion, "for"))
	if n := f.Slowed(); n < len(f.Cases) {
		above += " " + InRounds(n, len(f.Cases))
	}
	var resent int64
	for _, c := range f.Cases {
		resent += c.Resent
	}
	if resent > 0 && peak >= time.Second {
		above += fmt.Sprintf(" (the first packet of %s was lost in the phase, and sent again after 1 s or more)", format.Plural(int(resent), "connection"))
	}
	if !isHigh { // seconds without any answer
		return "p99 " + above + ", in which nothing was answered"
	}
	return fmt.Sprintf("p99 up to %s, %s", format.Duration(peak), above)
}

// noticedBy is by which kinds of events: "ended", "unready in 2 rounds, warning in 1 round".
func noticedBy(f failover.Fault) string {
	var kinds []string
	rounds := map[string]int{}
	for _, c := range f.Cases {
		if c.By == "" {
			continue
		}
		if rounds[c.By]++; rounds[c.By] == 1 {
			kinds = append(kinds, c.By)
		}
	}
	if len(kinds) > 1 {
		for i, kind := range kinds {
			kinds[i] += " in " + format.Plural(rounds[kind], "round")
		}
	}
	return strings.Join(kinds, ", ")
}

func notice(f failover.Fault) string {
	if f.Noticed.N == 0 {
		return "the platform noticed nothing"
	}
	text := fmt.Sprintf("noticed %s (%s)", over(f.Noticed, "after"), noticedBy(f))
	if n := f.Unnoticed(); n > 0 {
		text += fmt.Sprintf(", in %s not at all", format.Plural(n, "round"))
	}
	return text
}
