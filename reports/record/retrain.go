package record

import "time"

// Retrain says when a model is trained again while load is sent, and how.
type Retrain struct {
	// On is what a training begins with: "alarm", the first alarm of a detector since the last
	// training; "never"; or "" for a period, Every.
	On    string        `json:"on,omitempty" redact:"-"`
	Every time.Duration `json:"every_ns,omitempty"`
	// Rows is how many of the latest examples with a known outcome it is trained on at most. After
	// an alarm so many are waited for.
	Rows int `json:"rows"`
	// Command is the user's own, which trains and swaps the model; none: the reference server's.
	Command []string `json:"command,omitempty"`
}

// RetrainKey is the key of a sweep over policies of training again (Target.Point).
const RetrainKey = "retrain"

// The values of Retrain.On.
const (
	RetrainOnAlarm = "alarm"
	RetrainNever   = "never"
)

// Policy is when the model is trained again, as a scenario writes it: "on_alarm", "every 60s", "never".
func (r Retrain) Policy() string {
	switch r.On {
	case RetrainOnAlarm:
		return "on_alarm"
	case "":
		return "every " + r.Every.String()
	}
	return r.On
}

// Retraining is one training of the model, and its swap, while load was sent. Times are from the
// cell's Started.
type Retraining struct {
	// Reason is what it began with: "psi: salary", "adwin", "every 60s".
	Reason string `json:"reason"`
	// At is when it was asked for; Began when the training began, after as many outcomes as it
	// waited for; Trained when it ended; Swapped when the server said that it serves the new model.
	// 0: it did not come to that.
	At      time.Duration `json:"at_ns"`
	Began   time.Duration `json:"began_ns,omitempty"`
	Trained time.Duration `json:"trained_ns,omitempty"`
	Swapped time.Duration `json:"swapped_ns,omitempty"`
	Rows    int           `json:"rows"` // trained on
	// CPU is the CPU time of the training's processes.
	CPU time.Duration `json:"cpu_ns,omitempty"`
	// Failed says why the model that was there is served on; "": it was swapped, or the phase ended
	// before.
	Failed string `json:"failed,omitempty"`
}

// Drift is the change of the examples while load is sent.
type Drift struct {
	Shape   string        `json:"shape" redact:"-"`    // "sudden", "gradual", "recurring"
	Changes string        `json:"changes" redact:"-"`  // "concept", "covariate" or "concept and covariate"
	At      time.Duration `json:"at_ns"`               // from the start of the first phase; of a gradual one the middle
	Width   time.Duration `json:"width_ns,omitempty"`  // of a gradual one
	Period  time.Duration `json:"period_ns,omitempty"` // of a recurring one
}
