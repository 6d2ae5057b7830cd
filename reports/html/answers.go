package html

import (
	"slices"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// errors lists every class of failure with an example.
func (b builder) errors() *table {
	t := &table{
		Caption: "Failures by class, with the first one's text",
		Left:    2,
		Head:    []string{"target", "class", "example", "count", "of requests sent"},
	}
	for _, r := range b.a.Rows {
		for _, e := range r.Errors {
			share := none()
			if r.Ledger.Sent > 0 {
				share = text(format.Percent(float64(e.Count) / float64(r.Ledger.Sent)))
			}
			t.Rows = append(t.Rows, []cell{b.name(r.Target, r.Phase), text(e.Class),
				{Text: e.Example, Code: true}, text(format.Count(e.Count)), share})
		}
	}
	return t.unlessEmpty()
}

// failure is a start that failed, a server whose first answer was not right, or
// one that ended by itself, in one round or likewise in several.
type failure struct {
	Where, Text string
}

func failures(run *record.Run) []failure {
	var all []failure
	for _, t := range run.Targets {
		var texts []string
		rounds := map[string][]int{}
		for _, d := range t.Deployments {
			for _, text := range []string{d.FirstAnswerError, d.Failed} {
				if text == "" {
					continue
				}
				if rounds[text] == nil {
					texts = append(texts, text)
				}
				rounds[text] = append(rounds[text], d.Round)
			}
		}
		for _, text := range texts {
			// A trial that was rerun may have failed twice.
			named := slices.Compact(slices.Sorted(slices.Values(rounds[text])))
			all = append(all, failure{t.Name + ", " + roundList(named), text})
		}
	}
	return all
}

// answers says whether the model answered as it should.
func (b builder) answers() *table {
	t := &table{
		Caption: "Answers compared one by one. In small print: the 95 % interval and the counts",
		Head:    []string{"target", "agreement with the offline prediction", "accuracy against the label"},
	}
	for _, r := range b.a.Rows {
		t.Rows = append(t.Rows, []cell{b.name(r.Target, r.Phase), counted(r.Agreement), counted(r.Accuracy)})
	}
	return t.unlessEmpty()
}

func counted(p stat.Proportion) cell {
	c := proportion(p)
	if p.N > 0 {
		c.Notes = append(c.Notes, format.Count(p.K)+" of "+format.Count(p.N))
	}
	return c
}
