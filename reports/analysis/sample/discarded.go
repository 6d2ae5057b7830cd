package sample

import (
	"slices"
	"strings"

	"servebench/reports/record"
)

// DiscardedTrial is a trial that does not count.
type DiscardedTrial struct {
	record.Trial
	Why string
}

// DiscardedTrials are those that were discarded for what the instrument did, in the order
// they were played, and how many were played in all.
func DiscardedTrials(run *record.Run) (trials []DiscardedTrial, played int) {
	seen := map[record.Trial]bool{}
	for _, c := range run.Cells {
		if seen[c.Trial()] {
			continue
		}
		seen[c.Trial()] = true
		if c.Discarded != "" && c.Discarded != record.RoundInterrupted && c.Discarded != record.RoundUnjudged {
			trials = append(trials, DiscardedTrial{c.Trial(), c.Discarded})
		}
	}
	return trials, len(seen)
}

// Replaced says that a server was ended from outside, by somebody or by the platform, in a
// trial that was discarded for it: another one was played instead, so that no figure has it.
func Replaced(run *record.Run, target string, d record.Deployment) bool {
	trials, _ := DiscardedTrials(run)
	why, _, _ := strings.Cut(d.Failed, "\n")
	replaced := DiscardedTrial{record.Trial{Target: target, Round: d.Round, Attempt: d.Attempt}, why}
	return (d.Removed || d.Evicted) && slices.Contains(trials, replaced)
}

// HasDiscardedStarts says that starts of discarded trials are among the cold
// starts: what is wrong with the load of a trial is not wrong with its start.
func (s *Set) HasDiscardedStarts() bool {
	trials, _ := DiscardedTrials(s.Run)
	return len(trials) > 0
}
