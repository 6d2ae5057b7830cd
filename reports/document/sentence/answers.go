package sentence

import (
	"fmt"
	"slices"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
)

// Due is what response times run from, "a request was due": nothing is due in a closed loop
// before its worker is ready.
func Due(a *analysis.Analysis) string {
	closed, open := false, false
	for _, p := range measuredPhases(a) {
		closed, open = closed || p.Concurrency > 0, open || p.Concurrency == 0
	}
	switch {
	case closed && open:
		return "a request was due (in a closed loop: a worker was ready to send)"
	case closed:
		return "a worker was ready to send"
	}
	return "a request was due"
}

// Answer is what times are those of: "a correct answer".
func Answer(a *analysis.Analysis) string {
	switch {
	case slices.ContainsFunc(a.Rows, a.ByStatus):
		return "an answer with the expected status"
	case a.Unchecked():
		return "an answer (not checked)"
	}
	return "a correct answer"
}

// answers is the same of many.
func answers(a *analysis.Analysis) string {
	switch {
	case a.JudgedByStatus():
		return "answers with the expected status"
	case a.Unchecked():
		return "answers (not checked)"
	}
	return "correct answers"
}

// answered says what became of the requests that are OK: "answered correctly".
func answered(a *analysis.Analysis, r sample.Row) string {
	switch {
	case a.ByStatus(r):
		return "answered with the expected status"
	case r.Unchecked():
		return "answered (not checked)"
	}
	return "answered correctly"
}

// checked says whether the answers were held against the model's.
func checked(a *analysis.Analysis) string {
	var some, none bool
	for _, r := range a.Rows {
		some, none = some || r.Agreement.N > 0, none || r.Agreement.N == 0 && r.Ledger.OK > 0
	}
	switch {
	case a.JudgedByStatus():
		return "Answers were judged by their status: there is nothing to compare them with."
	case !some:
		return "No answer was checked: what is right is known with “server: reference” or with data.expect. " +
			"A wrong answer in the protocol's form counts like a right one."
	case none:
		return "Where the table of answers has an agreement, every answer is checked against " + Expected(a) +
			", and a wrong one is a failure. Elsewhere no answer was checked."
	}
	return "Every answer is checked against " + Expected(a) + ". A wrong answer is a failure."
}

// Expected is what answers are checked against.
func Expected(a *analysis.Analysis) string {
	switch d := a.Run.Scenario.Data; {
	case d != nil && d.Expect != "":
		return fmt.Sprintf("the column %s of %s", d.Expect, d.Name)
	case !slices.ContainsFunc(a.Rows, a.AsksModel):
		return "the answer that the scenario expects"
	}
	return "the model's own prediction for the same request"
}

// Observed is what accuracy is measured by.
func Observed(a *analysis.Analysis) string {
	if d := a.Run.Scenario.Data; d != nil && d.Label != "" {
		return fmt.Sprintf("the column %s of %s", d.Label, d.Name)
	}
	return "the label of the data"
}
