package compare

import (
	"fmt"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
)

// Notes say how the figures of comparisons are made, and how far they can be
// believed; none where nothing was compared.
func Notes(all []*Comparison) []string {
	intervals, few, pooled, told := 0, false, false, false
	for _, c := range all {
		for _, f := range c.Figures {
			told = true
			if f.HasInterval {
				intervals++
			}
			few = few || f.Base.N < stat.FewRounds || f.New.N < stat.FewRounds
			pooled = pooled || f.Unit != Share && f.Known && f.Base.Pooled
		}
	}
	if !told {
		return nil
	}
	notes := []string{"BASE and NEW are geometric means over rounds, of a cold start over starts, and of an error rate the share of all requests, whose change is a difference. " + Method + "."}
	if pooled {
		notes = append(notes, "Where the rounds by themselves do not tell a figure, it is that of all rounds together and has no interval.")
	}
	if few {
		notes = append(notes, "A single pair of runs cannot tell a change from noise: in simulations of a shared machine, a threshold of 10 % on the p99 of one round each calls a third of the servers slower that did not change.")
	}
	if intervals > 0 {
		notes = append(notes, fmt.Sprintf("Of %d intervals at 95 %%, %s on average miss the truth by chance alone.", intervals, format.Number(0.05*float64(intervals))))
	}
	return notes
}

// Warning is what has to be known before any figure is read: how far two runs tell
// servers apart; "" where nothing was compared.
func Warning(all []*Comparison) string {
	for _, c := range all {
		if len(c.Figures) > 0 {
			return "This is no gate: the runs were played one after the other, and what the machine did in between is in the figures, which no interval knows of, so that two runs of one server differ, too; servebench ab plays both servers in every round and judges by pairs."
		}
	}
	return ""
}
