package record

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
	Rule      string // a stable identifier: "lag", "generator-cpu", "worker-cap"
	Severity  Severity
	Target    string // "" when it concerns the whole run
	Phase     string
	Round     int    // 0: all rounds
	Text      string // one sentence with the figure in it
	Figure    string // "lag p99 1.8 ms"
	Threshold string // "1 ms"
	Action    string // what to do next
}
