package validity

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// runDiagnostics are the diagnostics about the run as a whole and its targets. All but
// the first leave it VALID: they narrow what can be concluded. Of a run that was
// Refused nothing can be, and the reason is all there is to say.
func runDiagnostics(a *Subject) []record.Diagnostic {
	if a.Refused() {
		return refused(a)
	}
	var all []record.Diagnostic
	for _, rule := range []func(*Subject) []record.Diagnostic{
		empty, fallsShort, died, unanswered, aborted, leftOut, faults, rerunTrials, missingRounds, lostPairs, fewStarts,
		environment, emulated, ranAlready, unequalFacts, oneRound, fewSamples, nearFloor, overRated, unchecked,
	} {
		all = append(all, rule(a)...)
	}
	return all
}

func empty(a *Subject) []record.Diagnostic {
	why := a.Nothing()
	if why == "" {
		return nil
	}
	figure := "no request measured"
	if a.OnlyStarts() {
		figure = "no start measured"
	}
	return []record.Diagnostic{{
		Rule: "empty", Severity: record.SeverityError, Figure: figure, Threshold: "at least one",
		Text:   "nothing was measured: " + why,
		Action: a.begin(),
	}}
}

// fallsShort tells of a run that did not come to its end. What is missing of one that
// did is told of each target.
func fallsShort(a *Subject) []record.Diagnostic {
	short := a.Unended()
	if short == nil {
		return nil
	}
	d := record.Diagnostic{
		Rule: strings.ToLower(short.Word), Figure: fmt.Sprintf("%d measured cells", len(a.Cells)), Threshold: "the whole plan",
		Text:   short.Text,
		Action: "read it as what it is, a part; run it again for the whole",
	}
	switch {
	case a.Run.Hold == record.Held:
		d.Action = "wait for its end"
	case a.AB != nil && a.AB.Command != "":
		d.Action = "go on with it: " + a.AB.Command
	}
	if a.OnlyStarts() {
		starts := 0
		for _, c := range a.ColdStarts() {
			starts += c.N + c.Failed
		}
		d.Figure = fmt.Sprintf("%d starts", starts)
	}
	return []record.Diagnostic{d}
}

// died tells of servers that did not come up or ended by themselves. What they
// failed is theirs and not the instrument's.
func died(a *Subject) []record.Diagnostic {
	var found []cellDiagnostic
	for _, t := range a.Run.Targets {
		for _, d := range t.Deployments {
			if d.Failed == "" {
				continue
			}
			rule, text, action := "server-died", "the server did not last: ", "see what it says; its limits on memory and CPU are in the scenario"
			if !cameUp(d) {
				rule, text, action = "not-ready", "the server did not come up: ", "mend what it says and run it again"
			}
			found = append(found, cellDiagnostic{Diagnostic: record.Diagnostic{
				Rule: rule, Target: t.Name, Round: d.Round, Figure: "failed deployment", Threshold: "none",
				Text:   text + strings.TrimSpace(d.Failed),
				Action: action,
			}})
		}
	}
	return collapse(found)
}

// cameUp says that the first request could be sent.
func cameUp(d record.Deployment) bool {
	return d.FirstAnswerError != "" ||
		slices.ContainsFunc(d.Stages, func(s record.Stage) bool { return s.Name == record.FirstAnswer })
}

// missingRounds tells how much of each phase was measured where that is not all: of a
// run that came to its end, since one that did not says it as a whole.
func missingRounds(a *Subject) []record.Diagnostic {
	if a.Run.Interrupted != "" || a.Run.Finished.IsZero() || a.Nothing() != "" {
		return nil
	}
	var all []record.Diagnostic
	for _, g := range a.Gaps() {
		lost := a.Lost(g.Target)
		if g.Phase == "" || g.Made == 0 && lost {
			continue // see fewStarts, and died
		}
		action := "see what else went wrong in this run"
		if lost {
			action = "see the failed deployments of this target"
		}
		all = append(all, record.Diagnostic{
			Rule: "missing-rounds", Target: g.Target, Phase: g.Phase,
			Figure: g.Says(), Threshold: fmt.Sprint(g.Planned),
			Text:   "only a part was measured: " + g.Says(),
			Action: action,
		})
	}
	return all
}

// environment tells of what could not be had on this machine.
func environment(a *Subject) []record.Diagnostic {
	var all []record.Diagnostic
	for _, f := range a.Run.Environment {
		if !f.Unequal {
			continue
		}
		d := record.Diagnostic{
			Rule: "environment", Figure: f.Name + ": " + f.Value,
			Text:   fmt.Sprintf("the machine could not give what a fair measurement needs: %s: %s", f.Name, f.Value),
			Action: "measure on a machine that can, or bear it in mind",
		}
		if strings.Contains(f.Name, "CPUs") {
			d.Rule = "generator-alone"
			d.Text = fmt.Sprintf("the generator had no CPUs to itself (%s: %s), so it and the server disturb each other", f.Name, f.Value)
			d.Action = "use a machine with at least two CPUs and let servebench pin the generator"
		}
		all = append(all, d)
	}
	return all
}

func oneRound(a *Subject) []record.Diagnostic {
	if a.Nothing() != "" || a.OnlyStarts() || a.Run.Scenario.Rounds > 1 {
		return nil
	}
	return []record.Diagnostic{{
		Rule: "one-round", Figure: "1 round", Threshold: "≥ 3",
		Text:   "one round shows nothing of what changes from one start of a server to the next: no interval here has it in",
		Action: "run it with --rounds 3 or more",
	}}
}

// fewSamples tells which quantiles are not known, and of what. An A/B test knows those that
// it compares, in each round.
func fewSamples(a *Subject) []record.Diagnostic {
	if a.AB != nil {
		return nil
	}
	var all []record.Diagnostic
	for _, i := range []int{2, 3} {
		if d, short := shortOf(a, i); short {
			all = append(all, d)
		}
	}
	return all
}

func shortOf(a *Subject, i int) (record.Diagnostic, bool) {
	short := slices.DeleteFunc(slices.Clone(a.Rows), func(r sample.Row) bool { return r.Response.Quantiles[i].Known || r.Ledger.Sent == 0 })
	if len(short) == 0 {
		return record.Diagnostic{}, false
	}
	least := slices.MinFunc(short, func(x, y sample.Row) int { return cmp.Compare(x.Response.N, y.Response.N) }).Response.N
	q := stat.Quantiles()[i]
	d := record.Diagnostic{
		Rule: "samples", Figure: fmt.Sprintf("n = %s", format.Count(least)), Threshold: "≥ " + format.Count(stat.Needed(q)),
		Text:   fmt.Sprintf("%s is not shown: it takes %s answers, and %s", format.Quantile(q), format.Count(stat.Needed(q)), answersIn(short)),
		Action: "run it longer, at a higher rate, or with more rounds",
	}
	if onePhase(short) {
		d.Phase = short[0].Phase
	}
	if len(short) == 1 {
		d.Target = short[0].Target
	}
	return d, true
}

// answersIn says how many answers each row has: "there are 80" of one, "physical has
// 80, container has 90" of several.
func answersIn(rows []sample.Row) string {
	if len(rows) == 1 {
		return "there are " + format.Count(rows[0].Response.N)
	}
	var parts []string
	for _, r := range rows {
		name := r.Target
		if !onePhase(rows) {
			name += " in phase " + r.Phase
		}
		parts = append(parts, fmt.Sprintf("%s has %s", name, format.Count(r.Response.N)))
	}
	return strings.Join(parts, ", ")
}

func onePhase(rows []sample.Row) bool {
	return !slices.ContainsFunc(rows, func(r sample.Row) bool { return r.Phase != rows[0].Phase })
}

func unchecked(a *Subject) []record.Diagnostic {
	var all []record.Diagnostic
	for _, row := range a.Rows {
		if !row.Unchecked() || a.ByStatus(row) {
			continue
		}
		all = append(all, record.Diagnostic{
			Rule: "agreement-unknown", Target: row.Target, Phase: row.Phase,
			Figure: "0 answers checked", Threshold: "all",
			Text:   "no answer was compared with the model's own prediction: right answers cannot be told from wrong ones",
			Action: "check the server's answers by other means: they can be predicted only with `server: reference`",
		})
	}
	return all
}

// begin says what to do when nothing was measured.
func (a *Subject) begin() string {
	switch {
	case len(a.ServerFailures()) > 0:
		return "mend what the server says and run it again"
	case a.Run.Interrupted != "" || a.Run.Finished.IsZero():
		return "run it again to its end"
	case a.OnlyStarts():
		return "see the targets for what is missing"
	case slices.ContainsFunc(a.Run.Scenario.Phases, func(p record.Phase) bool { return p.Measured }):
		return "see the targets for what is missing"
	}
	return "leave measure: false out of at least one phase"
}

func refused(a *Subject) []record.Diagnostic {
	var all []record.Diagnostic
	for _, p := range a.Run.Preflight {
		all = append(all, record.Diagnostic{
			Rule: p.Rule, Severity: record.SeverityError, Figure: p.Figure, Threshold: p.Threshold, Text: p.Text, Action: p.Action,
		})
	}
	return all
}
