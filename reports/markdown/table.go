package markdown

import (
	"fmt"
	"slices"
	"strings"
)

// mostRows is how many rows a table may have: who reads more reads the report.
const mostRows = 100

// table lays out a table of markdown. Columns of figures are set to the right, others
// to the left.
type table struct {
	head    []string
	figures []int // the columns of figures, from 0
	rows    [][]string
}

// add takes cells as they are shown; they are escaped here.
func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) markdown() string {
	if len(t.rows) == 0 {
		return ""
	}
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(t.head)
	rule := make([]string, len(t.head))
	for i := range rule {
		rule[i] = "---"
		if slices.Contains(t.figures, i) {
			rule[i] = "--:"
		}
	}
	line(rule)
	for _, row := range t.rows[:min(len(t.rows), mostRows)] {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = escaped(cell)
		}
		line(cells)
	}
	if more := len(t.rows) - mostRows; more > 0 {
		fmt.Fprintf(&b, "\nand %d more, which are in the report.\n", more)
	}
	return b.String()
}
