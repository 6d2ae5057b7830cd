package document

import (
	"slices"

	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/advice"
	"servebench/reports/document/element"
	"servebench/reports/document/pricing"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
)

// Advice is the report of where to serve: that of the costs, with the decision at its top.
func Advice(a *advice.Advice) *Document {
	costs := Costs(a.Costs)
	d := &Document{
		Title: "Where to serve " + a.Traffic.Name, Description: costs.Description, Origin: costs.Origin,
		Verdict: Verdict{Word: "ADVICE", Tone: element.Good, Why: pricing.Recommendation(a)},
	}
	switch {
	case len(a.Priced()) == 0:
		d.Verdict.Word, d.Verdict.Tone = "NO PLACE", element.Bad
	case len(a.Undecided()) > 0:
		d.Verdict.Word, d.Verdict.Tone = "UNDECIDED", element.Unsure
	}
	for _, doubt := range sentence.AdviceDoubts(a) {
		d.Verdict.Notices = append(d.Verdict.Notices, element.Line{Tone: element.Unsure, Text: doubt})
	}
	decision := []element.Section{}
	for _, s := range costs.Sections {
		if s.ID == "cost" {
			decision = append(decision, s)
		}
	}
	d.add(decision, breakEvens(a), flips(a), tornado(a), moves(a))
	d.Sections = append(d.Sections, slices.DeleteFunc(costs.Sections, func(s element.Section) bool { return s.ID == "cost" })...)
	if i := slices.IndexFunc(d.Sections, func(s element.Section) bool { return s.ID == "method" }); i >= 0 {
		method := &d.Sections[i]
		method.Lines = append(slices.Clone(method.Lines), element.Line{Text: format.Sentence(pricing.AdviceMethod)})
	}
	return d
}

// breakEvens are the traffic at which the cheaper of two places changes.
func breakEvens(a *advice.Advice) []element.Section {
	if len(a.Priced()) == 0 {
		return nil
	}
	var lines []element.Line
	first, further := advice.ChoiceOf(a.Priced()[0]), 0
	for _, b := range a.BreakEvens {
		if b.Frontier || b.Below == first || b.Above == first {
			lines = append(lines, element.Line{Text: pricing.BreakEven(b)})
		} else {
			further++
		}
	}
	for _, n := range a.NoneOf {
		if n.Better == first || n.Worse == first {
			lines = append(lines, element.Line{Text: pricing.NoBreakEven(n)})
		} else {
			further++
		}
	}
	if further > 0 {
		lines = append(lines, element.Line{Text: pricing.FurtherPairs(further)})
	}
	if lines == nil {
		lines = []element.Line{{Text: "There is none: all places are of one kind, and the first of them stays the same at all traffic that was looked at."}}
	}
	return []element.Section{{ID: "break-even", Title: "Break-even", Lines: lines,
		Notes: []string{"The mean traffic at which the better of two places changes: of the first place and the cheapest of each other kind, and of those between which the first place changes. The traffic keeps its course and is multiplied."}}}
}

// flips are how far each input may move until another place comes first.
func flips(a *advice.Advice) []element.Section {
	var lines []element.Line
	for _, f := range a.Flips {
		lines = append(lines, element.Line{Where: pricing.FlipName(f, a.Priced()[0]), Text: pricing.Flip(f)})
	}
	return []element.Section{{ID: "flips", Title: "What would change the answer", Lines: lines,
		Notes: []string{"How far one input may move until another place comes first. All others stay as they are."}}}
}

func tornado(a *advice.Advice) []element.Section {
	if len(a.Tornado) == 0 {
		return nil
	}
	return []element.Section{{ID: "sensitivity", Title: "What the cost depends on", Figures: []string{"advice-tornado"}, Table: TornadoTable(a)}}
}

// TornadoTable is what the first place costs at the low and the high value of each input.
func TornadoTable(a *advice.Advice) *element.Table {
	t := &element.Table{Keys: 1, Columns: slices.Concat(element.Words("input"), element.Numbers("low", "$/month", "high", "$/month"), element.Words("cheapest then"))}
	for _, b := range a.Tornado {
		var first []string
		for _, end := range []advice.End{b.Low, b.High} {
			if end.First != nil {
				first = append(first, "at "+pricing.InputValue(b.Input, end.Value)+": "+pricing.Choice(*end.First)+", "+format.Dollars(end.FirstUSD))
			}
		}
		then := element.Cell{Text: "the same place", Tone: element.Faint}
		if len(first) > 0 {
			then = element.With(first[0], first[1:]...)
		}
		t.Rows = append(t.Rows, element.Row{Cells: []element.Cell{
			element.Text(pricing.InputName(b.Input)), element.Text(pricing.InputValue(b.Input, b.Low.Value)), endCell(b.Low), element.Text(pricing.InputValue(b.Input, b.High.Value)), endCell(b.High), then,
		}})
	}
	return t
}

func endCell(e advice.End) element.Cell {
	if e.Unfit != nil {
		return element.Cell{Text: "cannot serve", Tone: element.Bad}
	}
	return element.Text(format.Dollars(e.USD))
}

// DescribeTornado describes the figure of what the cost depends on.
func DescribeTornado(a *advice.Advice) Description {
	d := Description{
		Title: "What the cost of the first place depends on", Missing: "no place can serve the traffic",
		Caption: "Each bar is the cost a month of the first place from the low to the high value of one input, all others as they are. The line is the cost as it is. " +
			"A star marks an end at which another place is the cheapest.",
		Conditions: pricing.TrafficLine(a.Traffic) + " " + pricing.CostOptions(a.Options),
	}
	if ranked := a.Priced(); len(ranked) > 0 {
		d.Title = "What the cost of " + pricing.Choice(advice.ChoiceOf(ranked[0])) + " depends on"
	}
	return d
}

// moves are what goes along unchanged from one target to another.
func moves(a *advice.Advice) []element.Section {
	if len(a.Moves) == 0 {
		return nil
	}
	t := &element.Table{Keys: 1, Columns: slices.Concat(element.Words("target", "protocol", "server", "image", "program"), element.Numbers("answers that agree"))}
	for _, p := range a.Moves {
		agreed := element.None()
		if p.Checked > 0 {
			agreed = element.Text(format.Percent(float64(p.Agreed)/float64(p.Checked)) + " of " + format.Count(p.Checked))
		}
		code := func(s string) element.Cell {
			if s == "" {
				return element.None()
			}
			return element.Cell{Text: pricing.ShortHash(s), Code: true}
		}
		t.Rows = append(t.Rows, element.Row{Cells: []element.Cell{
			element.Text(p.Target), element.Text(p.Protocol), element.Text(p.Server), code(p.Image), code(p.Program), agreed,
		}})
	}
	said := element.Lines(pricing.Moves(a.Moves))
	contract := func(e cost.Estimate) bool { return pricing.Contract(e) != "" }
	if i := slices.IndexFunc(a.Priced(), contract); i >= 0 {
		said = append(said, element.Line{Text: pricing.Contract(a.Priced()[i])})
	}
	return []element.Section{{ID: "moving", Title: "What a move takes", Table: t, Lines: said,
		Notes: []string{"What the runs show of each target that was measured with the same requests: what is the same on two of them went along unchanged."}}}
}
