package trial

import (
	"servebench/reports/record"
	"servebench/scenarios"
)

// RecordedSLO is a scenario's limits as the record has them.
func RecordedSLO(s scenarios.SLO) record.SLO {
	return record.SLO{
		P50: s.P50, P90: s.P90, P99: s.P99, P999: s.P999,
		Service: record.Quantiles(s.Service), FirstByte: record.Quantiles(s.FirstByte),
		Errors: s.Errors, Agreement: s.Agreement, Accuracy: s.Accuracy,
		Goodput: float64(s.Goodput), ColdStart: s.ColdStart,
	}
}

// ScenarioSLO is the limits of a record as a scenario has them.
func ScenarioSLO(r record.SLO) scenarios.SLO {
	return scenarios.SLO{
		P50: r.P50, P90: r.P90, P99: r.P99, P999: r.P999,
		Service: scenarios.Quantiles(r.Service), FirstByte: scenarios.Quantiles(r.FirstByte),
		Errors: r.Errors, Agreement: r.Agreement, Accuracy: r.Accuracy,
		Goodput: scenarios.Rate(r.Goodput), ColdStart: r.ColdStart,
	}
}
