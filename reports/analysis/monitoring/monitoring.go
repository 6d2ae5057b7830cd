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
