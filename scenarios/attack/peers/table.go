package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// table has a title, a head and rows; its first column is to the left.
type table struct {
	title string
	head  []string
	rows  [][]string
	notes []string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// text lays the table out for a terminal.
func (t *table) text() string {
	width := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	b.WriteString(t.title + "\n")
	for _, row := range append([][]string{t.head}, t.rows...) {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line.WriteString(cell + space)
			} else {
				line.WriteString("  " + space + cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	for _, note := range t.notes {
		b.WriteString(note + "\n")
	}
	return b.String()
}

// markdown lays the table out for a page.
func (t *table) markdown() string {
	var b strings.Builder
	b.WriteString(t.title + "\n\n")
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(t.head)
	rule := make([]string, len(t.head))
	for i := range rule {
		rule[i] = "--:"
	}
	rule[0] = ":--"
	line(rule)
	for _, row := range t.rows {
		line(row)
	}
	if len(t.notes) > 0 {
		b.WriteString("\n- " + strings.Join(t.notes, "\n- ") + "\n")
	}
	return b.String()
}

// spread is what the rounds gave: their median, and the least and the most of them.
type spread struct {
	median, low, high float64
	n                 int
}

// spreadOf makes a spread of some values.
func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return spread{median: (sorted[(n-1)/2] + sorted[n/2]) / 2, low: sorted[0], high: sorted[n-1], n: n}
}

// format writes the median and, of several rounds, the range in brackets. Without
// rounds it is a dash.
func (s spread) format() string {
	if s.n <= 1 {
		return s.middle()
	}
	return fmt.Sprintf("%s [%s, %s]", digits(s.median), digits(s.low), digits(s.high))
}

// middle writes the median alone.
func (s spread) middle() string {
	if s.n == 0 {
		return absent
	}
	return digits(s.median)
}

// absent stands where there is no figure.
const absent = "–"

// digits writes a number with three significant digits, two of very small ones, and
// thousands apart.
func digits(v float64) string {
	switch {
	case v >= 1000:
		return thousands(int64(v + 0.5))
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	case v >= 0.0995 || v == 0:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

// thousands writes a whole number with its thousands apart.
func thousands(n int64) string {
	text := fmt.Sprint(n)
	var b strings.Builder
	for i, r := range text {
		if i > 0 && (len(text)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func micro(d time.Duration) string { return digits(microseconds(d)) }
func milli(d time.Duration) string { return digits(float64(d) / float64(time.Millisecond)) }

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// span writes a length of time that was asked for: 1 ms, 10 s.
func span(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%g ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%g s", d.Seconds())
}
