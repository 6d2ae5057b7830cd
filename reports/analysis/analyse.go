// Package analysis turns a recorded run into what every report shows: figures with
// their intervals, whether the instrument can be believed, and the verdict. All of it is a
// pure function of the record. The packages below it each make one part; this one puts
// them together for reports/document and the formats.
package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/reports/analysis/ab"
	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/failover"
	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/monitoring"
	"servebench/reports/analysis/overhead"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/scaling"
	"servebench/reports/analysis/sweep"
	"servebench/reports/analysis/validity"
	"servebench/reports/format"
	"servebench/reports/prices"
	"servebench/reports/record"
)

// Analysis is everything a format needs to know about a run.
type Analysis struct {
	*sample.Set
	Validity    record.Validity
	Verdict     record.Verdict
	Diagnostics []record.Diagnostic // errors first
	Gates       []gate.Gate         // none of an A/B test, which is judged as a whole, and of a search
	// SLO holds the limits that Gates judge by, By where they are from: "" of the
	// scenario's own, or what gave others ("--set slo.p99=20ms").
	SLO    record.SLO
	By     string
	Limits []string       // flags that give a run these limits; none where it has them, or they are a file's
	Ratios []sample.Ratio // each target against Reference; empty with one target, and of an A/B test
	// Reference is the target the Ratios are relative to: the first that ran.
	Reference string
	Overhead  *overhead.Result      // nil when the scenario asks for none, or nothing was measured of it
	Stepped   []capacity.Stepped    // of the phases that have steps; targets in the scenario's order
	Saturated []capacity.Saturation // of the targets with several closed loops
	Failover  *failover.Result      // nil when the scenario injects no faults
	// Scaling is how replicas followed the load, by target, phase and round; none of a
	// scenario that asks for one replica.
	Scaling  []scaling.Trial
	Monitor  []monitoring.Trial  // by target, phase and round; none of a scenario without a monitor
	Drift    []monitoring.Drift  // the same, where examples change or a model is trained again
	AB       *ab.Result          // nil when the run compares no two servers
	Capacity []capacity.Searched // by target; none of a run that searches for no capacity
	Sizes    []sweep.Group       // of a run that sweeps over some
}

// Analyse computes every figure of a run. It reads the interval logs of the
// measured cells, one second at a time, and is deterministic: the same run
// gives the same analysis, the resampled intervals included. An error names the
// cell whose log is missing or damaged.
func Analyse(run *record.Run) (*Analysis, error) { return AnalyseBy(run, run.Scenario.SLO, "") }

// AnalyseBy is Analyse with other limits to judge by than the run's own; by says
// where they are from.
func AnalyseBy(run *record.Run, slo record.SLO, by string) (*Analysis, error) {
	cells, err := sample.Load(run)
	if err != nil {
		return nil, fmt.Errorf("analyse %s: %w", run.Dir, err)
	}
	a := &Analysis{Set: sample.New(run, cells), SLO: slo, By: by}
	if len(a.Rows) > 0 {
		a.Reference = a.Rows[0].Target
	}
	if a.AB = ab.Judge(run, cells); a.AB == nil {
		a.Ratios = sample.Ratios(a.Rows, a.Cells, a.Reference)
	}
	if a.Capacity, err = capacity.Search(run); err != nil {
		return nil, fmt.Errorf("analyse %s: %w", run.Dir, err)
	}
	a.Overhead = overhead.Analyse(run, cells)
	a.Stepped = capacity.StepsOf(run, cells)
	a.Failover = failover.Analyse(run, cells)
	a.Saturated = capacity.Saturations(a.Set)
	a.Scaling = scaling.Analyse(run, cells, slo.P99)
	a.Monitor, a.Drift = monitoring.Analyse(run, cells), monitoring.Drifts(run, cells)
	a.Diagnostics = validity.Diagnose(&validity.Subject{Set: a.Set, AB: a.AB, Scaling: a.Scaling, Failover: a.Failover})
	a.Validity = validityOf(a)
	switch short := a.Shortfall(); {
	case run.Capacity != nil: // whose search says at which rate the other limits hold
		if a.Gates, err = gate.JudgeSearch(a.Set, a.Capacity, slo, a.Validity == record.Invalid); err != nil {
			return nil, fmt.Errorf("analyse %s: %w", run.Dir, err)
		}
	case a.AB == nil:
		a.Gates = gate.Judge(a.Set, slo, a.Validity == record.Invalid)
	case a.Validity == record.Invalid:
		a.AB.Invalidate()
	case short != nil:
		a.AB.LeaveOpen(run)
	}
	a.Sizes = sweep.Analyse(a.Set, a.Capacity, a.breaks, prices.Builtin())
	a.Verdict = verdict(a)
	return a, nil
}

// breaks reports whether a target breaks a limit in a phase.
func (a *Analysis) breaks(target, phase string) bool {
	return slices.ContainsFunc(a.Gates, func(g gate.Gate) bool {
		return g.Target == target && (g.Phase == phase || g.Phase == "") && g.Verdict == record.Fail
	})
}

func validityOf(a *Analysis) record.Validity {
	switch {
	case slices.ContainsFunc(a.Diagnostics, func(d record.Diagnostic) bool { return d.Severity == record.SeverityError }):
		return record.Invalid
	case a.OnlyStarts():
		return record.NoLoad
	}
	return record.Valid
}

// verdict is the worst of the gates', or that of an A/B test; INVALID when the instrument
// cannot be believed, with or without gates. Limits that hold in a part of what was planned
// may be broken in the rest: that is no PASS.
func verdict(a *Analysis) record.Verdict {
	worst := gate.Worst(a.Gates)
	switch {
	case a.Validity == record.Invalid:
		return record.InvalidInstrument
	case a.AB != nil:
		return a.AB.Verdict
	case len(a.Capacity) > 0 && len(a.Gates) > 0: // a server that dies at too high a rate is a part of a search
		return worst
	case slices.ContainsFunc(a.Capacity, func(s capacity.Searched) bool { return s.Certified == 0 }):
		return record.Inconclusive
	case worst == record.Pass && a.inPart():
		return record.Inconclusive
	}
	return worst
}

// inPart says that not all that was planned was measured as it was meant to be: it is
// not Complete, or something went wrong with a server.
func (a *Analysis) inPart() bool { return !a.Complete() || len(a.ServerFailures()) > 0 }

// Shortfall is nil of a run that came to the end of its plan, and of one in which
// Nothing was measured or that was Refused, which say so themselves.
func (a *Analysis) Shortfall() *sample.Shortfall {
	if a.AB == nil || a.Unended() != nil {
		return cmp.Or(a.Unended(), a.Incomplete())
	}
	if a.Empty() || a.Refused() || a.AB.Decided() || a.AB.Interim == len(a.Run.AB.Interims) || a.Validity == record.Invalid || len(a.ServerFailures()) > 0 {
		return nil
	}
	return &sample.Shortfall{Word: sample.WordIncomplete, Played: a.AB.Pairs + len(a.AB.Lost), Next: a.Run.AB.Interims[a.AB.Interim].Pairs}
}

// NoResult says that there is nothing to judge: the run is Empty, or one of the two servers
// that it compares was never sent any load.
func (a *Analysis) NoResult() bool {
	return a.Empty() || a.AB != nil && a.AB.NeverServed != nil
}

// Complete says that all that was planned was measured.
func (a *Analysis) Complete() bool {
	return !a.Empty() && !a.Refused() && a.Shortfall() == nil && len(a.Gaps()) == 0
}

// HoldInPart says that no limit is broken or open in what was measured, which is not
// all that was planned.
func (a *Analysis) HoldInPart() bool {
	return a.Verdict == record.Inconclusive && len(a.Gates) > 0 &&
		!slices.ContainsFunc(a.Gates, func(g gate.Gate) bool { return g.Verdict != record.Pass && g.Gap == nil })
}

// Fault is the first of the errors that make the run INVALID, and how many others
// do; nil of a run that is not.
func (a *Analysis) Fault() (first *record.Diagnostic, others int) {
	for i := range a.Diagnostics {
		switch {
		case a.Diagnostics[i].Severity != record.SeverityError:
		case first == nil:
			first = &a.Diagnostics[i]
		default:
			others++
		}
	}
	return first, others
}

// Noise is what an A/B test of a server with itself found of the machine's noise, see
// ABTest.Noise; none where the measurement is not valid.
func Noise(a *Analysis) record.Noise {
	if a.AB != nil && a.Validity == record.Valid {
		if noise := a.AB.Noise(a.Run); len(noise.Floors) > 0 {
			return noise
		}
	}
	return record.Noise{}
}

// MachineNoise is what is known of the noise of the machine of an A/B test, which it found
// itself or which was found before it; none where nothing is.
func (a *Analysis) MachineNoise() record.Noise {
	switch {
	case a.AB == nil:
	case a.Run.AB.Same:
		return Noise(a)
	case a.Run.AB.Noise != nil:
		return *a.Run.AB.Noise
	}
	return record.Noise{}
}

// ReportCommand makes a run's reports again. The program's name is the one that
// the run was started with.
func ReportCommand(run *record.Run) string {
	return format.Command(record.Program(run), "report", run.Dir)
}

// More is about how many rounds in all would settle the limits that are undecided,
// as far as rounds would, and the command line that plays them; 0 and "" where
// there is nothing to gain.
func (a *Analysis) More() (rounds int, command string) {
	for _, g := range a.Gates {
		rounds = max(rounds, g.More)
	}
	if rounds == 0 || len(a.Run.Command) == 0 {
		return rounds, ""
	}
	args := slices.Clone(a.Run.Command)
	if i := slices.Index(args, "--rounds"); i >= 0 && i+1 < len(args) {
		args[i+1] = strconv.Itoa(rounds)
	} else {
		args = append(args, "--rounds", strconv.Itoa(rounds))
	}
	return rounds, format.Command(append(args, a.Limits...)...)
}

// RoundsTake is about how long so many rounds take, by how long those of the run took; 0
// where that is not known.
func (a *Analysis) RoundsTake(rounds int) time.Duration {
	played := 0
	for _, c := range a.Run.Cells {
		played = max(played, c.Round)
	}
	took := a.Run.Finished.Sub(a.Run.Created)
	if played == 0 || took <= 0 {
		return 0
	}
	return time.Duration(float64(took) / float64(played) * float64(rounds))
}

// ProcessorModel is the model of a processor, of the fact CPU of an environment,
// without the frequency behind it: some machines read that at the moment, so that it
// differs from one run to the next.
func ProcessorModel(cpu string) string {
	if i := strings.LastIndex(cpu, ", "); i >= 0 && strings.HasSuffix(cpu, "Hz") {
		return cpu[:i]
	}
	return cpu
}
