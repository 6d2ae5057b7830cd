package validity

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

func empty(s *Subject) []finding {
	if !s.Empty() {
		return nil
	}
	f := of("no request measured", 0)
	if s.OnlyStarts() {
		f.Figure = "no start measured"
	}
	failures := s.ServerFailures()
	switch {
	case len(failures) > 0 && failures[0].Cause != "":
		f = f.as("server", "{why}", failures[0].Target+": "+failures[0].Cause)
	case s.Run.Interrupted != "" || s.Run.Finished.IsZero():
		f = f.as("unended")
	case !s.OnlyStarts() && !slices.ContainsFunc(s.Run.Scenario.Phases, func(p record.Phase) bool { return p.Measured }):
		f = f.as("unmeasured")
	}
	return []finding{f}
}

// unended tells of a run that did not come to its end. What is missing of one that did is
// told of each target.
func unended(rule string) func(*Subject) []finding {
	return func(s *Subject) []finding {
		short := s.Unended()
		if short == nil || short.Rule() != rule {
			return nil
		}
		f := of(fmt.Sprintf("%d measured cells", len(s.Cells)), 0, "{why}", strings.TrimRight(s.Run.Interrupted, ". "))
		switch {
		case s.Run.Hold == record.Held:
			f = f.as("held")
		case s.AB != nil && s.AB.Command != "":
			f = f.as("goes on", "{command}", s.AB.Command)
		case s.Run.Capacity != nil:
			f = f.as("goes on", "{command}", format.Command(record.Program(s.Run), "capacity", "--continue", s.Run.Dir))
		}
		if s.OnlyStarts() {
			starts := 0
			for _, c := range s.ColdStarts() {
				starts += c.N + c.Failed
			}
			f.Figure = fmt.Sprintf("%d starts", starts)
		}
		return []finding{f}
	}
}

// missingRounds tells how much of each phase was measured where that is not all: of a
// run that came to its end, since one that did not says it as a whole.
func missingRounds(s *Subject) []finding {
	if s.Run.Interrupted != "" || s.Run.Finished.IsZero() || s.Empty() {
		return nil
	}
	var all []finding
	for _, g := range s.Gaps() {
		lost := s.Lost(g.Target)
		if g.Phase == "" || g.Made == 0 && lost {
			continue // see missingStarts, and died
		}
		f := of(g.String(), 0, "{planned}", fmt.Sprint(g.Planned)).at(g.Target, g.Phase, 0)
		if lost {
			f = f.as("lost")
		}
		all = append(all, f)
	}
	return all
}

// at places a finding.
func (f finding) at(target, phase string, round int) finding {
	f.Target, f.Phase, f.Round = target, phase, round
	return f
}

// also names the other rounds in which it was so.
func (f finding) also(rounds []int) finding {
	f.Also = slices.DeleteFunc(sample.Distinct(rounds), func(r int) bool { return r == f.Round })
	return f
}

// missingStarts tells of targets started less often than planned.
func missingStarts(s *Subject) []finding {
	planned := s.Run.Scenario.ColdStarts
	var all []finding
	for _, c := range s.plannedStarts() {
		if made := s.StartsAlone(c.Target); s.startsMissing(c) {
			all = append(all, of(fmt.Sprintf("%d of %d starts", made, planned), 0, "{planned}", fmt.Sprint(planned)).at(c.Target, "", 0))
		}
	}
	return all
}

// fewStarts tells of targets started too seldom for the median to have an interval.
func fewStarts(s *Subject) []finding {
	var all []finding
	for _, c := range s.plannedStarts() {
		if c.N > 0 && !c.Whole().Median.HasInterval && !s.startsMissing(c) {
			all = append(all, of(fmt.Sprintf("n = %d", c.N), 0).at(c.Target, "", 0))
		}
	}
	return all
}

// plannedStarts are the starts of each target, where any were planned for their own sake.
func (s *Subject) plannedStarts() []sample.ColdStart {
	if s.Run.Scenario.ColdStarts == 0 || s.Empty() {
		return nil
	}
	return slices.DeleteFunc(s.ColdStarts(), func(c sample.ColdStart) bool { return c.Running })
}

func (s *Subject) startsMissing(c sample.ColdStart) bool {
	return s.Run.Interrupted == "" && !s.Run.Finished.IsZero() && s.StartsAlone(c.Target) < s.Run.Scenario.ColdStarts
}

// unequalMachine tells of what could not be had on this machine: CPUs for the generator
// alone, or anything else.
func unequalMachine(generatorCPUs bool) func(*Subject) []finding {
	return func(s *Subject) []finding {
		var all []finding
		for _, f := range s.Run.Environment {
			if f.Unequal && (f.Name == record.FactGeneratorCPUs) == generatorCPUs {
				all = append(all, of(f.Name+": "+f.String(), 0))
			}
		}
		return all
	}
}

// healthPath is one on which servers say that they are ready, or at least live.
var healthPath = regexp.MustCompile(`^(GET|HEAD) (/.*)?/(health|healthz|healthcheck|ready|readyz|live|livez|ping)/?(\?.*)?$`)

// healthChecked tells of a load that asks nothing of a model.
func healthChecked(s *Subject) []finding {
	if s.Empty() || s.OnlyStarts() || !healthPath.MatchString(s.Run.Scenario.Template) {
		return nil
	}
	return []finding{of(s.Run.Scenario.Template, 0)}
}

func oneRound(s *Subject) []finding {
	if s.Empty() || s.OnlyStarts() || s.Run.Scenario.Rounds > 1 {
		return nil
	}
	return []finding{of("1 round", 0)}
}

// fewSamples tells which quantiles are not known, and of what. An A/B test knows those that
// it compares, in each round.
func fewSamples(s *Subject) []finding {
	var all []finding
	for _, i := range []int{2, 3} {
		short := slices.DeleteFunc(slices.Clone(s.Rows), func(r sample.Row) bool { return r.Response.Quantiles[i].Known || r.Ledger.Sent == 0 })
		if len(short) > 0 && s.AB == nil {
			all = append(all, tooFew(short, stat.Quantiles()[i]))
		}
	}
	return all
}

// tooFew is the finding of rows with too few answers for a quantile.
func tooFew(short []sample.Row, q float64) finding {
	least := slices.MinFunc(short, func(x, y sample.Row) int { return cmp.Compare(x.Response.N, y.Response.N) }).Response.N
	f := of("n = "+format.Count(least), 0, "{quantile}", format.Quantile(q), "{needed}", format.Count(stat.Needed(q)), "{answers}", answersIn(short))
	if onePhase(short) {
		f.Phase = short[0].Phase
	}
	if len(short) == 1 {
		f.Target = short[0].Target
	}
	return f
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

// lostPairs tells of rounds of an A/B test that have no pair.
func lostPairs(s *Subject) []finding {
	if s.AB == nil || len(s.AB.Lost) == 0 {
		return nil
	}
	lost := s.AB.Lost
	return []finding{of(fmt.Sprintf("%d of %d rounds", len(lost), s.AB.Pairs+len(lost)), 0, "{rounds}", format.List(lost))}
}

// fewPairs tells of metrics that could not use all pairs of rounds.
func fewPairs(s *Subject) []finding {
	if s.AB == nil {
		return nil
	}
	var all []finding
	for _, m := range s.AB.Metrics {
		if len(m.Pairs) < s.AB.Pairs {
			pairs := fmt.Sprintf("%d of %d pairs", len(m.Pairs), s.AB.Pairs)
			all = append(all, of(m.Name+": "+pairs, 0, "{metric}", m.Name, "{pairs}", pairs).at("", m.Phase, 0))
		}
	}
	return all
}

// idleReplicas tells of new replicas that were ready for a while and answered nothing.
func idleReplicas(s *Subject) (all []finding) {
	for _, t := range s.Scaling {
		for _, c := range s.Cells {
			if c.Target != t.Target || c.Phase != t.Phase || c.Round != t.Round {
				continue
			}
			if idle := t.Idle(c.Span); len(idle) > 0 {
				made, _ := t.Started()
				all = append(all, of(fmt.Sprintf("%d of %s", len(idle), format.Plural(made, "new replica")), float64(len(idle))).at(t.Target, t.Phase, t.Round))
			}
		}
	}
	return all
}

// noneReady tells of times without any ready replica that no fault of the scenario's was the
// reason of, as where a readiness probe fails under load.
func noneReady(s *Subject) (all []finding) {
	for _, t := range s.Scaling {
		var sum time.Duration
		for _, g := range t.Gaps {
			if !g.Fault {
				sum += g.To - g.From
			}
		}
		if sum == 0 {
			continue
		}
		f := of(format.Duration(sum), sum.Seconds())
		for _, w := range t.Warnings {
			if reason, _, _ := strings.Cut(w.Text, ":"); reason == "Unhealthy" && !w.Starting {
				f = f.as("probe")
			}
		}
		all = append(all, f.at(t.Target, t.Phase, t.Round))
	}
	return all
}
