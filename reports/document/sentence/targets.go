package sentence

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// TargetResult is what a run comes to, as to one of its targets, in sentences: what went wrong
// with its server, what was found in the row, and which limits it does not keep.
func TargetResult(a *analysis.Analysis, r sample.Row) string {
	return joined(TargetFailure(a, r.Target), caveat(a, r.Target), finding(a, r), brokenLimits(a, r.Target))
}

// TargetStart is how long the starts of a target took of which starts alone were measured.
func TargetStart(a *analysis.Analysis, c sample.ColdStart) string {
	whole := c.Whole()
	text := fmt.Sprintf("%s to the first answer in the median of %s, %s at most.",
		format.Duration(whole.Median.Value), format.Plural(c.N, "start"), format.Duration(whole.Max))
	return joined(caveat(a, c.Target), text, TargetFailure(a, c.Target))
}

// joined puts sentences behind each other.
func joined(sentences ...string) string {
	return strings.Join(slices.DeleteFunc(sentences, func(s string) bool { return s == "" }), " ")
}

// caveat says what must not be overlooked about where a server ran.
func caveat(a *analysis.Analysis, target string) string {
	for _, d := range a.Diagnostics {
		if d.Target == target && (d.Rule == "emulated" || d.Rule == "running") {
			return format.Sentence(d.Text)
		}
	}
	return ""
}

// TargetFailure says what went wrong with a target's server, and why; "" where nothing did.
func TargetFailure(a *analysis.Analysis, target string) string {
	for _, t := range a.ServerFailures() {
		if t.Target != target {
			continue
		}
		text := "The server " + failureText(t)
		if t.Cause != "" {
			text += ": " + t.Cause
		}
		return format.Sentence(text)
	}
	return ""
}

// finding is what the run was for, as to one target; without such, its first measured
// phase.
func finding(a *analysis.Analysis, r sample.Row) string {
	if s := overheadOf(a, r.Target); s != "" {
		return s
	}
	for _, s := range a.Capacity {
		if s.Target == r.Target {
			return format.Sentence(CapacityResult(s))
		}
	}
	for _, s := range a.Stepped {
		if s.Target == r.Target {
			return format.Sentence(StepsResult(s))
		}
	}
	for _, s := range a.Saturated {
		if s.Target == r.Target {
			return format.Sentence(SaturationResult(s))
		}
	}
	at := "at"
	if r.Concurrency > 0 {
		at = "with"
	}
	s := fmt.Sprintf("%s of %s requests %s %s %s", format.Count(r.Ledger.OK), format.Count(r.Ledger.Sent), answered(a, r), at, Asked(r))
	if a.Several() {
		s = fmt.Sprintf("Phase %s: %s", r.Phase, s)
	}
	var times []string
	for _, i := range []int{0, 2} {
		if q := r.Response.Quantiles[i]; q.Known {
			times = append(times, format.Quantile(q.Q)+" "+format.Duration(q.Value))
		}
	}
	if len(times) == 0 {
		return s + "."
	}
	s += "; response time "
	if r.Ledger.OK < r.Ledger.Sent {
		s += "of these "
	}
	return s + Listed(times) + "."
}

// overheadOf is what a target costs a request; "" where nobody asked, or it is not known.
func overheadOf(a *analysis.Analysis, target string) string {
	if a.Overhead == nil {
		return ""
	}
	var parts []string
	for _, r := range a.Overhead.Rows {
		if r.Target != target || !r.Known {
			continue
		}
		part := fmt.Sprintf("%s: %s of overhead", format.Quantile(r.Q), format.Duration(r.Overhead.Value))
		if r.Overhead.HasRatio {
			part += fmt.Sprintf(" (×%s of %s's)", format.Number(r.Overhead.Ratio), a.Overhead.Base)
		}
		if r.Model.ToldApart {
			part += " and " + format.Duration(r.Model.Value) + " for the model"
		} else {
			part += ", the model's share not above the noise"
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return ""
	}
	return "Response time at " + strings.Join(parts, "; at ") + "."
}

// brokenLimits names the limits that a target does not keep.
func brokenLimits(a *analysis.Analysis, target string) string {
	var failed, open []string
	for _, g := range a.Gates {
		where := ""
		if a.Several() && g.Phase != "" {
			where = " in " + g.Phase
		}
		switch {
		case g.Target != target:
		case g.Verdict == record.Fail:
			l := NewLimit(g)
			failed = append(failed, fmt.Sprintf("%s%s%s %s, limit %s", g.Metric, counted(a, g), where, l.Observed, l.Limit))
		case g.Verdict == record.Inconclusive:
			open = append(open, g.Metric+where)
		}
	}
	var parts []string
	if len(failed) > 0 {
		parts = append(parts, "Not met: "+Listed(failed)+".")
	}
	if len(open) > 0 {
		parts = append(parts, "Undecided: "+Listed(open)+".")
	}
	return strings.Join(parts, " ")
}

// counted says of a quantile that is judged that it is another one than that of the right
// answers; "" where all requests had one.
func counted(a *analysis.Analysis, g gate.Gate) string {
	i := slices.IndexFunc(a.Rows, func(r sample.Row) bool { return r.Target == g.Target && r.Phase == g.Phase })
	if g.Q == 0 || i < 0 || a.Rows[i].Ledger.OK == a.Rows[i].Ledger.Sent {
		return ""
	}
	return " (failed requests included)"
}
