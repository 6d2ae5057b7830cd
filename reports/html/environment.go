package html

import (
	"slices"

	"servebench/reports/record"
)

// host describes the machine and the generator.
func (b builder) host() *table {
	t := &table{Caption: "The host and the load generator", Head: []string{"fact", "value"}, Words: true}
	for _, f := range b.a.Run.Environment {
		c := cell{Text: f.Value}
		if f.Unequal {
			c.Notes = []string{"could not be made equal between targets"}
		}
		t.Rows = append(t.Rows, []cell{text(f.Name), c})
	}
	return t.unlessEmpty()
}

// facts sets the targets side by side, what differs between them first.
func (b builder) facts() *table {
	t := &table{Caption: "The targets side by side; what differs comes first", Head: []string{"fact"}, Words: true}
	var ran []record.Target // those that came up far enough to be described
	for _, target := range b.a.Run.Targets {
		if len(target.Facts) > 0 {
			ran = append(ran, target)
			t.Head = append(t.Head, target.Name)
		}
	}
	var same [][]cell
	for _, name := range factNames(ran) {
		row, differs := compare(name, ran)
		if differs {
			t.Rows = append(t.Rows, row)
		} else {
			same = append(same, row)
		}
	}
	t.Rows = append(t.Rows, same...)
	return t.unlessEmpty()
}

func factNames(targets []record.Target) []string {
	var names []string
	for _, t := range targets {
		for _, f := range t.Facts {
			if !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

// compare is the row of one fact, and whether the targets differ in it.
func compare(name string, targets []record.Target) (row []cell, differs bool) {
	first := text(name)
	var values []string
	for _, t := range targets {
		c, value := weak("–"), ""
		for _, f := range t.Facts {
			if f.Name != name {
				continue
			}
			c, value = text(f.Value), f.Value
			if f.Unequal {
				differs = true
				c.Notes = []string{"not equal"}
			}
		}
		values = append(values, value)
		row = append(row, c)
	}
	if len(slices.Compact(slices.Clone(values))) > 1 {
		differs = true
	}
	if differs && len(targets) > 1 {
		first.Notes = []string{"differs"}
		first.Class = "bad"
	}
	return append([]cell{first}, row...), differs
}
