package html

import (
	"fmt"

	"servebench/reports/format"
	"servebench/reports/stats"
)

// classes tells the classes of a mix apart.
func (b builder) classes() *table {
	t := &table{
		Caption: "The classes of request of the mix, each with its ledger and its response time",
		Left:    1,
		Head:    []string{"target", "class", "sent", "answered", "failed", "censored", "p50", "p90", "p99", "p99.9", "max", "n"},
	}
	for _, r := range b.a.Rows {
		for _, c := range r.Classes {
			row := []cell{b.name(r.Target, r.Phase), text(c.Name), text(format.Count(c.Ledger.Sent)), text(format.Count(c.Ledger.OK)),
				count(c.Ledger.Failed), count(c.Ledger.Censored)}
			row = append(row, quantiles(c.Response)...)
			t.Rows = append(t.Rows, append(row, longest(c.Response), text(format.Count(c.Response.N))))
		}
	}
	return t.unlessEmpty()
}

// steps tells each step of the phases that have some.
func (b builder) steps() *table {
	t := &table{
		Caption: "Each step by itself, pooled over the rounds in which it was begun",
		Head:    []string{"target", "step", "sent", "answered", "errors", "p50", "p90", "p99", "p99.9", "max", "n", "broke"},
	}
	for _, s := range b.a.Stepped {
		for _, step := range s.Steps {
			row := []cell{b.name(s.Target, s.Phase), text(s.StepName(step)), text(format.Rate(step.Sent)),
				text(format.Rate(step.Answered)), text(format.Percent(step.ErrorRate().Value))}
			row = append(row, quantiles(step.Response)...)
			t.Rows = append(t.Rows, append(row, longest(step.Response), text(format.Count(step.Ledger.Sent)), broke(step)))
		}
	}
	return t.unlessEmpty()
}

func broke(step stats.Step) cell {
	if step.Broke == 0 {
		return none()
	}
	return cell{Text: fmt.Sprintf("%d of %s", step.Broke, plural(int64(step.Rounds), "round")), Class: "bad"}
}

func (b builder) stepNotes() []string {
	var all []string
	for _, s := range b.a.Stepped {
		all = append(all, b.a.Label(s.Target)+" "+s.Says()+".")
	}
	return append(all, "A target broke "+stats.StepMethod()+".")
}

// stepSentence is a target's result; "" of a run without steps.
func (b builder) stepSentence(target string) string {
	for _, s := range b.a.Stepped {
		if s.Target == target {
			return sentenceCase(s.Says())
		}
	}
	return ""
}

// saturation tells how many answers per second each target gives at most.
func (b builder) saturation() *table {
	t := &table{
		Caption: "Throughput: " + stats.SaturationMethod,
		Head:    []string{"target", "concurrency", "answers", "p50", "p90", "p99", "p99.9", "max", "errors", ""},
	}
	for _, s := range b.a.Saturated {
		for i, p := range s.Points {
			row := []cell{b.name(s.Target, p.Phase), text(fmt.Sprint(p.Concurrency)), throughput(p)}
			row = append(row, quantiles(p.Row.Response)...)
			t.Rows = append(t.Rows, append(row, longest(p.Row.Response), text(format.Percent(p.Row.ErrorRate().Value)), standing(s, i)))
		}
	}
	return t.unlessEmpty()
}

func throughput(p stats.SaturationPoint) cell {
	if !p.HasInterval {
		return text(format.Rate(p.Rate))
	}
	return noted(format.Rate(p.Rate), format.Interval(p.Low, p.High))
}

// standing marks the points that the result names.
func standing(s stats.Saturation, i int) cell {
	switch {
	case i == s.Most:
		return cell{Text: "the most", Class: "good"}
	case i == s.Fewest:
		return text("within 5 %")
	}
	return none()
}

func (b builder) saturationNotes() []string {
	var all []string
	for _, s := range b.a.Saturated {
		all = append(all, b.a.Label(s.Target)+": "+s.Says()+".")
	}
	return append(all, "Closed loops: the workers wait for their answers, so that these response times are not those of users who do not wait.")
}

// saturationSentence is a target's result; "" of a run without saturation.
func (b builder) saturationSentence(target string) string {
	for _, s := range b.a.Saturated {
		if s.Target == target {
			return sentenceCase(s.Says())
		}
	}
	return ""
}
