package service

import (
	"fmt"
	"time"

	"servebench/targets"
)

// startup is how long an environment took to come to be. AWS bills the
// initialisation alone.
type startup struct {
	placement time.Duration // until its process existed
	init      time.Duration // from then until that asked for work, or failed
	peak      targets.Bytes // the most memory that it held, where it failed; 0: not known
}

// measure returns how long the start took that ended now. Whose process asked
// for work before its sandbox said since when it exists counts as initialised
// from the beginning; one of which nothing was known in the end was never there.
func (e *environment) measure(now time.Time, asked bool) startup {
	_, since, ok := e.running.Server()
	switch {
	case !ok && asked:
		since = e.placed
	case !ok:
		since = now
	}
	// A sandbox's clock may be coarser than this process's.
	placement := min(max(since.Sub(e.placed), 0), now.Sub(e.placed))
	took := startup{placement: placement, init: now.Sub(e.placed) - placement}
	if asked {
		took.init = max(took.init, 1) // 0 is none
	}
	return took
}

// start makes an environment and waits until its process asks for work. It
// returns as well how long that took, also when it failed; of a failed one
// nothing is left then.
func (s *Service) start(limit time.Duration) (*environment, startup, *failure) {
	if !s.enter() {
		failed := ending()
		return nil, startup{}, &failed
	}
	defer s.wait.Done()
	began := time.Now()
	e, err := s.place(began)
	if err != nil {
		s.note("could not be placed: " + err.Error())
		s.log.line("place an environment: %v", err)
		return nil, startup{placement: time.Since(began)}, &failure{Type: "Runtime.InvalidEntrypoint", Message: err.Error()}
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	defer time.AfterFunc(hintTime, e.hint).Stop()
	var why failure
	select {
	case <-e.ready:
		return e, e.took, nil
	case <-e.broken: // end knows what the function said
	case <-e.gone: // its process ended, or the service does
	case <-timer.C:
		why = timedOut(limit)
		s.note(fmt.Sprintf("was ended after %s: it %s", limit, NoBootstrap(e.ports())))
	}
	_ = e.end(why) // Close says so again
	return nil, e.took, &e.why
}

// enter takes a start among what Close waits for, unless the service ends.
func (s *Service) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing() {
		return false
	}
	s.wait.Add(1)
	return true
}
