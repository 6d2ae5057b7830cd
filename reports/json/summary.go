package jsonreport

import (
	"cmp"

	"servebench/reports/analysis"
	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/failover"
	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/monitoring"
	"servebench/reports/analysis/overhead"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/scaling"
	"servebench/reports/analysis/sweep"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
)

// summary is a run with its figures and what was concluded from them.
type summary struct {
	Schema     string `json:"schema"`
	Run        string `json:"run"` // the run's folder
	Scenario   string `json:"scenario"`
	Server     string `json:"server,omitempty"` // what the targets started, see record.Scenario
	Seed       uint64 `json:"seed"`
	Rounds     int    `json:"rounds"`
	ColdStarts int    `json:"cold_starts"` // starts without load, of each target
	// Validity is "VALID"; "INVALID": the load generator cannot be believed; "NO LOAD":
	// starts alone were measured, so there is no load generator to judge; "NO RESULT":
	// nothing was measured, and the Verdict, if any, is "INVALID"; or one of two servers that
	// are compared never served, and it is "INCONCLUSIVE".
	Validity string `json:"validity"`
	// Reason is the first of the errors that make the run INVALID; null: it is not.
	Reason      *reason             `json:"reason"`
	Verdict     record.Verdict      `json:"verdict"` // null: the scenario sets no limits
	Interrupted string              `json:"interrupted"`
	Shortfall   string              `json:"shortfall"` // why it holds less than was planned, and what is missing; null: it does not
	Diagnostics []record.Diagnostic `json:"diagnostics"`
	Deployments []deployment        `json:"deployments"` // every target that could run, with its cold starts
	Targets     []sample.Row        `json:"targets"`     // pooled over rounds, one per target and measured phase
	Cells       []sample.Row        `json:"cells"`       // the same per round
	// LimitsFrom says by which limits Gates judges: null, by the scenario's own.
	LimitsFrom  string                `json:"limits_from"`
	Gates       []gate.Gate           `json:"gates"`
	Reference   string                `json:"reference"` // what the ratios divide by
	Ratios      []sample.Ratio        `json:"ratios"`
	AB          *comparedVariants     `json:"ab"`         // null: the run compares no two servers
	Capacity    []capacity.Searched   `json:"capacity"`   // by target; none: the run searches for none
	Sizes       []sweep.Group         `json:"sizes"`      // of a sweep, by phase and by what their cost is
	Overhead    *overhead.Result      `json:"overhead"`   // null: the scenario asks for none
	Steps       []capacity.Stepped    `json:"steps"`      // targets in phases with steps
	Saturation  []capacity.Saturation `json:"saturation"` // targets with several closed loops
	Failover    *failover.Result      `json:"failover"`   // null: the scenario injects no faults
	Scaling     []scaling.Trial       `json:"scaling"`    // how replicas followed the load, by target, phase and round
	Monitor     []monitoring.Trial    `json:"monitor"`    // how right the predictions were over time; none: the scenario has no monitor
	Drift       []drifted             `json:"drift"`      // what a change of the examples and training again came to
	Unavailable []unavailable         `json:"unavailable"`
	LeftOut     []sample.LeftOut      `json:"left_out"` // phases left out after abort_on had ended one before
}

// reason is why a run is INVALID, by which rule, and what to do.
type reason struct {
	Rule      string `json:"rule"`
	Text      string `json:"text"` // what is wrong, a clause
	Figure    string `json:"figure"`
	Threshold string `json:"threshold"`
	Action    string `json:"action"`
	More      int    `json:"more"` // further errors that make it INVALID
}

type unavailable struct {
	Target string `json:"target"`
	Why    string `json:"why"`
}

// comparedVariants compares a candidate with a baseline.
type comparedVariants struct {
	Verdict   record.Verdict   `json:"verdict"`
	Why       string           `json:"why"`
	Same      bool             `json:"same"`   // both variants are the same server: it is the noise that is looked for
	Margin    float64          `json:"margin"` // shares: 0.03
	Tolerance float64          `json:"tolerance"`
	Pairs     int              `json:"pairs"` // rounds that both variants have
	Lost      []int            `json:"lost_rounds"`
	Interim   *int             `json:"interim_analysis"` // the number of the one that was reached last; null: none was
	Interims  []record.Interim `json:"interim_analyses"`
	Metrics   []metric         `json:"metrics"`
	Errors    []errorRates     `json:"errors"`
	More      *int             `json:"more_rounds"` // about how many rounds in all would settle it
	Command   string           `json:"command"`     // that goes on with it
	Variants  struct {
		Baseline  record.Variant `json:"baseline"`
		Candidate record.Variant `json:"candidate"`
	} `json:"variants"`
	// NoiseFloor is by metric the lowest margin that is above the noise on this machine.
	NoiseFloor map[string]float64 `json:"noise_floor,omitzero"`
}

// deployment is a target that could run here, whatever was asked of it.
type deployment struct {
	Target       string        `json:"target"`
	Running      bool          `json:"running"`      // the server was not started here
	Acceleration string        `json:"acceleration"` // "KVM", "TCG" (software emulation); null: no virtual machine
	Unequal      []record.Fact `json:"unequal"`      // what could not be made equal
	ColdStart    *coldStart    `json:"cold_start"`   // null: the server was not started here
}

// coldStart is how long the starts of a server took, those of rounds of load and those
// made for the start alone.
type coldStart struct {
	N           int                 `json:"n"`      // starts up to a right first answer
	Failed      int                 `json:"failed"` // starts that came to none, in no figure
	Stages      []sample.StartStage `json:"stages"` // in the order in which they are reached
	Preparation sample.Times        `json:"preparation_ms"`
	Starts      []record.Deployment `json:"starts"` // each by itself, failed ones included, in the order they were made
}

func newSummary(a *analysis.Analysis) summary {
	run, scenario := a.Run, a.Run.Scenario
	s := summary{
		Schema: Schema, Run: run.Dir, Scenario: scenario.Name, Server: scenario.Server, Seed: scenario.Seed, Rounds: scenario.Rounds, ColdStarts: scenario.ColdStarts,
		Validity: validity(a), Verdict: a.Verdict, Interrupted: run.Interrupted, Diagnostics: a.Diagnostics,
		Targets: a.Rows, Cells: a.Cells, LimitsFrom: a.By, Gates: a.Gates, Reference: a.Reference, Ratios: a.Ratios,
		AB: newAB(a), Capacity: a.Capacity, Sizes: a.Sizes, Overhead: a.Overhead, Steps: a.Stepped, Saturation: a.Saturated, Failover: a.Failover, Scaling: a.Scaling, Monitor: a.Monitor, Drift: newDrifts(a.Drift), LeftOut: a.LeftOut(),
	}
	if d, others := a.Fault(); d != nil {
		s.Reason = &reason{d.Rule, d.Text, d.Figure, d.Threshold, d.Action, others}
	}
	if short := a.Shortfall(); short != nil {
		s.Shortfall = short.Word + ": " + sentence.Shortfall(a, short)
	}
	if a.Empty() {
		s.Shortfall = sentence.Word(a) + ": " + sentence.Nothing(a)
	}
	starts := map[string]sample.ColdStart{}
	for _, c := range a.ColdStarts() {
		starts[c.Target] = c
	}
	for _, t := range run.Targets {
		if t.Unavailable != "" {
			s.Unavailable = append(s.Unavailable, unavailable{t.Name, t.Unavailable})
			continue
		}
		s.Deployments = append(s.Deployments, newDeployment(t, starts[t.Name]))
	}
	return s
}

func validity(a *analysis.Analysis) string {
	if a.NoResult() {
		return "NO RESULT"
	}
	return string(a.Validity)
}

func newDeployment(t record.Target, c sample.ColdStart) deployment {
	d := deployment{Target: t.Name, Running: t.Running, Acceleration: sample.Acceleration(t)}
	for _, f := range t.Facts {
		if f.Unequal {
			d.Unequal = append(d.Unequal, f)
		}
	}
	if !t.Running {
		d.ColdStart = &coldStart{c.N, c.Failed, c.Stages, c.Prepared, t.Deployments}
	}
	return d
}

func newAB(a *analysis.Analysis) *comparedVariants {
	found, plan := a.AB, a.Run.AB
	if found == nil {
		return nil
	}
	d := &comparedVariants{
		Verdict: found.Verdict, Why: cmp.Or(sentence.ABWhy(a), sentence.Blame(a)), Same: plan.Same, Margin: plan.Margin, Tolerance: plan.Tolerance,
		Pairs: found.Pairs, Lost: found.Lost, Interim: known(found.Interim, found.Interim > 0), Interims: plan.Interims,
		More: known(found.More, found.More > 0), Command: found.Command,
		NoiseFloor: a.MachineNoise().Floors,
	}
	d.Variants.Baseline, d.Variants.Candidate = plan.Baseline, plan.Candidate
	for _, m := range found.Metrics {
		d.Metrics = append(d.Metrics, newMetric(found, m))
	}
	for _, e := range found.Errors {
		d.Errors = append(d.Errors, errorRates{e, sentence.ErrorsWhy(found, e)})
	}
	return d
}
