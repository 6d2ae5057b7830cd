// Package monitoring tells how right a server's predictions were over time: the accuracy of each
// window with its interval, and what the monitor did not see. It makes these figures from what
// the load generator's monitor recorded.
package monitoring

import (
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// Trial is what was seen of a target in one phase and round.
type Trial struct {
	Target string `json:"target"`
	Phase  string `json:"phase"`
	Round  int    `json:"round"`
	// Accuracy is the share of the predictions with a known outcome that equal it.
	Accuracy stat.Proportion `json:"accuracy"`
	// Lowest is the window whose interval ends lowest, so that no window of a few answers is it by
	// chance; nil: no outcome is known.
	Lowest  *Window  `json:"lowest"`
	Windows []Window `json:"windows"` // in the order of time
	// Answers were seen, Unanswered requests had none, and the answers to Unseen requests were not
	// looked at. Late outcomes became known only after the last answer.
	Answers    int64 `json:"answers"`
	Unanswered int64 `json:"unanswered"`
	Unseen     int64 `json:"unseen"`
	Late       int64 `json:"late_outcomes"`
	// Detectors are those that looked for drift, in the order of their list.
	Detectors []Detector `json:"detectors"`
	// Log are the files of predictions and outcomes, after the first so many that were Dropped.
	Log       []string `json:"log"`
	Dropped   int      `json:"dropped_files"`
	LogFailed string   `json:"log_failed"`
	// Unwatched says why nothing was looked at.
	Unwatched string `json:"unwatched"`
}

// Window is a stretch of answers, by when they came.
type Window struct {
	From       time.Duration   `json:"from_ms"` // of the phase
	To         time.Duration   `json:"to_ms"`
	Answers    int64           `json:"answers"`
	Unanswered int64           `json:"unanswered"`
	Accuracy   stat.Proportion `json:"accuracy"` // null: no outcome is known
}

// Detector is a detector with what it found in a phase.
type Detector struct {
	Name  string  `json:"name"`
	Alpha float64 `json:"alpha"` // what it may err in a phase without drift
	Why   string  `json:"why"`   // why it did not look
	Looks []Look  `json:"looks"`
	// Alarms are when it found drift, ascending; of very many the first, and More is how many others.
	Alarms []Alarm `json:"alarms"`
	More   int64   `json:"more_alarms"`
}

// Look is what a detector knew at a moment of the phase.
type Look struct {
	At        time.Duration `json:"at_ms"`
	State     string        `json:"state"`
	Statistic float64       `json:"statistic"`
	Threshold float64       `json:"threshold"`
	Column    string        `json:"column"`
	N         int           `json:"n"`
}

// Ratio is the statistic as a multiple of the threshold, which is 1 where drift begins; not known
// of too few.
func (l Look) Ratio() (ratio float64, known bool) {
	if l.State == record.StateTooFew || l.Threshold <= 0 {
		return 0, false
	}
	return l.Statistic / l.Threshold, true
}

// Alarm is a moment at which drift was found.
type Alarm struct {
	At        time.Duration `json:"at_ms"`
	Column    string        `json:"column"` // what changed; null: how often predictions are wrong
	Statistic float64       `json:"statistic"`
	Threshold float64       `json:"threshold"`
	N         int           `json:"n"` // rows or outcomes that it rests on
}

// Looked is how many looks had enough to find drift in.
func (d Detector) Looked() (n int) {
	for _, l := range d.Looks {
		if l.State != record.StateTooFew {
			n++
		}
	}
	return n
}

// Analyse tells what was seen of each target in each measured phase and round, in the scenario's
// order; none of a scenario without a monitor.
func Analyse(run *record.Run, cells []*sample.Cell) []Trial {
	if run.Scenario.Monitor == nil {
		return nil
	}
	var all []Trial
	for _, target := range run.Targets {
		for _, phase := range run.Scenario.Phases {
			for _, c := range sample.Pick(cells, target.Name, phase.Name) {
				if c.Monitor != nil {
					all = append(all, newTrial(c, run.RequestsTo(target.Name).Distinct()))
				}
			}
		}
	}
	return all
}

// newTrial takes answers to as many distinct examples. Answers to one example repeat each other,
// in a window and beyond it.
func newTrial(c *sample.Cell, distinct int64) Trial {
	m := c.Monitor
	t := Trial{
		Target: c.Target, Phase: c.Phase, Round: c.Round, Unseen: m.Unseen, Late: m.Late,
		Log: m.Log, Dropped: m.Dropped, LogFailed: m.LogFailed, Unwatched: m.Unwatched,
	}
	for _, d := range m.Detectors {
		out := Detector{Name: d.Name, Alpha: d.Alpha, Why: d.Why, More: d.More}
		for _, l := range d.Looks {
			out.Looks = append(out.Looks, Look(l))
		}
		for _, a := range d.Alarms {
			out.Alarms = append(out.Alarms, Alarm(a))
		}
		t.Detectors = append(t.Detectors, out)
	}
	var all []stat.Counts
	for _, w := range m.Windows {
		counts := stat.Counts{K: w.Correct, N: w.Labelled}
		all = append(all, counts)
		t.Answers += w.Answers
		t.Unanswered += w.Unanswered
		t.Windows = append(t.Windows, Window{w.Start, w.End, w.Answers, w.Unanswered, stat.Repeated([]stat.Counts{counts}, distinct)})
	}
	t.Accuracy = stat.Repeated(all, distinct)
	for i, w := range t.Windows {
		if w.Accuracy.N > 0 && (t.Lowest == nil || w.Accuracy.High < t.Lowest.Accuracy.High) {
			t.Lowest = &t.Windows[i]
		}
	}
	return t
}
