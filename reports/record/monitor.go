package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// Monitoring says how the answers of a server are watched while load is sent.
type Monitoring struct {
	// The stretch over which accuracy is counted: a time, such as 10s, or a number of answers,
	// such as 500.
	Window Window `json:"window" key:"window" default:"10s" format:"window"`
	// How long after its answer the outcome of a prediction becomes known, as that of a loan does
	// after months. Accuracy counts for the window of the answer, however late its outcome comes.
	OutcomeDelay time.Duration `json:"outcome_delay_ns,omitempty" key:"outcome_delay" default:"0s" min:"0"`
	// What looks for drift: psi and ks compare the features and predictions of each window with the
	// reference, adwin and page-hinkley look at whether predictions turn out wrong. Of phases
	// without drift, at most 5% have a false alarm by any of them.
	Detectors []string `json:"detectors,omitempty" redact:"-" key:"detectors" default:"none" choice:"detector" least:"1" label:"list of detectors" want:"a list of detectors, such as [psi, adwin]"`
	// What psi and ks compare with: first_phase, which is the first phase of load of the same trial;
	// or a file with at least 500 rows that have the features as columns, such as the training data
	// (.csv, .jsonl), or a profile of the reference (.json). A .csv or .jsonl has no predictions, so
	// that features alone are compared with it.
	Reference string `json:"reference,omitempty" key:"reference" default:"first_phase" format:"reference"`
	// What the log of predictions leaves out: names of features, prediction or outcome.
	Sensitive []string `json:"sensitive,omitempty" redact:"-" key:"sensitive" default:"none" format:"column" least:"1" label:"list of fields" want:"a list of fields, such as [salary, outcome]"`
}

// The fields of a log of predictions that can be Sensitive beside the features.
const (
	FieldPrediction = "prediction"
	FieldOutcome    = "outcome"
)

// FirstPhase is the Reference that is the first phase of load.
const FirstPhase = "first_phase"

// Window is a stretch of answers: those of a time or so many of them; one of the two is 0.
type Window struct {
	Time    time.Duration `json:"time_ns,omitempty"`
	Answers int           `json:"answers,omitempty"`
}

// String is the window as a scenario writes it: "10s", "500".
func (w Window) String() string {
	if w.Answers > 0 {
		return strconv.Itoa(w.Answers)
	}
	return w.Time.String()
}

// Monitor is what was seen of the answers of a cell.
type Monitor struct {
	// Windows are in the order of time, without those in which nothing came. Of very many,
	// neighbours are put together.
	Windows []MonitorWindow `json:"windows"`
	// Unseen counts the requests whose answers were not looked at, since the monitor could not
	// keep up with the load, which does not wait for it.
	Unseen int64 `json:"unseen,omitempty"`
	// Late counts the outcomes that became known only after the last answer.
	Late int64 `json:"late,omitempty"`
	// Detectors are those that looked for drift.
	Detectors []MonitorDetector `json:"detectors,omitempty"`
	// Retrainings are those of the model, in the order of time.
	Retrainings []Retraining `json:"retrainings,omitempty"`
	// Log are the files of predictions and outcomes that are left, in their order, relative to
	// the run's folder; Dropped is how many of the first of them were removed to bound their size.
	Log     []string `json:"log,omitempty" redact:"-"`
	Dropped int      `json:"dropped_files,omitempty"`
	// LogFailed says why the log is incomplete; "": it is not.
	LogFailed string `json:"log_failed,omitempty"`
	// Unwatched says why nothing was looked at; "": it was.
	Unwatched string `json:"unwatched,omitempty"`
}

// MonitorWindow counts the answers of a window, by when they came; one per example of a request.
type MonitorWindow struct {
	Start time.Duration `json:"start_ns"` // from the cell's Started
	End   time.Duration `json:"end_ns"`
	// Answers could be read; Unanswered are requests that failed or whose answers could not be.
	Answers    int64 `json:"answers"`
	Unanswered int64 `json:"unanswered,omitempty"`
	// Labelled are the answers whose outcome is known, Correct those of them that equal it.
	Labelled int64 `json:"labelled"`
	Correct  int64 `json:"correct"`
}

// MonitorDetector is a detector with what it found.
type MonitorDetector struct {
	Name  string  `json:"name" redact:"-"`
	Alpha float64 `json:"alpha"` // what it may err in a phase, over all its looks
	// Why says why it did not look; "": it did.
	Why    string         `json:"why,omitempty"`
	Looks  []MonitorLook  `json:"looks,omitempty"` // at the end of each window; of very many not all
	Alarms []MonitorAlarm `json:"alarms,omitempty"`
	More   int64          `json:"more_alarms,omitempty"` // beyond those, of which there are very many
}

// MonitorLook is what a detector knew at a moment.
type MonitorLook struct {
	At    time.Duration `json:"at_ns"`            // from the cell's Started
	State string        `json:"state" redact:"-"` // StateTooFew, StateStable or StateDrift
	// Statistic and Threshold are of the Column furthest beyond its threshold, or nearest to it;
	// "" of outcomes. N is how many rows or outcomes they rest on.
	Statistic float64 `json:"statistic"`
	Threshold float64 `json:"threshold"`
	Column    string  `json:"column,omitempty"`
	N         int     `json:"n"`
}

// The states of a look, as generators/drift has them.
const (
	StateTooFew = "too few"
	StateStable = "stable"
	StateDrift  = "drift"
)

// MonitorAlarm is an alarm: a look that found drift.
type MonitorAlarm struct {
	At        time.Duration `json:"at_ns"` // from the cell's Started
	Column    string        `json:"column,omitempty"`
	Statistic float64       `json:"statistic"`
	Threshold float64       `json:"threshold"`
	N         int           `json:"n"`
}

// Empty says that nothing came.
func (w MonitorWindow) Empty() bool { return w.Answers+w.Unanswered == 0 }

// Plus is a window that holds another one, which follows it, as well.
func (w MonitorWindow) Plus(next MonitorWindow) MonitorWindow {
	switch {
	case w.Empty():
		return next
	case next.Empty():
		return w
	}
	return MonitorWindow{
		Start: min(w.Start, next.Start), End: max(w.End, next.End),
		Answers: w.Answers + next.Answers, Unanswered: w.Unanswered + next.Unanswered,
		Labelled: w.Labelled + next.Labelled, Correct: w.Correct + next.Correct,
	}
}

// monitorFolder holds the logs of predictions and outcomes.
const monitorFolder = "monitor"

// Predictions makes the part-th file, from 1, of the log of predictions of one cell. The caller
// closes it. Files of a trial that was interrupted, and is made again, stay.
func (w *Writer) Predictions(v Trial, phase string, part int) (file *os.File, name string, err error) {
	base := fmt.Sprintf("%s/%s.%03d", monitorFolder, cellName(v, phase), part)
	for again := 1; ; again++ {
		name = base + ".jsonl"
		if again > 1 {
			name = fmt.Sprintf("%s_%d.jsonl", base, again)
		}
		if file, err = w.Create(name); !errors.Is(err, fs.ErrExist) {
			return file, name, err
		}
	}
}

// RemovePredictions removes a file of such a log.
func (w *Writer) RemovePredictions(name string) error { return w.remove(name) }
