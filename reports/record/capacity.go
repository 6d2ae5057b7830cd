package record

import "time"

// Capacity is the search for the highest rate at which each target holds the SLO.
type Capacity struct {
	From float64 `json:"from"` // the first rate, requests per second
	Most float64 `json:"most"` // no higher rate was to be played
	// Steps are those that were played to their end, in that order: of one target after the
	// other. What they came to is in their cells.
	Steps []SearchStep `json:"steps"`
}

// SearchStep is a load of Poisson arrivals at one rate, on a fresh server.
type SearchStep struct {
	Kind     SearchKind    `json:"kind" redact:"-"`
	Rate     float64       `json:"rate"`        // requests per second
	Settle   time.Duration `json:"settle_ns"`   // before it is measured
	Duration time.Duration `json:"duration_ns"` // that is measured
	// Attempt and Part are those of a certificate, from 1: it is of several parts, each on a
	// fresh server.
	Attempt int `json:"attempt,omitempty"`
	Part    int `json:"part,omitempty"`

	// Target and Round say where it was played, as of its cells.
	Target string `json:"target" redact:"-"`
	Round  int    `json:"round"`
	// Disturbed says why the step tells nothing of its rate, however often it was rerun: the
	// load generator was disturbed, or somebody removed the server or the platform ended it.
	// "" where it does.
	Disturbed string `json:"disturbed,omitempty"`
}

// Upcoming is the step that a search plays next.
type Upcoming struct {
	SearchStep
	// Most is what may still come at most, and Likely what probably does, this step included.
	Most, Likely Ahead
}

// Ahead is so many steps, whose load takes so long, the settling included.
type Ahead struct {
	Steps int
	Load  time.Duration
}

// Plus is both.
func (a Ahead) Plus(b Ahead) Ahead { return Ahead{a.Steps + b.Steps, a.Load + b.Load} }

// After is what comes after a step of these.
func (a Ahead) After(s SearchStep) Ahead {
	return Ahead{max(0, a.Steps-1), max(0, a.Load-s.Settle-s.Duration)}
}

// SearchKind says what a step of a search is for.
type SearchKind string

// The kinds. What is probed enters no certificate.
const (
	Probe   SearchKind = "probe"
	Certify SearchKind = "certify"
)

// SettlePrefix begins the names of the phases in which a server settles before a step.
const SettlePrefix = "settle-"
