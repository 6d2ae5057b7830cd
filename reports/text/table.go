package text

import (
	"strings"
	"unicode/utf8"
)

// table lays out columns: the first one to the left, others to the right,
// unless left says otherwise.
type table struct {
	head []string
	rows [][]string
	left map[int]bool
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// lines are the table's lines, the head first. A column without any content is
// left out.
func (t *table) lines() []string {
	width := make([]int, len(t.head))
	for i, head := range t.head {
		for _, row := range t.rows {
			width[i] = max(width[i], utf8.RuneCountInString(row[i]))
		}
		if width[i] > 0 {
			width[i] = max(width[i], utf8.RuneCountInString(head))
		}
	}
	var lines []string
	for _, row := range append([][]string{t.head}, t.rows...) {
		var b strings.Builder
		for i, cell := range row {
			if width[i] == 0 {
				continue
			}
			if b.Len() > 0 {
				b.WriteString("  ")
			}
			b.WriteString(pad(cell, width[i], t.left[i]))
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}

func pad(s string, width int, left bool) string {
	space := strings.Repeat(" ", width-utf8.RuneCountInString(s))
	if left {
		return s + space
	}
	return space + s
}
