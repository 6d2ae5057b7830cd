package document

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/document/sentence"
)

// method says in plain words how the figures came about.
func (b builder) method() []Section {
	starts := "A cold start runs from the moment when all that it needs is in place to the first right answer of the model. It is in no latency. Starts: " + sentence.StartMethod + "."
	texts := []string{
		b.loops(),
		"Response time runs from when " + b.due() + " to when the answer was complete; service time from when it was sent. " +
			"Lag is the difference: how late the load generator was. Tables show both times, for " + b.answersWord() + " only; failures are counted separately.",
		"Lag is allowed up to a threshold: " + sentence.LagMethod() + ". Beyond that the run is INVALID: the times would be the load generator's.",
		b.checked(),
		"Censored requests were given up before their timeout, because the run was ended. They are in the ledger, never dropped.",
		"Within the deadline: the share of all requests scheduled that were answered within the SLO's deadline; those that failed, were censored or were never sent came too late.",
		"Goodput is " + b.answersWord() + " within the SLO's deadline, per second; without a deadline, " + b.answersWord() + " per second. " +
			"Answers per second: " + sentence.ThroughputMethod + ".",
		"A quantile q is shown when at least 10 samples lie beyond it, n·(1−q) ≥ 10; otherwise it reads “n too small”. " +
			"Quantiles are of all rounds' requests together, never averages of quantiles.",
		"Quantiles: " + sentence.IntervalMethod + ". Ratios: " + sentence.RatioMethod + ". Shares: " + sentence.ShareMethod + ".",
		starts,
	}
	if len(b.a.Gates) > 0 {
		texts = append(texts, "A limit passes when the whole 95 % interval keeps it and fails when the whole interval breaks it. "+
			"Where too few requests were sent for a quantile, it fails when more of them were slower than the quantile leaves room for. "+
			"Its quantiles are of all requests sent: one that failed or was censored counts as endless. "+
			"Goodput is judged by Student's t on the rounds, a cold start by each start alone.")
	}
	if b.a.OnlyStarts() {
		texts = []string{starts, "Targets are started one after the other, in a new random order each time. Failed starts are counted separately, never averaged."}
	}
	s := Section{ID: "method", Title: "Method", Rank: Appendix}
	for _, text := range texts {
		s.Lines = append(s.Lines, Line{Text: text})
	}
	return []Section{s}
}

// loops says which loops there were.
func (b builder) loops() string {
	var parts []string
	var open, closed bool
	for _, p := range b.a.Run.Scenario.Phases {
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

// checked says whether the answers were held against the model's.
func (b builder) checked() string {
	var some, none bool
	for _, r := range b.a.Rows {
		some, none = some || r.Agreement.N > 0, none || r.Agreement.N == 0 && r.Ledger.OK > 0
	}
	switch {
	case b.a.JudgedByStatus():
		return "Answers were judged by their status: there is nothing to compare them with."
	case !some:
		return "No answer was checked: what is right is known with “server: reference” or with data.expect. " +
			"A wrong answer in the protocol's form counts like a right one."
	case none:
		return "Where the table of answers has an agreement, every answer is checked against " + b.expected() +
			", and a wrong one is a failure. Elsewhere no answer was checked."
	}
	return "Every answer is checked against " + b.expected() + ". A wrong answer is a failure."
}

// expected is what answers are checked against.
func (b builder) expected() string {
	switch d := b.a.Run.Scenario.Data; {
	case d != nil && d.Expect != "":
		return fmt.Sprintf("the column %s of %s", d.Expect, d.Name)
	case !slices.ContainsFunc(b.a.Rows, b.a.AsksModel):
		return "the answer that the scenario expects"
	}
	return "the model's own prediction for the same request"
}

// observed is what accuracy is measured by.
func (b builder) observed() string {
	if d := b.a.Run.Scenario.Data; d != nil && d.Label != "" {
		return fmt.Sprintf("the column %s of %s", d.Label, d.Name)
	}
	return "the label of the data"
}
