package document

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/advice"
	"servebench/reports/document/element"
	"servebench/reports/document/pricing"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/prices"
	"servebench/reports/record"
)

// Costs is the report of what it costs to serve some traffic.
func Costs(c *cost.Costs) *Document {
	d := &Document{
		Title: "Cost of " + c.Traffic.Name, Description: pricing.TrafficLine(c.Traffic),
		Origin:  costOrigin(c),
		Verdict: Verdict{Word: "CHEAPEST", Tone: element.Good, Why: pricing.CostVerdict(c)},
	}
	priced := c.Priced()
	if len(priced) > 0 {
		for _, warning := range sentence.CostDoubts(priced[0]) {
			d.Verdict.Notices = append(d.Verdict.Notices, element.Line{Tone: element.Unsure, Text: warning})
		}
	}
	switch {
	case len(priced) == 0:
		d.Verdict.Word, d.Verdict.Tone = "NO COST", element.Bad
	case len(c.Undecided()) > 0:
		d.Verdict.Word, d.Verdict.Tone = "UNDECIDED", element.Unsure
	}
	d.add(costTable(c), costSearches(c), costRemarks(c), costFigures(c), costMeasured(c), costParts(c), costPrices(c),
		[]element.Section{{ID: "method", Title: "Method", Rank: element.Background, Lines: []element.Line{{Text: format.Sentence(pricing.CostMethod)}}}})
	return d
}

func costOrigin(c *cost.Costs) []string {
	var runs []string
	for _, m := range c.Measured {
		if run := "run " + m.Run; !slices.Contains(runs, run) {
			runs = append(runs, run)
		}
	}
	return append(runs, "worked out on "+c.Now.UTC().Format(time.DateOnly))
}

// costTable ranks the places. Those of a target that cannot serve for the same reason are told
// together.
func costTable(c *cost.Costs) []element.Section {
	t := &element.Table{Columns: slices.Concat(element.Words("target", "place"), element.Ranged("$/month", "[range]"), element.Numbers("$/million", "units")), Keys: 2}
	unfit := map[string]int{} // rows, by target and reason
	for _, e := range c.Estimates {
		row := element.Row{Cells: []element.Cell{element.Text(e.Measured.Target), element.Text(e.Place.ID), element.None(), element.None(), element.None()}}
		if e.Unfit == nil {
			row.Cells[2], row.Cells[3] = dollars(e, e.Month), dollars(e, e.PerMillion)
			if million := &row.Cells[3]; million.Interval != "" {
				million.Notes, million.Interval = []string{million.Interval}, ""
			}
			row.Cells[4] = element.Text(fmt.Sprintf("%s (%s)", format.Number(e.Mean), peakUnits(e)))
			if note := sentence.SearchNote(*e.Measured); note != "" {
				row.Notes = []string{note}
			}
			row.Notes = append(row.Notes, sentence.Beside(e)...)
			if far := pricing.Far(e.Remarks); far != "" {
				row.Notes = append(row.Notes, far)
			}
			if without := pricing.Unpriced(e.Remarks); without != "" {
				row.Notes = append(row.Notes, without)
			}
			t.Rows = append(t.Rows, row)
			continue
		}
		why := format.Sentence(pricing.Unfit(*e.Unfit))
		if at, told := unfit[e.Measured.Target+why]; told {
			place := &t.Rows[at].Cells[1]
			place.Notes = append(place.Notes, e.Place.ID)
			place.Text = format.Plural(len(place.Notes), "place")
			continue
		}
		unfit[e.Measured.Target+why] = len(t.Rows)
		row.Cells[1].Notes = []string{e.Place.ID}
		row.Cells[2].Tone, row.Notes = element.Bad, []string{why}
		t.Rows = append(t.Rows, row)
	}
	for _, at := range unfit {
		if place := &t.Rows[at].Cells[1]; len(place.Notes) == 1 {
			place.Notes = nil
		}
	}
	return []element.Section{{ID: "cost", Title: "Cost", Table: t, Notes: []string{pricing.TrafficLine(c.Traffic), pricing.CostOptions(c.Options), pricing.CostRange, pricing.CostUnits(c.Options)}}}
}

// peakUnits are the units at the peak: "2+1", where one is spare.
func peakUnits(e cost.Estimate) string {
	if e.Peak == e.Needed {
		return format.Number(e.Peak)
	}
	return format.Number(e.Needed) + "+" + format.Number(e.Peak-e.Needed)
}

// dollars is an amount of an estimate with its interval, where it has one that shows; "≤" it where
// no higher rate was asked for than the one certified.
func dollars(e cost.Estimate, i cost.Interval) element.Cell {
	cell := element.Text(format.Dollars(i.Value))
	if e.AtMost() {
		cell.Text = "≤ " + cell.Text
		return cell
	}
	cell.Interval = pricing.DollarsInterval(i)
	return cell
}

// costSearches tells what limits belief in the searches that the capacities rest on, each once
// with the targets that it is about.
func costSearches(c *cost.Costs) []element.Section {
	s := element.Section{ID: "cost-searches", Title: "Warnings of the searches"}
	var told []record.Diagnostic
	for _, m := range c.Measured {
		for _, d := range m.Diagnostics {
			at := slices.IndexFunc(told, func(other record.Diagnostic) bool { return reflect.DeepEqual(other, d) })
			if at >= 0 {
				s.Lines[at].Where = m.Target + ", " + s.Lines[at].Where
				continue
			}
			where := []string{m.Target}
			if d.Phase != "" {
				where = append(where, d.Phase)
			}
			if d.Round > 0 {
				where = append(where, sentence.RoundList([]int{d.Round}))
			}
			told, s.Lines = append(told, d), append(s.Lines, diagnosticLine(d, strings.Join(where, ", ")))
		}
	}
	return []element.Section{s}
}

// costRemarks tells what the costs rest on, each once with the places that it is true of.
func costRemarks(c *cost.Costs) []element.Section {
	var texts []string
	places := map[string][]string{}
	priced := c.Priced()
	for _, e := range priced {
		for _, r := range e.Remarks {
			text := pricing.CostRemark(r)
			if r.Kind == cost.OldPrice || sentence.IsBeside(r) { // told with the prices, and beside the cost
				continue
			}
			if !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
			if !slices.Contains(places[text], e.Place.ID) {
				places[text] = append(places[text], e.Place.ID)
			}
		}
	}
	slices.SortStableFunc(texts, func(a, b string) int { return len(places[b]) - len(places[a]) })
	var lines []element.Line
	for _, text := range texts {
		const few = 2
		l := element.Line{Tone: element.Unsure, Where: strings.Join(places[text], ", "), Text: text}
		switch n := len(places[text]); {
		case n == len(priced) && n > 1:
			l.Where = "all places"
		case n > few:
			l.Where, l.Check = format.Plural(n, "place"), l.Where
		}
		lines = append(lines, l)
	}
	return []element.Section{{ID: "cost-remarks", Title: "What these costs rest on", Lines: lines}}
}

func costFigures(c *cost.Costs) []element.Section {
	if len(c.Priced()) == 0 {
		return nil
	}
	return []element.Section{{ID: "cost-figures", Title: "Over traffic and time", Rank: element.Background, Figures: []string{"cost-traffic", "cost-units"}}}
}

// DescribeCosts describes a figure of costs, by its name.
func DescribeCosts(c *cost.Costs, figure string) Description {
	switch figure {
	case "cost-traffic":
		return Description{
			Title: "Cost a month by traffic",
			Caption: "The cheapest place of each service, and your own hardware, as far as there is room, if the traffic had the same course and were so many times smaller or larger; both axes are logarithmic. The dashed line is the traffic as it is. " +
				"Where two lines cross, the cheaper place changes. A line ends where the place can no longer serve.",
			Conditions: pricing.TrafficLine(c.Traffic) + " " + pricing.CostOptions(c.Options), Missing: "no place can serve the traffic",
		}
	case "cost-units":
		return Description{
			Title: "Units over the cycle",
			Caption: "The same places as in the figure of the cost. Above: the traffic, the mean and the highest minute of each hour. Below: the units that run; of what is billed on request, those that are busy on average. " +
				"The distance between a line and the traffic's course is what is paid for without requests. Units are added with foresight, the scale lag before they are needed.",
			Conditions: pricing.TrafficLine(c.Traffic) + " " + pricing.CostOptions(c.Options), Missing: "no place can serve the traffic",
		}
	}
	return Description{}
}

// costMeasured tells what the costs are made from.
func costMeasured(c *cost.Costs) []element.Section {
	t := &element.Table{Keys: 1, Columns: slices.Concat(element.Words("target"),
		element.Numbers("certified/s", "breaks at/s", "CPUs", "GiB", "GB-s/request", "service ms", "cold start ms", "starts", "answer bytes"), element.Words("limited by", "processor"))}
	for _, m := range c.Measured {
		billed := element.None()
		if m.Billed != nil {
			billed = element.Cell{Text: format.Number(m.Billed.GBSeconds.Value)}
			switch g := m.Billed.GBSeconds; {
			case g.NoHigh:
				billed.Interval = "no interval"
			case g.Low < g.High:
				billed.Interval = format.Interval(g.Low, g.High)
			}
		}
		t.Rows = append(t.Rows, element.Row{Cells: []element.Cell{
			element.Text(m.Target), certified(m.Rate, m.Capped), element.OrNone(m.Breaks > 0, format.RateNumber(m.Breaks)),
			element.OrNone(m.CPUs > 0, format.Number(m.CPUs)), element.OrNone(m.MemoryGiB > 0, format.Number(m.MemoryGiB)), billed,
			element.MillisecondsOrNone(m.Service > 0, m.Service), element.MillisecondsOrNone(m.ColdStart > 0, m.ColdStart), element.Count(int64(m.Starts)),
			element.OrNone(m.AnswerBytes > 0, format.Number(m.AnswerBytes)), element.OrNone(m.LimitedBy != "", sentence.LimitedBy(m.LimitedBy)), element.Text(m.Processor),
		}})
	}
	return []element.Section{{ID: "cost-measured", Title: "What was measured", Rank: element.Aside, Table: t}}
}

// costParts lists the positions of each bill, with how many units it is made from.
func costParts(c *cost.Costs) []element.Section {
	var sections []element.Section
	for i, e := range c.Priced() {
		t := &element.Table{Keys: 1, Columns: slices.Concat(element.Words("part"), element.Numbers("quantity/month", "× price", "$/month"))}
		for _, p := range e.Parts {
			name := string(p.Name)
			for _, row := range p.Rows {
				t.Rows = append(t.Rows, element.Row{Cells: []element.Cell{element.Text(name), element.Text(quantity(row.Quantity)), element.Text(unitPrice(row.Price)), element.Text(format.Dollars(row.Quantity * row.USD))}})
				name = ""
			}
		}
		note := fmt.Sprintf("%s, %s a month: %s.", pricing.Choice(advice.ChoiceOf(e)), pricing.Month(e), pricing.CostFormula(e, c.Traffic, c.Options))
		sections = append(sections, element.Section{ID: fmt.Sprintf("cost-parts-%d", i+1), Rank: element.Aside, Notes: []string{note}, Table: t})
	}
	if len(sections) > 0 {
		sections[0].Title = "Parts of each cost"
	}
	return sections
}

// unitPrice is a price with its unit: "$0.0000002/request".
func unitPrice(p prices.Price) string { return "$" + p.PerUnit() }

// quantity is whole from 100 on.
func quantity(v float64) string {
	if v >= 100 {
		return format.Count(int64(v + 0.5))
	}
	return format.Number(v)
}

// costPrices lists the prices that were used, with their dates and the numbers of their sources,
// which are below.
func costPrices(c *cost.Costs) []element.Section {
	t := &element.Table{Keys: 1, Columns: slices.Concat(element.Words("item"), element.Numbers("price"), element.Words("date", "source"))}
	var used, old prices.Table
	var sources []string
	for _, e := range c.Priced() {
		for _, p := range e.Parts {
			for _, row := range p.Rows {
				if !slices.Contains(used, row.Price) {
					used = append(used, row.Price)
				}
			}
		}
	}
	for _, p := range used {
		date := element.Text(string(p.Date))
		if p.Stale(c.Now) {
			date.Text, date.Tone = date.Text+" !", element.Unsure
			old = append(old, p)
		}
		price := element.Text(unitPrice(p))
		if p.From > 0 {
			price.Text += " from " + quantity(p.From)
		}
		if !slices.Contains(sources, p.Source) {
			sources = append(sources, p.Source)
		}
		source := element.Text(fmt.Sprintf("[%d]", slices.Index(sources, p.Source)+1))
		if p.Note != "" {
			source.Notes = []string{p.Note}
		}
		t.Rows = append(t.Rows, element.Row{Cells: []element.Cell{element.Text(p.ID()), price, date, source}})
	}
	section := element.Section{ID: "cost-prices", Title: "Prices", Rank: element.Aside, Table: t}
	if len(old) > 0 {
		oldest := slices.MaxFunc(old, func(a, b prices.Price) int { return cmp.Compare(a.Age(c.Now), b.Age(c.Now)) })
		section.Notes = []string{pricing.OldPrices(len(old), len(used), oldest.Age(c.Now))}
	}
	for i, source := range sources {
		section.Lines = append(section.Lines, element.Line{Where: fmt.Sprintf("[%d]", i+1), Text: source})
	}
	return []element.Section{section}
}
