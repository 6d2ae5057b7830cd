package main

import (
	"context"
	"fmt"
)

// diagnosisSchema is the version of what doctor prints as JSON.
const diagnosisSchema = "servebench.doctor/v1"

// The areas that doctor looks at.
const (
	areaTargets   = "targets"
	areaMachine   = "machine"
	areaLeftovers = "leftovers"
)

// check looks at one thing, or at some that belong together. It changes nothing that
// it does not take back.
type check struct {
	area string
	name string // of what it looks at, should it not come to an end
	look func(ctx context.Context) []checkResult
	// calm says that nothing else is looked at meanwhile, since it measures.
	calm bool
}

// status says how a result bears on runs; the worse, the larger.
type status int

const (
	ok   status = iota
	warn        // runs work, but not as well as they might
	fail        // runs do not work, or something was left over
)

func (s status) String() string { return [...]string{"ok", "warn", "fail"}[s] }

// MarshalText writes the word.
func (s status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// checkResult is what a check found.
type checkResult struct {
	Area   string `json:"area"`
	Name   string `json:"name"`
	Status status `json:"status"`
	Found  string `json:"found"`         // what is
	Why    string `json:"why,omitempty"` // it matters
	Fix    string `json:"fix,omitempty"` // what to do: a command where one does it

	unexamined bool // nothing was found: the check did not come to an end
}

// diagnosis is everything that doctor found.
type diagnosis struct {
	Schema string        `json:"schema"`
	Status status        `json:"status"` // the worst of all
	Checks []checkResult `json:"checks"`
}

// summary is the last line: how many results want something done.
func (d diagnosis) summary() string {
	counts := map[status]int{}
	for _, f := range d.Checks {
		counts[f.Status]++
	}
	plural := map[bool]string{true: "", false: "s"}
	warnings := fmt.Sprintf("%d warning%s", counts[warn], plural[counts[warn] == 1])
	if n := counts[fail]; n > 0 {
		return fmt.Sprintf("FAIL: %d thing%s to mend, %s", n, plural[n == 1], warnings)
	}
	return "OK: nothing keeps runs from working, " + warnings
}
