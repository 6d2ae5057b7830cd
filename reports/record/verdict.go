package record

import (
	"slices"
)

// Validity says whether the instrument can be believed.
type Validity string

// The validities. NoLoad is a run of starts alone: no load was sent, so there is
// no instrument to believe or not.
const (
	Valid   Validity = "VALID"
	Invalid Validity = "INVALID"
	NoLoad  Validity = "NO LOAD"
)

// Verdict is the judgement of a limit, a target or a run.
type Verdict string

// The verdicts, from best to worst. NoLimit is a run without an SLO.
const (
	NoLimit           Verdict = ""
	Pass              Verdict = "PASS"
	Inconclusive      Verdict = "INCONCLUSIVE"
	Fail              Verdict = "FAIL"
	InvalidInstrument Verdict = "INVALID"
)

// Compare says which of two verdicts is the better, as cmp.Compare does: negative where it
// is the first.
func (v Verdict) Compare(other Verdict) int {
	order := []Verdict{NoLimit, Pass, Inconclusive, Fail, InvalidInstrument}
	return slices.Index(order, v) - slices.Index(order, other)
}

// Worse is the worse of two verdicts.
func Worse(a, b Verdict) Verdict {
	if a.Compare(b) > 0 {
		return a
	}
	return b
}

// Severity is how much a Diagnostic limits belief in a run.
type Severity int

// String is the word for it.
func (s Severity) String() string { return [...]string{"warning", "error", "note"}[s] }

// The severities. An error makes the run INVALID, a warning is about some of its
// figures, and a note asks for nothing.
const (
	SeverityWarning Severity = iota
	SeverityError
	SeverityNote
)

// Diagnostic is what limits belief in a figure or a run, with what to do next.
type Diagnostic struct {
	Rule      string   `json:"rule" redact:"-"` // a stable identifier: "lag", "generator-cpu", "worker-cap"
	Severity  Severity `json:"severity"`
	Target    string   `json:"target" redact:"-"` // "" when it concerns the whole run
	Phase     string   `json:"phase" redact:"-"`
	Round     int      `json:"round,omitzero"`          // 0: it is of no round
	Also      []int    `json:"also_in_rounds,omitzero"` // others, ascending, in which it is no worse
	Times     int      `json:"times,omitzero"`          // it arose, where more often than once a round
	Text      string   `json:"text"`                    // one sentence with the figure in it
	Figure    string   `json:"figure"`                  // "lag p99 1.8 ms"
	Threshold string   `json:"threshold"`               // "1 ms"
	Action    string   `json:"action"`                  // what to do next
}
