package record

import "slices"

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

// Worse is the worse of two verdicts.
func Worse(a, b Verdict) Verdict {
	order := []Verdict{NoLimit, Pass, Inconclusive, Fail, InvalidInstrument}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}
