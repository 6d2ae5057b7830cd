// Package drift tells whether what a served model is asked, what it answers, or how often it
// is wrong has changed. It has no clock and does no I/O: whoever watches a server, be it the
// server or a load generator, hands on examples, answers and outcomes as they come.
//
// Two kinds of detectors look at different things. A WindowDetector compares a Sample of
// recent rows (features and answer) with a Profile of reference data, and needs no outcomes.
// A StreamDetector follows whether the answers were wrong, one outcome after the other, and
// needs no reference.
//
//	reference := drift.NewSample(schema)         // reference.Add(features, answer), …
//	profile, err := drift.NewProfile(reference)  // can be written as JSON and read again
//	for _, kind := range drift.Kinds() { … kind.Window(profile, alpha), kind.Stream(alpha) }
//
// # What is promised
//
// A detector looks again and again, and each look may err. With a fixed level a look, false
// alarms only wait for enough looks. Here Alpha is what a detector may err over all its looks
// together, however many there will be: "at most 5 % of runs without drift have an alarm".
// Every look gets a part of it (Spending), and a window detector's divides that by the columns
// it compares. The command
// servebench prove drift simulates what that comes to.
//
// Alpha is one detector's. Of several whose alarms lead to one action, give each its share:
// by Bonferroni, alpha divided by their number.
package drift

import "math"

// Alpha is the usual share of runs without drift in which a detector may raise an alarm.
const Alpha = 0.05

// State is what a detector says.
type State string

// The states. TooFew is no answer: nothing is known of drift.
const (
	TooFew State = "too few" // there are not yet enough rows or outcomes to say anything
	Stable State = "stable"  // no drift was found
	Drift  State = "drift"   // the statistic is beyond the threshold
)

// Result is what one look of a detector found.
type Result struct {
	State State
	// Statistic and Threshold are those of the column furthest beyond its threshold, or
	// nearest to it; both are in the unit that the detector's documentation states. Where the
	// State is TooFew they are 0.
	Statistic, Threshold float64
	Column               string // whose they are; "" of a stream
	// N is how many rows, or outcomes since the detector began or was last reset, it rests on.
	N int
	// Columns are the findings for each column that was compared, in the order of the
	// profile; nil of a stream, and where the State is TooFew.
	Columns []Finding
}

// Finding is what was found of one column.
type Finding struct {
	Column               string
	Statistic, Threshold float64
	Drift                bool
	N                    int // rows of the window that were compared
}

// WindowDetector compares windows of rows with the reference. It is for one goroutine.
type WindowDetector interface {
	// Look compares a window of the schema that the profile is of (Profile.Check), which it
	// neither keeps nor changes. It takes a few milliseconds for a full one: keep it out of the
	// way of requests. A window of fewer than LeastRows rows is TooFew, and costs nothing of
	// Alpha.
	Look(window *Sample) Result
}

// StreamDetector follows a stream of outcomes in bounded memory. It is for one goroutine.
type StreamDetector interface {
	// Add takes the next outcome, and says what is known after it. Only a rise of the share of
	// wrong answers is drift. After a Drift the detector begins anew with the next outcome,
	// without getting Alpha again.
	Add(wrong bool) Result
}

// LeastRows is the fewest rows of a window, and of a reference, that are compared. Below it
// the approximations behind the thresholds are poor, and only drift that is plain without a
// test would be found.
const LeastRows = 500

// Kind is a detector's entry in the list. One of Window and Stream is set.
type Kind struct {
	Name string
	Doc  string // one sentence
	// Window returns a detector that compares with the profile.
	Window func(p *Profile, alpha float64) WindowDetector
	// Stream returns a detector of a stream of outcomes.
	Stream func(alpha float64) StreamDetector
}

// Kinds are the detectors.
func Kinds() []Kind {
	return []Kind{
		{
			Name:   "psi",
			Doc:    "Population stability index of every feature and of the answers, with a threshold that follows from the number of rows.",
			Window: func(p *Profile, alpha float64) WindowDetector { return NewPSI(p, windowSpending(alpha)) },
		},
		{
			Name:   "ks",
			Doc:    "Two-sample Kolmogorov-Smirnov test of every number, where the distance is 0.05 or more.",
			Window: func(p *Profile, alpha float64) WindowDetector { return NewKS(p, windowSpending(alpha)) },
		},
		{
			Name:   "adwin",
			Doc:    "Adaptive windowing of the error rate: a recent part of the outcomes is worse than the part before.",
			Stream: func(alpha float64) StreamDetector { return NewADWIN(Spending{Alpha: alpha, Half: adwinHalf}) },
		},
		{
			Name:   "page-hinkley",
			Doc:    "Page-Hinkley test of the error rate: a rise by more than 0.01 that lasts.",
			Stream: func(alpha float64) StreamDetector { return NewPageHinkley(Spending{Alpha: alpha, Half: pageHalf}) },
		},
	}
}

// Spending divides what a detector may err over its looks, of which nobody knows how many
// there will be: look k, from 1 on, gets
//
//	Alpha · Half / ((k + Half − 1)(k + Half)),
//
// which adds up to Alpha over all looks without end, and to one half of it over the first
// Half. Added up, the chances of a false alarm are at most Alpha whatever the looks have to do
// with each other (Bonferroni; spending such a sum in sequence is the simplest rule of
// D. P. Foster and R. A. Stine, "α-investing: a procedure for sequential control of expected
// false discoveries", Journal of the Royal Statistical Society B 70 (2008)).
type Spending struct {
	Alpha float64
	Half  int // looks; 0: every look gets Alpha, and nothing is promised of a run
}

// At is what look k may err, from 1 on.
func (s Spending) At(k int) float64 {
	if s.Half == 0 {
		return s.Alpha
	}
	n, h := float64(k), float64(s.Half)
	return s.Alpha * h / ((n + h - 1) * (n + h))
}

// windowHalf is after how many windows one half of what a window detector may err is spent.
const windowHalf = 20

func windowSpending(alpha float64) Spending { return Spending{Alpha: alpha, Half: windowHalf} }

// judge puts the findings for the columns together.
func judge(findings []Finding, rows int) Result {
	r := Result{State: Stable, N: rows, Columns: findings}
	furthest := math.Inf(-1)
	for _, f := range findings {
		if f.Drift {
			r.State = Drift
		}
		if ratio := f.Statistic / f.Threshold; ratio > furthest {
			furthest = ratio
			r.Statistic, r.Threshold, r.Column = f.Statistic, f.Threshold, f.Column
		}
	}
	if len(findings) == 0 {
		r.State = TooFew
	}
	return r
}
