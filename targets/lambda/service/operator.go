package service

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"servebench/targets"
)

// Addresses is where a service can be reached, by URLs without a path.
type Addresses struct {
	URL      string // for callers
	Operator string // "" for none
}

// State is what happens inside of a service.
type State struct {
	Function string
	Sandbox  string // what runs the function's processes
	// NotFrozen says why environments are not frozen while they wait, and
	// NotHeld why they do not have the share of the CPUs that their memory size
	// comes with, which is known once the first one worked; "" where they are.
	NotFrozen, NotHeld string
	Environments       []Environment // those that have a process, the oldest first
	// Ended says how the last environment ended that ended by itself, quoting
	// its output; "" while none did.
	Ended  string
	Meters []targets.Meter // since the service started
}

// Environment is an execution environment.
type Environment struct {
	Number      int // counted from 1 in the order of their starts
	State       string
	PID         int // of its process on this machine; 0: not known yet
	Invocations int // handed to it
	// When it began to be made, when its process came to be, and when that
	// first asked for work; zero: not yet.
	Placed, Started, Listening time.Time
	// Ports are those on which it listens, while it has not called the Runtime
	// API at all; see NoBootstrap.
	Ports []int `json:",omitempty"`
}

// State returns what happens now.
func (s *Service) State() State {
	now := State{Function: s.config.Name, Sandbox: s.config.Sandbox.Name(), NotFrozen: s.notFrozen(), Meters: s.ledger.meters()}
	s.mu.Lock()
	all, held := slices.Collect(maps.Keys(s.all)), s.held
	now.Ended = s.ends
	s.mu.Unlock()
	if err := cmp.Or(s.config.NoCgroup, held); err != nil {
		now.NotHeld = err.Error()
	}
	for _, e := range all { // requests do not wait for the sandbox's word
		now.Environments = append(now.Environments, e.snapshot())
	}
	slices.SortFunc(now.Environments, func(a, b Environment) int { return a.Number - b.Number })
	return now
}

// notFrozen says why nothing is frozen.
func (s *Service) notFrozen() string {
	switch {
	case s.anchor != nil:
		return ""
	case !s.config.Freeze:
		return "not asked for"
	}
	return cmp.Or(s.config.NoCgroup, errNoFreezer).Error()
}

var errNoFreezer = errors.New("the host has no freezer for cgroups")

func (e *environment) snapshot() Environment {
	e.mu.Lock()
	shot := Environment{Number: e.number, State: string(e.state), Invocations: e.served, Placed: e.placed, Listening: e.listening}
	e.mu.Unlock()
	if pid, since, ok := e.running.Server(); ok {
		shot.PID, shot.Started = pid, since
	}
	shot.Ports = e.ports()
	return shot
}

// Operator is for who runs the service: State as JSON at every path.
func (s *Service) Operator() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.State()) })
}
