package text

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"servebench/reports/document/element"
	"servebench/reports/format"
)

const (
	columns = 100 // how wide a line gets
	widest  = 60  // how wide a cell gets
)

// colour is an ANSI colour.
type colour string

const (
	bold   colour = "1"
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
)

func colourOf(t element.Tone) colour {
	return map[element.Tone]colour{element.Plain: bold, element.Good: green, element.Unsure: yellow, element.Bad: red}[t]
}

func (p *page) paint(c colour, s string) string {
	if !p.style.Colour || s == "" || c == "" {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}

// line writes one line. Writing to the buffer cannot fail.
func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

// wrapped writes text in lines; those after the first are indented.
func (p *page) wrapped(indent, text string) { p.line("%s", Wrap(text, indent, columns)) }

// Wrap breaks text between words into lines of so many characters at most, colours left aside;
// those after the first begin with the indent. A longer word stays whole.
func Wrap(text, indent string, most int) string {
	width := 0
	var b strings.Builder
	for i, word := range strings.Split(text, " ") {
		n := visible(word)
		switch {
		case i == 0:
		case width+1+n > most:
			b.WriteString("\n" + indent)
			width = utf8.RuneCountInString(indent)
		default:
			b.WriteString(" ")
			width++
		}
		b.WriteString(word)
		width += n
	}
	return b.String()
}

// visible is the width of a word without its colours.
func visible(word string) int {
	for {
		start := strings.Index(word, "\x1b[")
		if start < 0 {
			return utf8.RuneCountInString(word)
		}
		end := strings.IndexByte(word[start:], 'm')
		if end < 0 {
			return utf8.RuneCountInString(word)
		}
		word = word[:start] + word[start+end+1:]
	}
}

// clean makes text from outside fit for a terminal, which control characters could
// colour or move.
func clean(s string) string { return format.Plain(s) }

func short(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most-1]) + "…"
}

// table lays out a table. One that is wider than a line is turned, so that its columns are
// lines, where its rows fit side by side; else it goes on below, with the columns that name
// its rows again.
func (p *page) table(t *element.Table) {
	g := newGrid(t)
	blocks := g.blocks(t.Keys)
	if len(blocks) > 1 && g.fitsTurned() && !hasNotes(t) {
		p.turned(t, g)
		return
	}
	for n, block := range blocks {
		if n > 0 {
			p.line("")
		}
		p.line("%s", p.paint(bold, g.row(g.head, block, func(_ int, s string) string { return s })))
		last := block[len(block)-1] == len(t.Columns)-1
		for i, row := range t.Rows {
			p.line("%s", g.row(g.rows[i], block, func(column int, s string) string { return p.toned(row.Cells[column], s) }))
			if !last {
				continue
			}
			for _, note := range slices.Concat(cutCodes(row), row.Notes) {
				p.wrapped("    ", "    "+clean(note))
			}
		}
	}
}

// turned lays out a table with a line for each of its columns.
func (p *page) turned(t *element.Table, g *grid) {
	heads, widths := g.turnedWidths()
	for i, head := range g.head {
		line := p.paint(bold, head) + strings.Repeat(" ", heads-utf8.RuneCountInString(head))
		for k, row := range t.Rows {
			cell := g.rows[k][i]
			line += "  " + p.toned(row.Cells[i], cell)
			if k < len(t.Rows)-1 {
				line += strings.Repeat(" ", widths[k]-utf8.RuneCountInString(cell))
			}
		}
		p.line("%s", line)
	}
}

// toned paints what is shown of a cell.
func (p *page) toned(c element.Cell, s string) string {
	if c.Tone == element.Plain {
		return s
	}
	return p.paint(colourOf(c.Tone), s)
}

// hasNotes says that a row has text below it.
func hasNotes(t *element.Table) bool {
	return slices.ContainsFunc(t.Rows, func(r element.Row) bool { return len(r.Notes)+len(cutCodes(r)) > 0 })
}

// cutCodes are the texts of machines, such as errors, that a row has room for the beginning
// of alone: what matters may stand at their end.
func cutCodes(row element.Row) (whole []string) {
	for _, c := range row.Cells {
		if c.Code && utf8.RuneCountInString(clean(c.String())) > widest {
			whole = append(whole, c.Text)
		}
	}
	return whole
}

// grid is a table as text, with the widths of its columns.
type grid struct {
	head  []string
	rows  [][]string
	width []int
	left  []bool
}

func newGrid(t *element.Table) *grid {
	g := &grid{rows: make([][]string, len(t.Rows))}
	for i, c := range t.Columns {
		head, left := heading(t.Heading(i)), c.Words || t.Intervals(i)
		width := utf8.RuneCountInString(head)
		for k, row := range t.Rows {
			s := short(clean(row.Cells[i].String()), widest)
			g.rows[k], width = append(g.rows[k], s), max(width, utf8.RuneCountInString(s))
		}
		g.head, g.width, g.left = append(g.head, head), append(g.width, width), append(g.left, left)
	}
	return g
}

// heading is a column's title in capitals, but for the symbols of units.
func heading(title string) string {
	words := strings.Split(clean(title), " ")
	for i, word := range words {
		what, per, isRate := strings.Cut(word, "/")
		switch {
		case isRate:
			if utf8.RuneCountInString(per) > 1 {
				per = strings.ToUpper(per)
			}
			words[i] = strings.ToUpper(what) + "/" + per
		case utf8.RuneCountInString(word) > 1 && word != "ms" && word != "µs":
			words[i] = strings.ToUpper(word)
		}
	}
	return strings.Join(words, " ")
}

// blocks are the columns that are side by side in a line, the first keys in each.
func (g *grid) blocks(keys int) [][]int {
	const gap = 2
	var first []int
	start := 0
	for i := range keys {
		first, start = append(first, i), start+g.width[i]+gap
	}
	blocks, used := [][]int{first}, start
	for i := keys; i < len(g.width); i++ {
		if used+g.width[i] > columns && used > start {
			blocks, used = append(blocks, first[:keys:keys]), start
		}
		last := len(blocks) - 1
		blocks[last], used = append(blocks[last], i), used+g.width[i]+gap
	}
	return blocks
}

// turnedWidths are the widths of the headings and of the rows where those are side by side.
func (g *grid) turnedWidths() (heads int, widths []int) {
	for _, head := range g.head {
		heads = max(heads, utf8.RuneCountInString(head))
	}
	for _, row := range g.rows {
		width := 0
		for _, cell := range row {
			width = max(width, utf8.RuneCountInString(cell))
		}
		widths = append(widths, width)
	}
	return heads, widths
}

// fitsTurned says that a line has room for all rows side by side.
func (g *grid) fitsTurned() bool {
	used, widths := g.turnedWidths()
	for _, width := range widths {
		used += 2 + width
	}
	return len(widths) > 0 && used <= columns
}

// row is a line of the table, each cell painted once it is set.
func (g *grid) row(cells []string, block []int, paint func(column int, cell string) string) string {
	var b strings.Builder
	for n, i := range block {
		space := strings.Repeat(" ", g.width[i]-utf8.RuneCountInString(cells[i]))
		if n > 0 {
			b.WriteString("  ")
		}
		switch cell := paint(i, cells[i]); {
		case !g.left[i]:
			b.WriteString(space + cell)
		case n < len(block)-1:
			b.WriteString(cell + space)
		default:
			b.WriteString(cell)
		}
	}
	return strings.TrimRight(b.String(), " ")
}
