package sentence

import (
	"fmt"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/validity"
	"servebench/reports/format"
)

// intervalMethod says in one sentence how a quantile's interval is made, for
// captions.
const intervalMethod = "95 % interval by bootstrap over rounds and, inside them, seconds; by binomial order statistics with fewer than 8 seconds"

// shareMethod says in one sentence how a share's interval is made, for captions.
const shareMethod = "exact 95 % interval (Clopper and Pearson) of the requests; where rounds, or seconds in them, differ by more than chance (Pearson's χ², 10 %), of the effective number of independent requests (Korn and Graubard)"

// RatioMethod says in one sentence how Ratio's interval is made, for captions.
const RatioMethod = "95 % interval from the logarithms of the ratios of paired rounds (Student's t); none with fewer than three rounds, or where they are all the same; of goodput at least what chance makes of so many requests"

// LagMethod says in words when lag makes a run INVALID; see Row.LagLimit.
func LagMethod() string {
	return fmt.Sprintf("≤ %s, or %s of the target's median service time where that is more, for all but %s of a round's requests, allowing for chance: it counts when the whole 95 %% interval of the share lies above that",
		format.Duration(sample.LagFloor), format.Percent(sample.LagShare), format.Percent(validity.MostLate))
}

// LateByChance says what is to be said of a share of late requests that is larger
// than the threshold, but not beyond doubt, so that the run is VALID; "" of others.
func LateByChance(late stat.Proportion) string {
	if late.Value <= validity.MostLate || late.Low > validity.MostLate {
		return ""
	}
	return fmt.Sprintf("not beyond %s by more than chance", format.Percent(validity.MostLate))
}

// StagesMethod says in words what the stages of a start are, and what they leave out.
const StagesMethod = "started: the server's process exists; listening: its port accepts (Lambda: it asked for work); " +
	"ready: readiness was answered with 2xx; first answer: a right answer of the model. " +
	"Counted from when executable, image, initial file system or Lambda service were in place"

// StartMethod says in one sentence how the quantiles of the starts are made.
const StartMethod = "95 % interval of the median by binomial order statistics, which takes six starts, independent of each other; p90 takes 100 starts"

// ABMethod says in words how the figures of an A/B test are made.
const ABMethod = "Each round sends the same requests at the same due times to a fresh server of either variant, in random order. " +
	"Baseline and candidate are the medians of the rounds; a request that failed counts as slower than any. " +
	"Change is the Hodges–Lehmann estimate of candidate ÷ baseline over the pairs of rounds, p that of Wilcoxon's signed-rank test of no worse, one-sided and exact"

// ABColumns says in short why the change of a metric does not follow from the two
// figures beside it.
const ABColumns = "The change is not the ratio of the two columns before it: those are medians over all rounds, while the change is computed within each round " +
	"and estimated over the rounds (Hodges–Lehmann), because rounds can differ by more than the servers do"

// StepMethod says where a target broke, as the rest of a sentence, for captions.
func StepMethod() string {
	return fmt.Sprintf("in the first step in which the load was ended by abort_on or the end of the server, or more than %s of the requests sent failed or were censored, beyond chance, or fewer than %s of those due were answered rightly before %s after the step's end plus what three quarters of the first step's answers took, which is what counts as answered",
		format.Percent(capacity.StepErrors), format.Percent(capacity.StepAnswered), format.Duration(capacity.StepGrace))
}

// SaturationMethod says how the throughput and its interval are made, for captions.
const SaturationMethod = "right answers per second in a closed loop, the mean over rounds with its 95 % interval (Student's t); none with fewer than three rounds, or where they are all the same"

// OverheadMethod says in one sentence how the intervals of the split are made.
const OverheadMethod = "95 % interval by bootstrap over rounds, the same rounds for both phases and both targets, its percentiles widened for few rounds (Hesterberg); " +
	"in simulations it covers the true value in about 95 of 100 cases from six rounds on, in 85 to 90 with four; none with fewer"

// OverheadBesideRatios says why a ratio of the split and that of a phase's quantile
// differ, where both are shown.
const OverheadBesideRatios = "× is of quantiles over all rounds together, with a bootstrap over rounds; " +
	"the ratios of each phase, elsewhere, are means over rounds, with a t interval: so the two differ slightly"

// OverheadAdvice says what to do where noise hides what a model takes.
const OverheadAdvice = "more rounds, longer phases, or a larger data.batch, which gives the model more to do"

// throughputMethod says what answers per second are, for captions.
const throughputMethod = "a request counts by when it was due, whenever its answer came: right answers to the requests due, per second in which requests were due; " +
	"in a closed loop per second that a worker spent on its requests, the wait for its last answer included; " +
	"of a server that fell behind by more than 5 % per second that it took to answer them"

// Method says in paragraphs how the figures of a run came about.
func Method(a *analysis.Analysis) []string {
	starts := "A cold start runs from the moment when all that it needs is in place to the first right answer of the model. It is in no latency. Starts: " + StartMethod + "."
	if a.OnlyStarts() {
		return []string{starts, "Targets are started one after the other, in a new random order each time. Failed starts are counted separately, never averaged."}
	}
	texts := []string{
		loops(a),
		"Response time runs from when " + Due(a) + " to when the answer was complete; service time from when it was sent. " +
			"Lag is the difference: how late the load generator was. Tables show both times, for " + answers(a) + " only; failures are counted separately.",
		"Lag is allowed up to a threshold: " + LagMethod() + ". Beyond that the run is INVALID: the times would be the load generator's.",
		checked(a),
		"Censored requests were given up before their timeout, because the run was ended. They are in the ledger, never dropped.",
		"Within the deadline: the share of all requests scheduled that were answered within the SLO's deadline; those that failed, were censored or were never sent came too late.",
		"Goodput is " + answers(a) + " within the SLO's deadline, per second; without a deadline, " + answers(a) + " per second. " +
			"Answers per second: " + throughputMethod + ".",
		"A quantile q is shown when at least 10 samples lie beyond it, n·(1−q) ≥ 10; otherwise it reads “n too small”. " +
			"Quantiles are of all rounds' requests together, never averages of quantiles.",
		"Quantiles: " + intervalMethod + ". Ratios: " + RatioMethod + ". Shares: " + shareMethod + ".",
		starts,
	}
	if len(a.Gates) > 0 && a.Run.Capacity == nil {
		texts = append(texts, "A limit passes when the whole 95 % interval keeps it and fails when the whole interval breaks it. "+
			"Where too few requests were sent for a quantile, it fails when more of them were slower than the quantile leaves room for. "+
			"Its quantiles are of all requests sent: one that failed or was censored counts as endless. "+
			"Goodput is judged by Student's t on the rounds, a cold start by each start alone.")
	}
	return texts
}

// loops says which loops there were.
func loops(a *analysis.Analysis) string {
	var parts []string
	var open, closed bool
	for _, p := range a.Run.Scenario.Phases {
		open, closed = open || p.Measured && p.Open, closed || p.Measured && !p.Open
	}
	if open {
		parts = append(parts, "Open loop: requests are sent when they are due, whatever the server does.")
	}
	if closed {
		parts = append(parts, "Closed loop: each worker waits for its answer, thinks if it is told to, and asks again. A request is due when its worker is ready, "+
			"so the load drops when the server is slow: such a loop measures the highest throughput, not the latency for users who do not wait.")
	}
	return strings.Join(parts, " ")
}
