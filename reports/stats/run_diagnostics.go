package stats

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// runDiagnostics are the diagnostics about the run as a whole and its targets. All but
// the first leave it VALID: they narrow what can be concluded. Of a run that was
// Refused nothing can be, and the reason is all there is to say.
func runDiagnostics(a *Analysis) []Diagnostic {
	if a.Refused() {
		return refused(a)
	}
	var all []Diagnostic
	for _, rule := range []func(*Analysis) []Diagnostic{
		empty, fallsShort, died, unanswered, aborted, leftOut, faults, rerunTrials, missingRounds, lostPairs, fewStarts,
		environment, emulated, ranAlready, unequalFacts, oneRound, fewSamples, nearFloor, overRated, unchecked,
	} {
		all = append(all, rule(a)...)
	}
	return all
}

func empty(a *Analysis) []Diagnostic {
	why := a.Nothing()
	if why == "" {
		return nil
	}
	figure := "no request measured"
	if a.OnlyStarts() {
		figure = "no start measured"
	}
	return []Diagnostic{{
		Rule: "empty", Severity: SeverityError, Figure: figure, Threshold: "at least one",
		Text:   "nothing was measured: " + why,
		Action: a.begin(),
	}}
}

// fallsShort tells of a run that did not come to its end. What is missing of one that
// did is told of each target.
func fallsShort(a *Analysis) []Diagnostic {
	short := a.Shortfall()
	if short == nil || short.Word == wordIncomplete {
		return nil
	}
	d := Diagnostic{
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
	return []Diagnostic{d}
}

// died tells of servers that did not come up or ended by themselves. What they
// failed is theirs and not the instrument's.
func died(a *Analysis) []Diagnostic {
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
			found = append(found, cellDiagnostic{Diagnostic: Diagnostic{
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
func missingRounds(a *Analysis) []Diagnostic {
	if a.Run.Interrupted != "" || a.Run.Finished.IsZero() || a.Nothing() != "" {
		return nil
	}
	var all []Diagnostic
	for _, g := range a.gaps() {
		lost := a.lost(g.target)
		if g.phase == "" || g.made == 0 && lost {
			continue // see fewStarts, and died
		}
		action := "see what else went wrong in this run"
		if lost {
			action = "see the failed deployments of this target"
		}
		all = append(all, Diagnostic{
			Rule: "missing-rounds", Target: g.target, Phase: g.phase,
			Figure: g.says(), Threshold: fmt.Sprint(g.planned),
			Text:   "only a part was measured: " + g.says(),
			Action: action,
		})
	}
	return all
}

// environment tells of what could not be had on this machine.
func environment(a *Analysis) []Diagnostic {
	var all []Diagnostic
	for _, f := range a.Run.Environment {
		if !f.Unequal {
			continue
		}
		d := Diagnostic{
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

func oneRound(a *Analysis) []Diagnostic {
	if a.Nothing() != "" || a.OnlyStarts() || a.Run.Scenario.Rounds > 1 {
		return nil
	}
	return []Diagnostic{{
		Rule: "one-round", Figure: "1 round", Threshold: "≥ 3",
		Text:   "one round shows nothing of what changes from one start of a server to the next: no interval here has it in",
		Action: "run it with --rounds 3 or more",
	}}
}

// fewSamples tells which quantiles are not known, and of what. An A/B test knows those that
// it compares, in each round.
func fewSamples(a *Analysis) []Diagnostic {
	if a.AB != nil {
		return nil
	}
	var all []Diagnostic
	for _, i := range []int{2, 3} {
		if d, short := shortOf(a, i); short {
			all = append(all, d)
		}
	}
	return all
}

func shortOf(a *Analysis, i int) (Diagnostic, bool) {
	short := slices.DeleteFunc(slices.Clone(a.Rows), func(r Row) bool { return r.Response.Quantiles[i].Known || r.Ledger.Sent == 0 })
	if len(short) == 0 {
		return Diagnostic{}, false
	}
	least := slices.MinFunc(short, func(x, y Row) int { return cmp.Compare(x.Response.N, y.Response.N) }).Response.N
	q := stat.Quantiles()[i]
	d := Diagnostic{
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
func answersIn(rows []Row) string {
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

func onePhase(rows []Row) bool {
	return !slices.ContainsFunc(rows, func(r Row) bool { return r.Phase != rows[0].Phase })
}

func unchecked(a *Analysis) []Diagnostic {
	var all []Diagnostic
	for _, row := range a.Rows {
		if !row.Unchecked() || a.ByStatus(row) {
			continue
		}
		all = append(all, Diagnostic{
			Rule: "agreement-unknown", Target: row.Target, Phase: row.Phase,
			Figure: "0 answers checked", Threshold: "all",
			Text:   "no answer was compared with the model's own prediction: right answers cannot be told from wrong ones",
			Action: "check the server's answers by other means: they can be predicted only with `server: reference`",
		})
	}
	return all
}
