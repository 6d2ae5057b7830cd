package jsonreport

import (
	"time"

	"servebench/reports/analysis/monitoring"
	"servebench/reports/analysis/stat"
)

// drifted is what a change of the examples did to a target in one phase and round, and what
// training its model again cost. Times are seconds from the start of the phase.
type drifted struct {
	Target string `json:"target"`
	Policy string `json:"policy"` // when the model was to be trained again; null: the scenario does not say
	Phase  string `json:"phase"`
	Round  int    `json:"round"`
	// Shift is when the examples began to change; null: they did not, or the load ended before.
	Shift     *float64            `json:"shift_at_s"`
	Detectors map[string]reaction `json:"detectors"` // of a phase with a shift
	Accuracy  accuracies          `json:"accuracy"`
	// Swapped is when the first model was served whose training began at the shift or later.
	Swapped     *float64     `json:"swapped_at_s"`
	Sent        int64        `json:"sent"`
	Failed      int64        `json:"failed"`
	Retrainings []retraining `json:"retrainings"`
}

// reaction is what a detector made of a shift.
type reaction struct {
	FiredAt *float64 `json:"fired_at_s"` // null: it did not
	Delay   *float64 `json:"delay_s"`    // after the shift
	// False counts the alarms before the shift; null: not known, since it did not look, or there
	// were more of them than are kept.
	False *int64 `json:"false_alarms"`
	Looks int    `json:"looks_before"` // that had enough to find drift in
	Why   string `json:"why"`          // why it did not look; null: it did
}

// accuracies are those before the shift, during it, and after the swap; null: not known.
type accuracies struct {
	Before stat.Proportion `json:"before"`
	During stat.Proportion `json:"during"`
	After  stat.Proportion `json:"after"`
	Whole  stat.Proportion `json:"whole"` // of the phase
	// Straddling outcomes are in windows in which the shift or the swap lies, and in none of the
	// three.
	Straddling int64 `json:"straddling"`
}

// retraining is one training of the model under load; null: it did not come to that.
type retraining struct {
	Reason         string          `json:"reason"`
	At             float64         `json:"asked_at_s"`
	Began          *float64        `json:"began_at_s"`
	Took           *float64        `json:"training_s"`
	Swapped        *float64        `json:"swapped_at_s"`
	Rows           int             `json:"rows"`
	CPU            *float64        `json:"cpu_s"`
	Failed         string          `json:"failed"`   // why the model before it was served on; null: it did not fail
	Accuracy       stat.Proportion `json:"accuracy"` // from its swap to the next one
	Training       *stretch        `json:"load_training"`
	BeforeTraining *stretch        `json:"load_before_training"` // of up to 10 s
	Swap           *stretch        `json:"load_swap"`            // of the seconds from the end of the training until the new model was served
	BeforeSwap     *stretch        `json:"load_before_swap"`     // of the second before
}

// stretch is a part of the load, by when requests were due.
type stretch struct {
	From     float64           `json:"from_s"`
	To       float64           `json:"to_s"`
	Failed   int64             `json:"failed"`
	Response stat.Distribution `json:"response_ms"` // of correct answers
}

func newDrifts(all []monitoring.Drift) (out []drifted) {
	for _, d := range all {
		x := drifted{
			Target: d.Target, Policy: d.Policy, Phase: d.Phase, Round: d.Round, Detectors: map[string]reaction{}, Swapped: seconds(d.Swap), Sent: d.Sent, Failed: d.Failed,
			Accuracy: accuracies{d.Before, d.During, d.After, d.Whole, d.Straddling},
		}
		if d.Reached {
			x.Shift = seconds(d.Shift)
		}
		for _, r := range d.Detectors {
			x.Detectors[r.Name] = reaction{seconds(r.FiredAt), seconds(r.Delay), known(r.False, r.Why == "" && !r.Lost), r.Looks, r.Why}
		}
		for _, r := range d.Retrainings {
			x.Retrainings = append(x.Retrainings, newRetraining(r))
		}
		out = append(out, x)
	}
	return out
}

func newRetraining(r monitoring.Retraining) retraining {
	took, ended := r.Took()
	return retraining{
		Reason: r.Reason, At: r.At.Seconds(), Began: seconds(r.Began), Took: known(took.Seconds(), ended), Swapped: seconds(r.Swapped), Rows: r.Rows, CPU: seconds(r.CPU),
		Failed: r.Failed, Accuracy: r.Accuracy, Training: newStretch(r.Training), BeforeTraining: newStretch(r.BeforeTraining), Swap: newStretch(r.Swap), BeforeSwap: newStretch(r.BeforeSwap),
	}
}

func newStretch(s *monitoring.Stretch) *stretch {
	if s == nil {
		return nil
	}
	return &stretch{s.From.Seconds(), s.To.Seconds(), s.Failed, s.Response}
}

// seconds is null of a time that was not reached.
func seconds(d *time.Duration) *float64 {
	if d == nil {
		return nil
	}
	s := d.Seconds()
	return &s
}
