package text

import (
	"fmt"

	"servebench/reports/record"
	"servebench/reports/stats"
)

// steps tells each step of a phase, and where each target broke.
func (p *page) steps(phase record.Phase) {
	t := &table{
		head: []string{"TARGET", "STEP", "SENT/s", "OK/s", "ERR", "P50", "P99", "n", "BROKE"},
		left: map[int]bool{0: true, 8: true},
	}
	var says []string
	for _, s := range p.analysis.Stepped {
		if s.Phase != phase.Name {
			continue
		}
		for _, step := range s.Steps {
			t.add(p.name(s.Target), s.StepName(step), stats.FormatRateNumber(step.Sent), stats.FormatRateNumber(step.Answered),
				stats.FormatPercent(step.ErrorRate().Value), quantile(step.Response, 0), quantile(step.Response, 2),
				stats.FormatCount(step.Ledger.Sent), broke(step))
		}
		says = append(says, p.name(s.Target)+" "+clean(s.Says()))
	}
	if len(t.rows) == 0 {
		return
	}
	p.space()
	p.table(t)
	for _, s := range says {
		p.wrapped("  ", s)
	}
	p.wrapped("", "Steps: a target broke "+stats.StepMethod()+".")
}

func broke(step stats.Step) string {
	switch {
	case step.Broke == 0:
		return ""
	case step.Rounds == 1:
		return "here"
	}
	return fmt.Sprintf("in %d of %d rounds", step.Broke, step.Rounds)
}

// saturation tells how many answers per second each target gives at most.
func (p *page) saturation() {
	if len(p.analysis.Saturated) == 0 {
		return
	}
	t := &table{
		head: []string{"TARGET", "CONCURRENCY", "OK/s [95% CI]", "P50", "P99", "ERR", "ROUNDS", ""},
		left: map[int]bool{0: true, 2: true, 7: true},
	}
	for _, s := range p.analysis.Saturated {
		for i, point := range s.Points {
			t.add(p.name(s.Target), fmt.Sprint(point.Concurrency), throughput(point), quantile(point.Row.Response, 0), quantile(point.Row.Response, 2),
				stats.FormatPercent(point.Row.ErrorRate().Value), fmt.Sprint(point.Rounds), standing(s, i))
		}
	}
	p.space()
	p.wrapped("", "THROUGHPUT: "+stats.SaturationMethod+". Times in milliseconds.")
	p.table(t)
	for _, s := range p.analysis.Saturated {
		p.wrapped("  ", p.name(s.Target)+": "+s.Says())
	}
}

func throughput(point stats.SaturationPoint) string {
	text := stats.FormatRateNumber(point.Rate)
	if point.HasInterval {
		text += " " + stats.FormatInterval(point.Low, point.High)
	}
	return text
}

// standing marks the points that the result names.
func standing(s stats.Saturation, i int) string {
	switch {
	case i == s.Most:
		return "the most"
	case i == s.Fewest:
		return "within 5 %"
	}
	return ""
}
