package text

import (
	"io"
	"strings"

	"servebench/reports/compare"
	"servebench/reports/stats"
)

// WriteComparisons writes runs held against a base: what cannot be believed and what
// differs besides the server first, then the figures of those that may be compared.
func WriteComparisons(w io.Writer, all []*compare.Comparison, style Style) error {
	p := &page{style: style}
	if warning := compare.Warning(all); warning != "" {
		p.wrapped("", warning)
		p.space()
	}
	for i, c := range all {
		if i > 0 {
			p.space()
		}
		p.comparison(c)
	}
	for i, note := range compare.Notes(all) {
		if i == 0 {
			p.space()
		}
		p.wrapped("", note)
	}
	_, err := p.text.WriteTo(w)
	return err
}

func (p *page) comparison(c *compare.Comparison) {
	p.wrapped("  ", p.comparable(c)+" "+clean(c.Says()))
	p.wrapped("      ", "base: "+clean(compare.Describe(c.Base)))
	p.wrapped("      ", "new:  "+clean(compare.Describe(c.New)))
	for _, d := range c.Differences {
		mark := p.paint(yellow, "·")
		if d.Fatal && !d.Allowed {
			mark = p.paint(red, "!")
		}
		p.wrapped("  ", mark+" "+clean(d.Says()))
	}
	for _, m := range c.Missing {
		p.wrapped("  ", p.paint(yellow, "·")+" "+clean(m.Says()))
	}
	for figures := range c.Tables() {
		p.space()
		p.wrapped("", clean(c.Title(figures[0].Phase)))
		p.table(figureTable(figures))
	}
}

// comparable is the first word of a comparison.
func (p *page) comparable(c *compare.Comparison) string {
	if c.Comparable() {
		return p.paint(bold, "COMPARED")
	}
	return p.paint(red, "NOT COMPARABLE")
}

func figureTable(figures []compare.Figure) *table {
	t := &table{head: comparisonHead(figures), left: map[int]bool{0: true, 1: true, 5: true, 6: true}}
	for _, f := range figures {
		t.add(comparisonCells(f)...)
	}
	return t
}

// comparisonHead are the heads of the columns.
func comparisonHead(figures []compare.Figure) []string {
	n := "ROUNDS"
	if figures[0].Phase == "" {
		n = "STARTS"
	}
	return []string{"TARGET", "METRIC", "BASE", "NEW", "NEW ÷ BASE", "[95% CI]", "", n}
}

func comparisonCells(f compare.Figure) []string {
	return []string{clean(f.Target), f.Title(), f.FormatBase(), f.FormatNew(), f.FormatChange(), f.FormatBounds(), f.FormatDirection(), f.FormatN()}
}

// WriteComparisonsMarkdown writes the same as Markdown, for a comment on a change.
func WriteComparisonsMarkdown(w io.Writer, all []*compare.Comparison) error {
	p := &page{}
	if warning := compare.Warning(all); warning != "" {
		p.line("%s\n", stats.Markdown(warning))
	}
	for _, c := range all {
		p.comparisonMarkdown(c)
	}
	for _, note := range compare.Notes(all) {
		p.line("%s\n", stats.Markdown(note))
	}
	_, err := p.text.WriteTo(w)
	return err
}

func (p *page) comparisonMarkdown(c *compare.Comparison) {
	p.line("**%s** %s\n", p.comparable(c), stats.Markdown(c.Says()))
	p.line("- base: %s", stats.Markdown(compare.Describe(c.Base)))
	p.line("- new: %s", stats.Markdown(compare.Describe(c.New)))
	for _, d := range c.Differences {
		p.line("- %s", stats.Markdown(d.Says()))
	}
	for _, m := range c.Missing {
		p.line("- %s", stats.Markdown(m.Says()))
	}
	p.space()
	for figures := range c.Tables() {
		p.line("%s\n", stats.Markdown(c.Title(figures[0].Phase)))
		p.markdownRow(comparisonHead(figures))
		p.line("|:--|:--|--:|--:|--:|:--|:--|--:|")
		for _, f := range figures {
			p.markdownRow(comparisonCells(f))
		}
		p.space()
	}
}

func (p *page) markdownRow(cells []string) {
	for i, cell := range cells {
		cells[i] = stats.Markdown(cell)
	}
	p.line("| %s |", strings.Join(cells, " | "))
}
