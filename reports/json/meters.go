package jsonreport

import (
	"servebench/reports/analysis/sample"
)

// meter is what the target counted itself, such as what it would bill.
type meter struct {
	Name       string   `json:"name"`
	Unit       *string  `json:"unit"` // null: a plain count
	Value      float64  `json:"value"`
	PerRequest *float64 `json:"per_request"` // per request sent
}

func newMeters(r sample.Row) []meter {
	all := []meter{}
	for _, m := range r.Usage.Meters {
		each, known := r.PerRequest(m)
		all = append(all, meter{m.Name, text(m.Unit), significant(m.Value), number(significant(each), known)})
	}
	return all
}
