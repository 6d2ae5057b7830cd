package document

import (
	"cmp"
	"fmt"
	"slices"

	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/overhead"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
)

// steps tell what was held, and where each target broke.
func (b builder) steps() []Section {
	var findings []Line
	for _, s := range b.a.Stepped {
		findings = append(findings, Line{Text: b.a.Label(s.Target) + b.inPhase(s.Phase) + ": " + format.Sentence(sentence.StepsResult(s))})
	}
	return []Section{{ID: "steps", Title: "Steps", Table: b.stepTable(), Lines: findings, Notes: []string{
		"Each step, pooled over the rounds in which it was begun. A target broke " + sentence.StepMethod() + ".",
	}}}
}

func (b builder) stepTable() *Table {
	t := b.byTarget(words("step"), numbers("sent/s", "OK/s", "errors", "n"), words("broke"), quantileTitles())
	t.Keys = 3
	for _, s := range b.a.Stepped {
		for _, step := range s.Steps {
			b.add(t, s.Target, s.Phase, []Cell{
				text(sentence.StepName(s, step)), text(format.RateNumber(step.Sent)), text(format.RateNumber(step.Answered)),
				errorRate(step.ErrorRate()), count(step.Ledger.Sent), broke(step),
			}, quantiles(step.Response))
		}
	}
	return t
}

func broke(step capacity.Step) Cell {
	switch {
	case step.Broke == 0:
		return Cell{}
	case step.Rounds == 1:
		return Cell{Text: "here", Tone: Bad}
	}
	return Cell{Text: fmt.Sprintf("in %d of %d rounds", step.Broke, step.Rounds), Tone: Bad}
}

// throughput tells how many answers per second each target gives at most.
func (b builder) throughput() []Section {
	var findings []Line
	for _, s := range b.a.Saturated {
		findings = append(findings, Line{Text: b.a.Label(s.Target) + ": " + format.Sentence(sentence.SaturationResult(s))})
	}
	return []Section{{ID: "throughput", Title: "Highest throughput", Table: b.throughputTable(), Lines: findings, Notes: []string{
		format.Sentence(sentence.SaturationMethod),
		"In a closed loop requests wait for answers: these response times are not those of users who do not wait.",
	}}}
}

func (b builder) throughputTable() *Table {
	t := &Table{
		Columns: slices.Concat(words("target"), numbers("concurrency", "OK/s"), words(""), numbers("errors", "rounds"), quantileTitles()),
		Keys:    2,
	}
	for _, s := range b.a.Saturated {
		for i, p := range s.Points {
			rate := text(format.RateNumber(p.Rate))
			if p.HasInterval {
				rate.Interval = format.Interval(p.Low, p.High)
			}
			t.Rows = append(t.Rows, Row{Cells: slices.Concat([]Cell{
				{Text: b.a.Label(s.Target), Target: s.Target}, text(fmt.Sprint(p.Concurrency)), rate, standing(s, i),
				errorRate(p.Row.ErrorRate()), text(fmt.Sprint(p.Rounds)),
			}, quantiles(p.Row.Response))})
		}
	}
	return t
}

// standing marks the points that the finding names.
func standing(s capacity.Saturation, i int) Cell {
	switch {
	case i == s.Most:
		return Cell{Text: "highest", Tone: Good}
	case i == s.Fewest:
		return text("within 5 %")
	}
	return Cell{}
}

// overhead splits what a request takes into the target and the model.
func (b builder) overhead() []Section {
	found := b.a.Overhead
	if found == nil || b.a.Empty() {
		return nil
	}
	var unsure []overhead.Part
	intervals := false
	for _, r := range found.Rows {
		intervals = intervals || r.Known && r.Overhead.HasInterval
		if r.Known && !r.Model.ToldApart {
			unsure = append(unsure, r.Model)
		}
	}
	s := Section{ID: "overhead", Title: "Overhead", Table: b.overheadTable(), Notes: []string{fmt.Sprintf(
		"The overhead is network and virtualisation, with the server's handling of HTTP: the response time of phase %s, whose model %s computes nothing. "+
			"The model is the rest: the same quantile of phase %s, model %s, less that. This is a difference of quantiles, not the quantile of a difference.",
		found.Noop.Name, found.Noop.Model, found.Model.Name, found.Model.Model)}}
	if len(unsure) > 0 {
		s.Lines = append(s.Lines, Line{Text: "~0: " + unsureModel(unsure) + ". To resolve it: " + sentence.OverheadAdvice + "."})
	}
	if len(b.a.Ratios) > 0 {
		s.Lines = append(s.Lines, Line{Text: format.Sentence(sentence.OverheadBesideRatios)})
	}
	method := Line{Text: "There are no intervals: they take four rounds in which both phases ran."}
	if intervals {
		method.Text = "Intervals: " + format.Sentence(sentence.OverheadMethod)
	}
	s.Lines = append(s.Lines, method)
	return []Section{s}
}

func (b builder) overheadTable() *Table {
	found := b.a.Overhead
	t := &Table{
		Columns: slices.Concat(words("target", "quantile"), numbers("overhead ms", "÷ "+found.Base, "model ms", "÷ "+found.Base, "whole ms", "rounds")),
		Keys:    2,
	}
	for _, r := range slices.SortedStableFunc(slices.Values(found.Rows), func(x, y overhead.Row) int { return cmp.Compare(x.Q, y.Q) }) {
		row := []Cell{{Text: b.a.Label(r.Target), Target: r.Target}, text(format.Quantile(r.Q))}
		if base := r.Target == found.Base; r.Known {
			row = append(row, part(r.Overhead), partRatio(r.Overhead, base), part(r.Model), partRatio(r.Model, base), text(format.Milliseconds(r.Whole)))
		} else {
			row = append(row, faint("n too small"), none(), faint("n too small"), none(), none())
		}
		t.Rows = append(t.Rows, Row{Cells: append(row, text(fmt.Sprint(r.Rounds)))})
	}
	return t
}

// unsureModel says why the models' parts are not told apart from nothing: by their
// intervals, or, without any, by the difference itself.
func unsureModel(parts []overhead.Part) string {
	if slices.ContainsFunc(parts, func(p overhead.Part) bool { return p.HasInterval }) {
		return "the interval includes 0, because the noise is larger than what the model takes"
	}
	return "the difference is not above 0: the model's share is not above the noise between rounds"
}

func part(p overhead.Part) Cell {
	c := milliseconds(p.Value, p.HasInterval, p.Low, p.High)
	if !p.ToldApart {
		c.Text, c.Tone = "~0, "+c.Text, Faint
	}
	return c
}

func partRatio(p overhead.Part, base bool) Cell {
	switch {
	case base && p.ToldApart:
		return text("1")
	case !p.HasRatio:
		return none()
	}
	return ratio(p.Ratio, p.HasRatioInterval, p.RatioLow, p.RatioHigh)
}
