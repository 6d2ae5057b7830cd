package trial

import (
	"math"
	"time"
)

const (
	fewestInFlight = 64
	mostInFlight   = 8192
	// otherFiles is how many of its open files the generator leaves to all but
	// the connections.
	otherFiles = 32
)

// maxInFlight is the cap on requests in flight: as many as can pile up before
// the first of them times out, within what the limit of open files allows.
func maxInFlight(rate float64, timeout time.Duration, openFiles uint64) int {
	most := mostInFlight
	if openFiles < mostInFlight+otherFiles {
		most = max(1, int(openFiles)-otherFiles)
	}
	pile := max(math.Ceil(1.25*rate*timeout.Seconds()), fewestInFlight)
	return int(min(pile, float64(most)))
}

// inFlight is the cap on requests in flight of the i-th phase: in a closed loop no
// worker has more than one.
func (s *session) inFlight(i int) int {
	process := s.processes[i]
	if process == nil {
		return s.scenario.Load[i].Concurrency
	}
	return maxInFlight(process.Shape().Peak, s.scenario.Timeout, s.openFiles)
}
