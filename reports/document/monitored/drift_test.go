package monitored

import (
	"testing"
	"time"

	"servebench/reports/analysis/monitoring"
	"servebench/reports/analysis/stat"
)

// TestDriftResult reads the sentence of every course that a drift can take.
func TestDriftResult(t *testing.T) {
	at := func(d time.Duration) *time.Duration { return &d }
	done := monitoring.Retraining{Began: at(9 * time.Second), Trained: at(9800 * time.Millisecond), Swapped: at(10 * time.Second)}
	slower := monitoring.Retraining{Began: at(20 * time.Second), Trained: at(21 * time.Second), Swapped: at(21 * time.Second)}
	failed := monitoring.Retraining{Began: at(9 * time.Second), Failed: "exit status 1"}
	open := monitoring.Retraining{Began: at(9 * time.Second)}
	found := monitoring.Reaction{Name: "adwin", FiredAt: at(9 * time.Second), Delay: at(3 * time.Second)}
	later := monitoring.Reaction{Name: "psi", FiredAt: at(10 * time.Second), Delay: at(4 * time.Second)}
	whole := monitoring.Drift{
		Shift: at(6 * time.Second), Reached: true, Swap: done.Swapped, Detectors: []monitoring.Reaction{later, found}, Retrainings: []monitoring.Retraining{done}, Sent: 12000,
		Before: stat.NewProportion(95, 100), During: stat.NewProportion(71, 100), After: stat.NewProportion(94, 100), Whole: stat.NewProportion(88, 100),
	}
	for want, change := range map[string]func(*monitoring.Drift){
		"adwin found the shift after 3 s; retrained in 800 ms; accuracy 95 % → 71 % → 94 %; none of 12,000 requests failed.": func(*monitoring.Drift) {},
		"adwin found the shift after 3 s; never retrained; accuracy 95 % → 71 %; 7 of 12,000 requests failed.": func(d *monitoring.Drift) {
			d.Retrainings, d.Swap, d.Failed = nil, nil, 7
		},
		"no detector found the shift, with 2 false alarms before it; retrained 2 times in 800 ms to 1 s each, 1 training failed, 1 training not done at the end; accuracy 95 % → 71 % → 94 %; none of 12,000 requests failed.": func(d *monitoring.Drift) {
			d.Detectors, d.Retrainings = []monitoring.Reaction{{Name: "ks", False: 2}}, []monitoring.Retraining{done, slower, failed, open}
		},
		"no detector looked for the shift; retrained in 800 ms; accuracy 95 % → 71 % → not known; none of 12,000 requests failed.": func(d *monitoring.Drift) {
			d.Detectors, d.After = []monitoring.Reaction{{Name: "ks", Why: "too few"}}, stat.Proportion{}
		},
		"which detector found the shift is not known, for there were too many alarms before it; retrained in 800 ms; accuracy 95 % → 71 % → 94 %; none of 12,000 requests failed.": func(d *monitoring.Drift) {
			d.Detectors = []monitoring.Reaction{{Name: "ks", Lost: true, False: 100}}
		},
		"the load ended before the examples changed; never retrained; accuracy 95 %; none of 12,000 requests failed.": func(d *monitoring.Drift) {
			d.Reached, d.Retrainings, d.Swap = false, nil, nil
		},
		"retrained in 800 ms; accuracy 88 % over the phase; none of 12,000 requests failed.": func(d *monitoring.Drift) { d.Shift = nil },
	} {
		d := whole
		change(&d)
		if got := driftResult(d); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
