package html

import (
	"servebench/reports/format"
)

// meters are what the targets counted themselves, such as what they would bill.
func (b builder) meters() *table {
	t := &table{
		Caption: "What the target itself counted in the measured phases, in all and per request sent",
		Left:    1,
		Head:    []string{"target", "meter", "total", "per request", "per million requests"},
	}
	for _, r := range b.a.Rows {
		for _, m := range r.Usage.Meters {
			row := []cell{b.name(r.Target, r.Phase), text(m.Name), text(format.Meter(m.Value, m.Unit)), none(), none()}
			if each, known := r.PerRequest(m); known {
				column, per := 3, b.a.MeterRequests(m)
				if per > 1 {
					column = 4
				}
				row[column] = text(format.Meter(each*per, m.Unit))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t.unlessEmpty()
}
