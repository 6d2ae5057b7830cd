package sentence

import (
	"fmt"
	"strings"
	"time"

	"servebench/reports/analysis/scaling"
	"servebench/reports/format"
)

// ScalingResult is how the replicas of a target followed the load, and what its users met, in
// sentences.
func ScalingResult(t scaling.Trial) string {
	parts := []string{format.Sentence(scaleOut(t))}
	if text := noneReady(t); text != "" {
		parts = append(parts, format.Sentence(text))
	}
	for _, w := range t.Warnings {
		parts = append(parts, warned(w))
	}
	if t.Users.Limit > 0 {
		parts = append(parts, format.Sentence(usersMet(t)))
	}
	if text := scaleIn(t); text != "" {
		parts = append(parts, format.Sentence(text))
	}
	return strings.Join(parts, " ")
}

// rose says how the load rose.
func rose(t scaling.Trial) string {
	if t.Low == 0 {
		return "a load of " + format.Rate(t.High)
	}
	return fmt.Sprintf("the load rose from %s to %s", format.Rate(t.Low), format.Rate(t.High))
}

func scaleOut(t scaling.Trial) string {
	replicas := format.Plural(t.Before, "replica")
	made, ready := t.Started()
	switch {
	case !t.Observed:
		return "the target tells of no replicas: " + rose(t)
	case !t.Reacted():
		return fmt.Sprintf("the autoscaler never reacted: %s, and %s had to do", rose(t), replicas)
	case made == 0:
		return fmt.Sprintf("%s; more replicas were requested after %s, and none was made", rose(t), format.Duration(*t.Decided))
	}
	text := rose(t)
	if t.Decided != nil {
		text += "; more replicas were requested after " + format.Duration(*t.Decided)
	}
	first := scaling.Replica{}
	for _, r := range t.Replicas {
		if r.New && r.Ready != nil && (first.Ready == nil || *r.Ready < *first.Ready) {
			first = r
		}
	}
	if ready == 0 {
		return text + fmt.Sprintf(", and none of %s came to be ready", format.Plural(made, "new replica"))
	}
	text += ", the first was ready after " + format.Duration(*first.Ready)
	switch {
	case first.First != nil:
		text += " and answered after " + format.Duration(*first.First)
	case first.Answers:
		text += " and answered no request"
	}
	return text + fmt.Sprintf(" (ready before: %d, at least: %d, at most: %d)", t.Before, t.Least, t.Most)
}

// noneReady says that at times no replica was ready, and that replicas were unready for a
// while; "": neither was so.
func noneReady(t scaling.Trial) string {
	var parts []string
	if len(t.Gaps) > 0 {
		text := fmt.Sprintf("no replica was ready for %s, from %s of the phase on", format.Duration(t.NoneReady()), format.Duration(t.Gaps[0].From))
		if n := len(t.Gaps); n > 1 {
			text = fmt.Sprintf("no replica was ready for %s in %d gaps, the first from %s of the phase on", format.Duration(t.NoneReady()), n, format.Duration(t.Gaps[0].From))
		}
		parts = append(parts, text)
	}
	if t.Unready > 0 {
		parts = append(parts, "ready replicas became unready "+format.Plural(t.Unready, "time")+" without ending")
	}
	return strings.Join(parts, "; ")
}

// warned is a sentence that ends with the platform's own.
func warned(w scaling.Warning) string {
	times := ""
	if w.Count > 1 {
		times = fmt.Sprintf(" %d times, last", w.Count)
	}
	of := ""
	if w.Starting {
		of = " of starting replicas"
	}
	return fmt.Sprintf("The platform warned%s%s: %s.", of, times, strings.TrimSuffix(w.Text, "."))
}

func usersMet(t scaling.Trial) string {
	u, limit := t.Users, format.Duration(t.Users.Limit)
	if u.Over == 0 {
		return fmt.Sprintf("the p99 stayed within %s%s", limit, lost(u))
	}
	text := fmt.Sprintf("the p99 was above %s for %s", limit, format.Duration(u.Over))
	switch {
	case u.Again != nil:
		text += fmt.Sprintf(", back within it from %s on, and above it again from %s on", format.Duration(*u.Recovered), format.Duration(*u.Again))
	case u.Recovered != nil:
		text += " and back within it from " + format.Duration(*u.Recovered) + " on"
	case t.Fall != nil:
		text += " and never back within it for 5 s before the load fell"
	default:
		text += " and never back within it for 5 s before the end"
	}
	return text + lost(u)
}

// lost says how many requests were late or without an answer.
func lost(u scaling.Users) string {
	late := "none was late"
	if u.Late > 0 {
		late = format.Count(u.Late) + " were late"
	}
	failed := "none failed"
	if u.Failed > 0 {
		failed = format.Count(u.Failed) + " failed"
	}
	return fmt.Sprintf("; of %s requests due meanwhile %s and %s", format.Count(u.Due), late, failed)
}

func scaleIn(t scaling.Trial) string {
	var parts []string
	if text := replicasGone(t); text != "" {
		parts = append(parts, text)
	}
	var failed int64
	for _, r := range t.Removed {
		failed += r.Failed
	}
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("%s failed while replicas were removed: let the server answer what it has accepted after SIGTERM, and delay its end until no request is sent to it (preStop)", format.Plural(int(failed), "request")))
	}
	return strings.Join(parts, "; ")
}

func replicasGone(t scaling.Trial) string {
	if t.Fall == nil || t.Most <= t.Before {
		return ""
	}
	from := "after the load fell"
	switch {
	case t.Back != nil && t.Reduced != nil:
		return fmt.Sprintf("fewer were requested %s %s, and %s ready again after %s", format.Duration(*t.Reduced), from, only(t.Before), format.Duration(*t.Back))
	case t.Back != nil:
		return fmt.Sprintf("%s ready again %s %s", only(t.Before), format.Duration(*t.Back), from)
	}
	return fmt.Sprintf("at the end of the phase %d of %d new replicas were still ready", t.End-t.Before, t.Most-t.Before)
}

// only is the number of replicas that a scale-in comes back to, as subject and verb.
func only(n int) string {
	if n == 1 {
		return "only 1 was"
	}
	return fmt.Sprintf("only %d were", n)
}

// ScalingMethod says how what is said of replicas is counted, by the limit of the p99; 0: there is
// none.
func ScalingMethod(limit time.Duration) string {
	text := "Those of the scale-in count from when it fell. "
	if limit > 0 {
		text += "Late are right answers after the p99 limit, " + format.Duration(limit) + ". "
	}
	return text + "The p99 is back from the last time on that it is within its limit for 5 s; a request that failed counts as above it"
}

// SupplyMethod says how replicas too few and too many are counted.
const SupplyMethod = "The capacity of a replica is, at least, the highest load per ready replica at which the p99 limit was held for 5 s. " +
	"Too few and too many are the differences between the replicas that were ready and those that the load took by that (scaling.max at most), multiplied by their time"
