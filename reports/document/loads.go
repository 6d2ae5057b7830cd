package document

import (
	"cmp"
	"fmt"
	"slices"

	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/overhead"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
)

// steps tell what was held, and where each target broke.
func (b builder) steps() []element.Section {
	var findings []element.Line
	for _, s := range b.a.Stepped {
		findings = append(findings, element.Line{Text: b.a.Label(s.Target) + b.InPhase(s.Phase) + ": " + format.Sentence(sentence.StepsResult(s))})
	}
	return []element.Section{{ID: "steps", Title: "Steps", Table: b.stepTable(), Lines: findings, Notes: []string{
		"Each step, pooled over the rounds in which it was begun. A target broke " + sentence.StepMethod() + ".",
	}}}
}

func (b builder) stepTable() *element.Table {
	t := element.ByTarget(element.Words("step"), element.Numbers("sent/s", "OK/s", "errors", "n"), element.Words("broke"), element.QuantileTitles())
	t.Keys = 3
	for _, s := range b.a.Stepped {
		for _, step := range s.Steps {
			b.Add(t, s.Target, s.Phase, []element.Cell{
				element.Text(sentence.StepName(s, step)), element.Text(format.RateNumber(step.Sent)), element.Text(format.RateNumber(step.Answered)),
				element.ErrorRate(step.ErrorRate()), element.Count(step.Ledger.Sent), broke(step),
			}, element.Quantiles(step.Response))
		}
	}
	return t
}

func broke(step capacity.Step) element.Cell {
	switch {
	case step.Broke == 0:
		return element.Cell{}
	case step.Rounds == 1:
		return element.Cell{Text: "here", Tone: element.Bad}
	}
	return element.Cell{Text: fmt.Sprintf("in %d of %d rounds", step.Broke, step.Rounds), Tone: element.Bad}
}

// throughput tells how many answers per second each target gives at most.
func (b builder) throughput() []element.Section {
	var findings []element.Line
	for _, s := range b.a.Saturated {
		findings = append(findings, element.Line{Text: b.a.Label(s.Target) + ": " + format.Sentence(sentence.SaturationResult(s))})
	}
	return []element.Section{{ID: "throughput", Title: "Highest throughput", Table: b.throughputTable(), Lines: findings, Notes: []string{
		format.Sentence(sentence.SaturationMethod),
		"In a closed loop requests wait for answers: these response times are not those of users who do not wait.",
	}}}
}

func (b builder) throughputTable() *element.Table {
	t := &element.Table{
		Columns: slices.Concat(element.Words("target"), element.Numbers("concurrency", "OK/s"), element.Words(""), element.Numbers("errors", "rounds"), element.QuantileTitles()),
		Keys:    2,
	}
	for _, s := range b.a.Saturated {
		for i, p := range s.Points {
			rate := element.Text(format.RateNumber(p.Rate))
			if p.HasInterval {
				rate.Interval = format.Interval(p.Low, p.High)
			}
			t.Rows = append(t.Rows, element.Row{Cells: slices.Concat([]element.Cell{
				{Text: b.a.Label(s.Target), Target: s.Target}, element.Text(fmt.Sprint(p.Concurrency)), rate, standing(s, i),
				element.ErrorRate(p.Row.ErrorRate()), element.Text(fmt.Sprint(p.Rounds)),
			}, element.Quantiles(p.Row.Response))})
		}
	}
	return t
}

// standing marks the points that the finding names.
func standing(s capacity.Saturation, i int) element.Cell {
	switch {
	case i == s.Most:
		return element.Cell{Text: "highest", Tone: element.Good}
	case i == s.Fewest:
		return element.Text("within 5 %")
	}
	return element.Cell{}
}

// overhead splits what a request takes into the target and the model.
func (b builder) overhead() []element.Section {
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
	s := element.Section{ID: "overhead", Title: "Overhead", Table: b.overheadTable(), Notes: []string{fmt.Sprintf(
		"The overhead is network and virtualisation, with the server's handling of HTTP: the response time of phase %s, whose model %s computes nothing. "+
			"The model is the rest: the same quantile of phase %s, model %s, less that. This is a difference of quantiles, not the quantile of a difference.",
		found.Noop.Name, found.Noop.Model, found.Model.Name, found.Model.Model)}}
	if len(unsure) > 0 {
		s.Lines = append(s.Lines, element.Line{Text: "~0: " + unsureModel(unsure) + ". To resolve it: " + sentence.OverheadAdvice + "."})
	}
	if len(b.a.Ratios) > 0 {
		s.Lines = append(s.Lines, element.Line{Text: format.Sentence(sentence.OverheadBesideRatios)})
	}
	method := element.Line{Text: "There are no intervals: they take four rounds in which both phases ran."}
	if intervals {
		method.Text = "Intervals: " + format.Sentence(sentence.OverheadMethod)
	}
	s.Lines = append(s.Lines, method)
	return []element.Section{s}
}

func (b builder) overheadTable() *element.Table {
	found := b.a.Overhead
	t := &element.Table{
		Columns: slices.Concat(element.Words("target", "quantile"), element.Numbers("overhead ms", "÷ "+found.Base, "model ms", "÷ "+found.Base, "whole ms", "rounds")),
		Keys:    2,
	}
	for _, r := range slices.SortedStableFunc(slices.Values(found.Rows), func(x, y overhead.Row) int { return cmp.Compare(x.Q, y.Q) }) {
		row := []element.Cell{{Text: b.a.Label(r.Target), Target: r.Target}, element.Text(format.Quantile(r.Q))}
		if base := r.Target == found.Base; r.Known {
			row = append(row, part(r.Overhead), partRatio(r.Overhead, base), part(r.Model), partRatio(r.Model, base), element.Text(format.Milliseconds(r.Whole)))
		} else {
			row = append(row, element.Muted("n too small"), element.None(), element.Muted("n too small"), element.None(), element.None())
		}
		t.Rows = append(t.Rows, element.Row{Cells: append(row, element.Text(fmt.Sprint(r.Rounds)))})
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

func part(p overhead.Part) element.Cell {
	c := element.Milliseconds(p.Value, p.HasInterval, p.Low, p.High)
	if !p.ToldApart {
		c.Text, c.Tone = "~0, "+c.Text, element.Faint
	}
	return c
}

func partRatio(p overhead.Part, base bool) element.Cell {
	switch {
	case base && p.ToldApart:
		return element.Text("1")
	case !p.HasRatio:
		return element.None()
	}
	return element.Ratio(p.Ratio, p.HasRatioInterval, p.RatioLow, p.RatioHigh)
}
