package stats

import (
	"slices"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// classesOf pools the classes of a mix over cells of one target and phase.
func classesOf(cells []*cell) []Class {
	var all []Class
	for _, c := range cells {
		for _, count := range c.Classes {
			i := slices.IndexFunc(all, func(have Class) bool { return have.Name == count.Name })
			if i < 0 {
				i = len(all)
				all = append(all, Class{Name: count.Name})
			}
			all[i].Ledger = addLedgers(all[i].Ledger, count.Ledger)
		}
	}
	for i := range all {
		h, _ := pooled(cells, record.TagOfClass(all[i].Name))
		all[i].Response = stat.NewDistribution(h)
	}
	return all
}

// ErrorRate is as that of a Row, of the class's requests.
func (c Class) ErrorRate() stat.Proportion { return failedOf(c.Ledger) }

// HasMix says that a row tells classes of request apart.
func (a *Analysis) HasMix() bool {
	return slices.ContainsFunc(a.Rows, func(r Row) bool { return len(r.Classes) > 0 })
}
