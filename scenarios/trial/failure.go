package trial

import (
	"errors"
	"fmt"

	"servebench/reports/record"
)

// failure is something that went wrong in a run.
type failure struct {
	trial trial // where; the zero value: nowhere in the plan
	err   error
}

func (m failure) Error() string {
	if m.trial == (trial{}) {
		return m.err.Error()
	}
	return fmt.Sprintf("%s: %v", m.trial, m.err)
}

func (m failure) Unwrap() error { return m.err }

// fault keeps something that went wrong: in the record, for the caller of Run
// and for its watcher.
func (s *session) fault(v trial, phase string, err error) {
	s.record.Faults = append(s.record.Faults, record.Fault{Target: v.target, Phase: phase, Round: v.round, Text: err.Error()})
	m := failure{trial: v, err: err}
	s.failures = append(s.failures, m)
	s.note("%v", m)
}

// join makes one error of all failures, nil when there are none. What happened to
// a target in the same words before is counted and not said again: a server that
// does not come up fails in every round.
func join(all []failure) error {
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
