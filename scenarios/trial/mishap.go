package trial

import (
	"errors"
	"fmt"

	"servebench/reports/record"
)

// mishap is something that went wrong in a run.
type mishap struct {
	trial trial // where; the zero value: nowhere in the plan
	err   error
}

func (m mishap) Error() string {
	if m.trial == (trial{}) {
		return m.err.Error()
	}
	return fmt.Sprintf("%s: %v", m.trial, m.err)
}

func (m mishap) Unwrap() error { return m.err }

// fault keeps something that went wrong: in the record, for the caller of Run
// and for its watcher.
func (s *session) fault(v trial, phase string, err error) {
	s.record.Faults = append(s.record.Faults, record.Fault{Target: v.target, Phase: phase, Round: v.round, Text: err.Error()})
	m := mishap{trial: v, err: err}
	s.mishaps = append(s.mishaps, m)
	s.note("%v", m)
}

// join makes one error of all mishaps, nil when there are none. What happened to
// a target in the same words before is counted and not said again: a server that
// does not come up fails in every round.
func join(all []mishap) error {
	type words struct{ target, text string }
	times := map[words]int{}
	for _, m := range all {
		times[words{m.trial.target, m.err.Error()}]++
	}
	var told []error
	for _, m := range all {
		key := words{m.trial.target, m.err.Error()}
		switch n := times[key]; {
		case n == 1:
			told = append(told, m)
		case n > 1:
			told = append(told, fmt.Errorf("%w (and %d times more)", m, n-1))
		}
		delete(times, key)
	}
	return errors.Join(told...)
}
