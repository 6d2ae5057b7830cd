package text

import "servebench/reports/stats"

// meters are what the targets count themselves, such as what they would bill.
func (p *page) meters() {
	if !p.analysis.HasMeters() {
		return
	}
	t := &table{head: []string{"TARGET", "METER", "TOTAL", "PER REQUEST", "PER MILLION"}, left: map[int]bool{0: true, 1: true}}
	for _, r := range p.analysis.Rows {
		for _, m := range r.Usage.Meters {
			row := []string{p.name(r.Target) + p.inPhase(r.Phase), clean(m.Name), stats.FormatMeter(m.Value, clean(m.Unit)), "", ""}
			if each, known := r.PerRequest(m); known {
				column, per := 3, p.analysis.MeterRequests(m)
				if per > 1 {
					column = 4
				}
				row[column] = stats.FormatMeter(each*per, clean(m.Unit))
			}
			t.add(row...)
		}
	}
	p.space()
	p.line("What the target counted in the measured phases, in all, and per request sent or per million of them.")
	p.table(t)
}
