package service

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// EventsPath is the path at which the operator reads a stream of record.Events, as JSON on
// one line each: those so far, and further ones as they happen, until the service ends.
const EventsPath = "/events"

// mostEvents bounds the events that are kept; none is after them.
const mostEvents = 100_000

// events are what happened to environments.
type events struct {
	mu      sync.Mutex
	all     []record.Event
	changed chan struct{} // closed and made anew at each change
}

func newEvents() *events { return &events{changed: make(chan struct{})} }

func (l *events) add(more ...record.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, more[:min(len(more), mostEvents-len(l.all))]...)
	close(l.changed)
	l.changed = make(chan struct{})
}

// from returns the events from the n-th on, and what is closed when there are more.
func (l *events) from(n int) ([]record.Event, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[n:len(l.all):len(l.all)], l.changed
}

// serveEvents streams the events.
func (s *Service) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	out, encoder := http.NewResponseController(w), json.NewEncoder(w)
	for n := 0; ; {
		some, changed := s.events.from(n)
		for _, e := range some {
			if encoder.Encode(e) != nil {
				return // who went away is not told
			}
		}
		if n += len(some); out.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-s.stopped:
			return
		}
	}
}

// id is what the environment is called in events, and by itself where it says which
// instance answered.
func (e *environment) id() string { return fmt.Sprintf("environment-%d", e.number) }

func (e *environment) variable() string { return targets.InstanceIDVariable + "=" + e.id() }

// happened notes a step of the environment's life.
func (e *environment) happened(kind string, at time.Time) {
	e.service.events.add(record.Event{At: at, Kind: kind, Replica: e.id()})
}

// decided notes how many environments there shall be from a moment on.
func (s *Service) decided(at time.Time, more int) {
	s.mu.Lock()
	n := len(s.all) + more
	s.mu.Unlock()
	s.events.add(record.Event{At: at, Kind: record.EventDesired, Replicas: n})
}
