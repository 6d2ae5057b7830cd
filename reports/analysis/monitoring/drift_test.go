package monitoring

import (
	"testing"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// drifts are those of the run of three policies, after a change of its record.
func drifts(t *testing.T, change func(*record.Run)) []Drift {
	t.Helper()
	run := recordtest.Open(t, recordtest.Retrained())
	if change != nil {
		change(run)
	}
	cells, err := sample.Load(run)
	if err != nil {
		t.Fatal(err)
	}
	return Drifts(run, cells)
}

// monitorOf is the monitor of the i-th target, of which others have no part.
func monitorOf(run *record.Run, i int) *record.Monitor {
	for k := range run.Cells {
		if run.Cells[k].Target == run.Targets[i].Name && run.Cells[k].Measured {
			return run.Cells[k].Monitor
		}
	}
	return nil
}

const second = time.Second

func TestDrifts(t *testing.T) {
	all := drifts(t, nil)
	if len(all) != 3 {
		t.Fatalf("%d drifts, want one for each policy", len(all))
	}
	never, regular, onAlarm := all[0], all[1], all[2]
	for i, want := range []struct {
		policy                string
		before, during, after int64 // outcomes
		right                 int64 // in During
		straddling            int64
		swap                  time.Duration
		cpu                   time.Duration
	}{
		{"never", 6000, 14000, 0, 9946, 0, 0, 0},
		{"every 5s", 6000, 4000, 9000, 2841, 1000, 10800 * time.Millisecond, 1400 * time.Millisecond},
		{"on_alarm", 6000, 4000, 9000, 2841, 1000, 10020 * time.Millisecond, 710 * time.Millisecond},
	} {
		d := all[i]
		cpu, known := d.CPU()
		if d.Policy != want.policy || *d.Shift != 6*second || !d.Reached || cpu != want.cpu || !known {
			t.Errorf("%s: %+v", want.policy, d)
		}
		if d.Before.N != want.before || d.During.N != want.during || d.During.K != want.right || d.After.N != want.after || d.Straddling != want.straddling || d.Whole.N != 20000 {
			t.Errorf("%s: before %+v, during %+v, after %+v, straddling %d", want.policy, d.Before, d.During, d.After, d.Straddling)
		}
		if (d.Swap == nil) != (want.swap == 0) || d.Swap != nil && *d.Swap != want.swap {
			t.Errorf("%s: the first model was swapped in at %v, want %v", want.policy, d.Swap, want.swap)
		}
		if d.Sent != 22000 || d.Failed != 0 {
			t.Errorf("%s: %d of %d requests failed", want.policy, d.Failed, d.Sent)
		}
	}
	if r := never.Detectors[1]; r.Name != "adwin" || *r.FiredAt != 8400*time.Millisecond || *r.Delay != 2400*time.Millisecond || r.False != 0 || r.Looks != 5 {
		t.Errorf("%+v", r)
	}
	if psi := never.Detectors[0]; psi.FiredAt != nil || psi.False != 0 || psi.Lost {
		t.Errorf("%+v, want no alarm", psi)
	}
	if first := regular.First(); first.Name != "adwin" || first.False != 1 || *first.Delay != 2400*time.Millisecond {
		t.Errorf("%+v, want the alarm before the shift to be false", first)
	}
	if never.Before.High <= never.Before.Value || onAlarm.After.Low <= onAlarm.During.High {
		t.Errorf("before %+v, during %+v, after %+v", never.Before, onAlarm.During, onAlarm.After)
	}
}

func TestRetrainings(t *testing.T) {
	all := drifts(t, nil)
	swapped := all[2].Retrainings[0]
	if took, ended := swapped.Took(); !ended || took != 800*time.Millisecond || *swapped.CPU != 710*time.Millisecond || swapped.Rows != 4000 || swapped.Accuracy.N != 9000 {
		t.Errorf("%+v", swapped)
	}
	s, before := swapped.Swap, swapped.BeforeSwap
	p99, p99Before := s.Response.Quantiles[2], before.Response.Quantiles[2]
	if s.From != 9*second || s.To != 11*second || s.Response.N != 2200 || s.Response.Max < 50*time.Millisecond || !p99.Known || p99.Value < 30*time.Millisecond {
		t.Errorf("from the end of the training until the swap: %+v, want requests that waited for up to 60 ms", s)
	}
	if before.From != 8*second || before.Response.N != 1100 || p99Before.Value > 10*time.Millisecond || !p99Before.HasInterval || p99Before.High < p99Before.Value || p99Before.Low > p99Before.Value {
		t.Errorf("the second before: %+v", before)
	}
	if swapped.Training.From != 9*second || swapped.Training.To != 10*second || swapped.BeforeTraining.From != 0 || swapped.BeforeTraining.To != 9*second {
		t.Errorf("while it trained %+v, before %+v", swapped.Training, swapped.BeforeTraining)
	}
	again, failed := all[1].Retrainings[1], all[1].Retrainings[2]
	if again.BeforeTraining.From != 6*second || again.BeforeTraining.To != 10*second {
		t.Errorf("%+v, want the load since the training before", again.BeforeTraining)
	}
	if failed.Failed == "" || failed.Swapped != nil || failed.Swap != nil || failed.Accuracy.N != 0 {
		t.Errorf("%+v, want nothing known of a swap", failed)
	}
}

// TestWhatIsNotKnown wants what a record does not tell to be told from nothing.
func TestWhatIsNotKnown(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*record.Run)
		wrong  func(Drift) bool
	}{
		"the load ended before the shift": {
			func(r *record.Run) {
				for i := range r.Cells {
					r.Cells[i].Window = 5 * second
				}
				monitorOf(r, 0).Windows = monitorOf(r, 0).Windows[:5]
			},
			func(d Drift) bool { return d.Reached || d.Before.N != 5000 || d.During.N != 0 || d.After.N != 0 },
		},
		"no shift is planned": {
			func(r *record.Run) { r.Scenario.Drift = nil },
			func(d Drift) bool {
				return d.Shift != nil || d.Detectors != nil || d.Before.N != 0 || d.Whole.N != 20000
			},
		},
		"a gradual change begins half its width before its middle": {
			func(r *record.Run) { r.Scenario.Drift.Width = 4 * second },
			func(d Drift) bool { return *d.Shift != 4*second || d.Before.N != 4000 },
		},
		"a shift in the warm-up is in no measured phase": {
			func(r *record.Run) { r.Scenario.Drift.At = second },
			func(d Drift) bool { return d.Shift != nil },
		},
		"more alarms before the shift than are kept": {
			func(r *record.Run) {
				d := &monitorOf(r, 0).Detectors[1]
				d.Alarms, d.More = []record.MonitorAlarm{{At: second}, {At: 2 * second}}, 1000
			},
			func(d Drift) bool {
				r := d.Detectors[1]
				return !r.Lost || r.False != 2 || r.FiredAt != nil || d.First() != nil
			},
		},
		"a training did not end": {
			func(r *record.Run) {
				monitorOf(r, 0).Retrainings = []record.Retraining{{Reason: "adwin", At: 19 * second, Began: 19500 * time.Millisecond}}
			},
			func(d Drift) bool {
				one := d.Retrainings[0]
				_, ended := one.Took()
				cpu, known := d.CPU()
				return ended || one.Training != nil || one.CPU != nil || one.Swapped != nil || cpu != 0 || !known
			},
		},
		"a training began before the shift": {
			func(r *record.Run) {
				monitorOf(r, 0).Retrainings = []record.Retraining{{Reason: "psi: age", At: 5 * second, Began: 5 * second, Trained: 6500 * time.Millisecond, Swapped: 7 * second}}
			},
			func(d Drift) bool {
				_, known := d.CPU()
				return d.Swap != nil || d.After.N != 0 || d.During.N != 14000 || known || d.Retrainings[0].Accuracy.N != 13000
			},
		},
		"no outcome is known": {
			func(r *record.Run) {
				for i := range monitorOf(r, 0).Windows {
					w := &monitorOf(r, 0).Windows[i]
					w.Labelled, w.Correct = 0, 0
				}
			},
			func(d Drift) bool { return d.Before.N+d.During.N+d.Whole.N != 0 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			if d := drifts(t, test.change)[0]; test.wrong(d) {
				t.Errorf("%+v", d)
			}
		})
	}
	if all := drifts(t, func(r *record.Run) {
		r.Scenario.Drift = nil
		for i := range r.Targets {
			r.Targets[i].Retrain = nil
		}
		for i := range r.Cells {
			if m := r.Cells[i].Monitor; m != nil {
				m.Retrainings = nil
			}
		}
	}); all != nil {
		t.Errorf("%+v of a run whose examples do not change and whose model is never trained again", all)
	}
}
