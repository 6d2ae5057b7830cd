package text

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"servebench/reports/document"
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

func colourOf(t document.Tone) colour {
	return map[document.Tone]colour{document.Plain: bold, document.Good: green, document.Unsure: yellow, document.Bad: red}[t]
}

func (p *page) paint(c colour, s string) string {
	if !p.style.Colour || s == "" || c == "" {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}

// line writes one line. Writing to the buffer cannot fail.
func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

// wrapped breaks text between words; lines after the first are indented.
func (p *page) wrapped(indent, text string) {
	width := 0
	var b strings.Builder
	for i, word := range strings.Split(text, " ") {
		n := visible(word)
		switch {
		case i == 0:
		case width+1+n > columns:
			b.WriteString("\n" + indent)
			width = utf8.RuneCountInString(indent)
		default:
			b.WriteString(" ")
			width++
		}
		b.WriteString(word)
		width += n
	}
	p.line("%s", b.String())
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

// table lays out a table. One that is wider than a line goes on below, with the columns
// that name its rows again.
func (p *page) table(t *document.Table) {
	g := newGrid(t)
	for n, block := range g.blocks(t.Keys) {
		if n > 0 {
			p.line("")
		}
		p.line("%s", p.paint(bold, g.row(g.head, block, func(_ int, s string) string { return s })))
		last := block[len(block)-1] == len(t.Columns)-1
		for i, row := range t.Rows {
			p.line("%s", g.row(g.rows[i], block, func(column int, s string) string {
				if tone := row.Cells[column].Tone; tone != document.Plain {
					return p.paint(colourOf(tone), s)
				}
				return s
			}))
			if !last {
				continue
			}
			for _, note := range slices.Concat(cutCodes(row), row.Notes) {
				p.wrapped("    ", "    "+clean(note))
			}
		}
	}
}

// cutCodes are the texts of machines, such as errors, that a row has room for the beginning
// of alone: what matters may stand at their end.
func cutCodes(row document.Row) (whole []string) {
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

func newGrid(t *document.Table) *grid {
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

// heading is a column's title in capitals, but for units and symbols.
func heading(title string) string {
	words := strings.Split(clean(title), " ")
	for i, word := range words {
		if utf8.RuneCountInString(word) > 1 && word != "ms" && word != "µs" && !strings.Contains(word, "/") {
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
