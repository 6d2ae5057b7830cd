package stats

import (
	"slices"

	"servebench/reports/record"
)

// sumMeters adds what the target counted in each cell. A meter that one of them
// lacks is left out: part of a sum would read as a saving.
func sumMeters(cells []*cell) []record.Meter {
	all := slices.Clone(cells[0].Usage.Meters)
	for _, c := range cells[1:] {
		all = slices.DeleteFunc(all, func(m record.Meter) bool { return meterIndex(c.Usage.Meters, m) < 0 })
		for i, m := range all {
			all[i].Value += c.Usage.Meters[meterIndex(c.Usage.Meters, m)].Value
		}
	}
	return all
}

// meterIndex finds the meter of the same name and unit; -1: there is none.
func meterIndex(all []record.Meter, m record.Meter) int {
	return slices.IndexFunc(all, func(o record.Meter) bool { return o.Name == m.Name && o.Unit == m.Unit })
}

// PerRequest is a meter's count per request sent; false when none was sent.
func (r Row) PerRequest(m record.Meter) (float64, bool) {
	if r.Ledger.Sent == 0 {
		return 0, false
	}
	return m.Value / float64(r.Ledger.Sent), true
}

// Million is per how many requests a meter is told that counts less than a tenth
// of its unit for each.
const Million = 1e6

// MeterRequests is per how many requests a meter is told, in all rows alike: 1 or
// Million.
func (a *Analysis) MeterRequests(m record.Meter) float64 {
	for _, r := range a.Rows {
		i := meterIndex(r.Usage.Meters, m)
		if i < 0 {
			continue
		}
		if each, known := r.PerRequest(r.Usage.Meters[i]); known && each > 0 && each < 0.1 {
			return Million
		}
	}
	return 1
}

// HasMeters says that a target of the run counts something itself.
func (a *Analysis) HasMeters() bool {
	return slices.ContainsFunc(a.Rows, func(r Row) bool { return len(r.Usage.Meters) > 0 })
}
