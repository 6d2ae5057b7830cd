package html

import (
	"html/template"
	"strings"

	"servebench/reports/figures"
)

// table is a table of the page. The first cell of a row names it.
type table struct {
	Caption string
	Head    []string
	Rows    [][]cell
	Words   bool // cells hold sentences rather than numbers
	Left    int  // so many further columns hold words
	Tall    bool // so many rows that it scrolls
}

// cell is one cell: a value, and in smaller print what belongs to it.
type cell struct {
	Text  string
	Notes []string
	Class string        // "bad", "good", "weak"; "" for plain
	Mark  template.HTML // the marker of a target
	Code  bool          // from a machine: an error, a version
}

func text(s string) cell { return cell{Text: s} }

// noted is a value with what belongs to it.
func noted(s string, notes ...string) cell { return cell{Text: s, Notes: notes} }

// weak is a value that says that there is none.
func weak(s string) cell { return cell{Text: s, Class: "weak"} }

// none stands where there is nothing to show.
func none() cell { return weak("–") }

// dataTable is a figure's data.
func dataTable(f figures.Figure) *table {
	const tall = 16
	t := &table{Caption: "Data of the figure “" + f.Title + "”", Head: f.Data.Head, Tall: len(f.Data.Rows) > tall}
	for _, row := range f.Data.Rows {
		cells := make([]cell, len(row))
		for i, s := range row {
			cells[i] = text(s)
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// join writes a list as "a, b and c".
func join(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}
