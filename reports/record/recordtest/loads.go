package recordtest

import (
	"time"

	"servebench/reports/record"
)

// Calibration is that of a machine whose generator sends up to 24,000/s.
func Calibration() *record.Calibration {
	return &record.Calibration{
		Created: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), Version: "v0.0.0-synthetic", MaxRate: 24000,
		Floors: []record.Floor{
			{Rate: 100, N: 400, P50: 110 * time.Microsecond, P90: 160 * time.Microsecond},
			{Rate: 1000, N: 20000, P50: 90 * time.Microsecond, P90: 130 * time.Microsecond, P99: 240 * time.Microsecond, P999: 600 * time.Microsecond},
			{Rate: 10000, N: 40000, P50: 70 * time.Microsecond, P90: 140 * time.Microsecond, P99: 400 * time.Microsecond, P999: 1100 * time.Microsecond},
		},
	}
}

// Calibrated is a comparison on a machine whose floor is known, at a rate between
// two of the calibration's.
func Calibrated() Plan {
	p := Compare()
	p.Calibration = Calibration()
	p.Phases[1].Rate = 2000
	p.Phases[1].Duration = 4 * time.Second
	p.Targets[0].Service = 150 * time.Microsecond
	return p
}

// Stress is a run of steps that the container cannot serve all of.
func Stress() Plan {
	p := Compare()
	p.Name, p.SLO, p.AbortAt = "stress", record.SLO{}, 800*time.Millisecond
	p.Calibration = Calibration()
	stress := record.Phase{Name: "stress", Model: "credit", Arrivals: "steps", Rate: 500, Duration: 16 * time.Second, Measured: true, Open: true}
	for i, rate := range []float64{200, 400, 600, 800} {
		stress.Steps = append(stress.Steps, record.Step{Start: time.Duration(i) * 4 * time.Second, Duration: 4 * time.Second, Rate: rate})
	}
	p.Phases[1] = stress
	p.Targets = p.Targets[:2]
	p.Targets[0].Capacity, p.Targets[1].Capacity = 2000, 500
	p.Targets[1].Errors, p.Targets[1].Stall = nil, 0
	return p
}

// Saturate is a run of closed loops of ever higher concurrency.
func Saturate() Plan {
	p := Compare()
	p.Name, p.SLO = "saturate", record.SLO{}
	p.Calibration = Calibration()
	p.Phases = p.Phases[:1]
	for _, loop := range []record.Phase{{Name: "c1", Concurrency: 1}, {Name: "c2", Concurrency: 2}, {Name: "c4", Concurrency: 4}, {Name: "c8", Concurrency: 8}} {
		loop.Model, loop.Duration, loop.Measured = "credit", 2*time.Second, true
		p.Phases = append(p.Phases, loop)
	}
	p.Targets = p.Targets[:2]
	p.Targets[0].Capacity, p.Targets[1].Capacity = 3000, 2000
	p.Targets[1].Errors, p.Targets[1].Stall = nil, 0
	return p
}

// Mixed is a comparison with two classes of request.
func Mixed() Plan {
	p := Compare()
	p.Phases[1].Mix = []record.Class{
		{Name: "small", Model: "credit", Batch: 1, Share: 0.9}, {Name: "big", Model: "credit", Batch: 100, Share: 0.1},
	}
	p.Targets = p.Targets[:2]
	p.Targets[1].Errors = nil
	return p
}

// ByStatus is a run against a server that runs already, whose answers are judged by
// their status alone.
func ByStatus() Plan {
	p := Running()
	p.Name, p.Targets, p.SLO.Agreement = "steady", p.Targets[1:], nil
	p.Targets[0].Unchecked = true
	for i := range p.Phases {
		p.Phases[i].Model = ""
	}
	return p
}

// Refused is a run that was not begun, because this machine cannot give what the
// load needs.
func Refused() Plan {
	p := Compare()
	p.Rounds, p.Targets = 0, p.Targets[:2]
	p.Preflight = []record.Diagnostic{{
		Rule: "descriptors", Figure: "64 open files", Threshold: "≥ 532",
		Text:   "a concurrency of 500 needs 532 open files, and this process may have 64",
		Action: "raise the limit: ulimit -n 532",
	}}
	return p
}
