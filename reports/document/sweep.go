package document

import (
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/sweep"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
)

// sizes compares those that a sweep tried.
func (b builder) sizes() []element.Section {
	var all []element.Section
	for _, g := range b.a.Sizes {
		s := element.Section{ID: "sizes", Table: b.sizeTable(g), Notes: sentence.SizeCostMethod(g, b.a.Run)}
		if all == nil {
			s.Title = "Sizes"
			s.Notes = append([]string{format.Sentence(sentence.FrontMethod)}, s.Notes...)
		}
		all = append(all, s)
	}
	return all
}

// sizeTable has a row for each size, with the quantile that sizes are compared by.
func (b builder) sizeTable(g sweep.Group) *element.Table {
	const p50, p99 = 0, 2
	high, quantiles := p99, stat.Quantiles()
	if at := slices.Index(quantiles[:], g.Q); at > p50 {
		high = at
	}
	titles := append([]string{"target"}, g.Keys...)
	t := &element.Table{Columns: append(element.Words(titles...), element.Words("phase")...), Keys: len(titles) + 1}
	t.Columns = append(t.Columns, element.Numbers("certified/s", "breaks at/s", "p50 ms", format.Quantile(quantiles[high])+" ms", "errors", "CPU per answer", "GB-s per request")...)
	t.Columns = append(t.Columns, element.Ranged(sentence.CostBasis(g), sentence.SizeCostRange(g))...)
	t.Columns = append(t.Columns, element.Words("best of its cost")...)
	for _, p := range g.Points {
		row := []element.Cell{{Text: b.sizeOf(p), Target: p.Target}}
		for _, key := range g.Keys {
			row = append(row, element.Text(p.Value(key)))
		}
		row = append(row, element.Text(b.Phase(g.Phase)))
		searched := element.Cell{}
		if b.a.Run.Capacity != nil {
			searched = element.None()
		}
		certified, breaks := searched, searched
		if p.Certified > 0 {
			certified = element.Text(format.RateNumber(p.Certified))
		}
		if p.Breaks > 0 {
			breaks = element.Text(format.RateNumber(p.Breaks))
		}
		best := element.Cell{}
		switch {
		case p.Front:
			best = element.Cell{Text: "yes", Tone: element.Good}
		case p.Broken && b.a.Run.Capacity != nil:
			best = element.Cell{Text: "no capacity", Tone: element.Bad}
		case p.Broken:
			best = element.Cell{Text: "breaks the SLO", Tone: element.Bad}
			if rate := p.Row.ErrorRate(); rate.Value > 0.01 {
				best.Text = "fails requests"
			}
		}
		compute := element.Cell{}
		if p.Compute > 0 {
			compute = element.Text(format.Number(p.Compute))
		}
		t.Rows = append(t.Rows, element.Row{Cells: append(row, certified, breaks, element.Quantile(p.Row.Response, p50), element.Quantile(p.Row.Response, high), element.ErrorRate(p.Row.ErrorRate()),
			element.OrNone(p.CPU > 0, format.Duration(time.Duration(p.CPU*float64(time.Second)))), compute, costCell(g, p), best)})
	}
	return t
}

// costCell is the cost of a size.
func costCell(g sweep.Group, p sweep.Point) element.Cell {
	c := element.OrNone(p.Cost.Value > 0, sentence.CostFigure(g, p.Cost.Value))
	if p.Cost.HasInterval {
		c.Interval = "[" + sentence.CostFigure(g, p.Cost.Low) + ", " + sentence.CostFigure(g, p.Cost.High) + "]"
	}
	return c
}

// sizeOf is the target that a point is a size of, as it is shown.
func (b builder) sizeOf(p sweep.Point) string {
	return p.Of + strings.TrimPrefix(b.a.Label(p.Target), p.Target)
}

// CostAxis names the cost of sizes on an axis.
func CostAxis(g sweep.Group) string {
	if billed(g) {
		return sentence.CostBasis(g) + ", emulated"
	}
	return sentence.CostBasis(g)
}

// sizesFigure describes the front of the sizes.
func (b builder) sizesFigure() Description {
	return Description{
		Title: "Latency against cost of the sizes",
		Caption: "Each point is a size, to the left the cheaper and below the faster. A line joins those that are the best of their cost, and names them; a hollow point is a size that another one beats. " +
			"Bars are 95 % confidence intervals" + b.capacityBars() + "." + b.aside(anyBasis),
		Method: format.Sentence(sentence.FrontMethod), Missing: "no size has both a cost and a latency", Data: b.sizesData(anyBasis),
	}
}

// capacityBars says of the costs of a search what their bars are.
func (b builder) capacityBars() string {
	if b.a.Run.Capacity == nil {
		return ""
	}
	return "; those of a cost by capacity run from the lowest rate that breaks the SLO to the certified rate"
}

// memoryFigure describes cost and latency of a function by its memory.
func (b builder) memoryFigure() Description {
	return Description{
		Title:   "Memory of the function",
		Caption: "Above: the response time by memory size. Below: what a million requests cost, with 95 % intervals." + b.aside(billed),
		Missing: "the sizes do not differ in their memory", Data: b.sizesData(billed),
	}
}

func anyBasis(sweep.Group) bool { return true }

func billed(g sweep.Group) bool { return g.Basis == sweep.Billed }

// aside says of the costs that are drawn what they are.
func (b builder) aside(which func(sweep.Group) bool) string {
	var all []string
	for _, g := range b.a.Sizes {
		if !which(g) {
			continue
		}
		for _, said := range sentence.SizeCostMethod(g, b.a.Run) {
			if !slices.Contains(all, said) {
				all = append(all, said)
			}
		}
	}
	return strings.Join(append([]string{""}, all...), " ")
}

// sizesData has the costs and the latencies that are drawn.
func (b builder) sizesData(which func(sweep.Group) bool) *element.Table {
	cost := element.Numbers("cost")
	if b.a.Run.Capacity != nil { // which may be of both kinds
		cost = element.Ranged("cost", "[range]")
	}
	t := &element.Table{Columns: slices.Concat(element.Words("target", "cost of"), cost, element.Numbers("p50 ms", "p99 ms")), Keys: 2}
	for _, g := range b.a.Sizes {
		if !which(g) {
			continue
		}
		for _, p := range g.Points {
			t.Rows = append(t.Rows, element.Row{Cells: []element.Cell{{Text: b.a.Label(p.Target), Target: p.Target}, element.Text(sentence.CostBasis(g)), costCell(g, p), element.Quantile(p.Row.Response, 0), element.Quantile(p.Row.Response, 2)}})
		}
	}
	return t
}
