package tracking

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/sample"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/mlflow"
	"servebench/reports/record"
)

// Run is a run as MLflow is to have it.
type Run struct {
	Name       string        `json:"name"`
	Status     mlflow.Status `json:"status"`
	Start, End time.Time     `json:"-"`
	mlflow.Data
	// Children are a run for each target and phase.
	Children []Run `json:"children,omitempty"`
}

// The tags by which runs are found and filtered. Two runs with the same TagRun, target and phase
// are the same.
const (
	TagRun      = "servebench.run"
	TagTarget   = "servebench.target"
	TagPhase    = "servebench.phase"
	TagValidity = "servebench.validity" // VALID, INVALID, NO LOAD
	TagVerdict  = "servebench.verdict"  // PASS, FAIL, INCONCLUSIVE, INVALID; none without limits
	TagComplete = "servebench.complete" // "false": not all that was planned was measured
)

// New describes an analysed run. The commit is that of what was measured; "": it is not known.
func New(a *analysis.Analysis, commit string) Run {
	run := a.Run
	all := Run{Name: format.Plain(run.ID), Status: status(a), Start: run.Created, End: end(run)}
	given := settings(a)
	for _, t := range run.Targets {
		given = append(given, mlflow.Param{Key: mlflow.Name("unavailable", t.Name), Value: t.Unavailable})
	}
	all.Params = newParams(given, "host", run.Environment)
	all.Metrics = metrics(overall(a), all.End)
	all.Tags = tags(a, commit, a.Verdict)
	all.Tags = append(all.Tags, mlflow.Param{Key: mlflow.TagNote, Value: mlflow.Clip(format.Plain(sentence.Word(a)+": "+sentence.Verdict(a)), mlflow.LongestTag)})
	for _, r := range a.Rows {
		all.Children = append(all.Children, newChild(a, r, commit))
	}
	return all
}

// newChild is a target in a phase.
func newChild(a *analysis.Analysis, r sample.Row, commit string) Run {
	run, target, phase := a.Run, a.Run.Target(r.Target), a.Run.Phase(r.Phase)
	one := Run{Name: format.Plain(r.Target + " " + r.Phase), Status: status(a), Start: run.Created, End: end(run)}
	gates := slices.DeleteFunc(slices.Clone(a.Gates), func(g gate.Gate) bool {
		return g.Target != r.Target || g.Phase != r.Phase && g.Phase != ""
	})
	given := append(settings(a),
		mlflow.Param{Key: "target", Value: r.Target}, mlflow.Param{Key: "phase", Value: r.Phase},
		mlflow.Param{Key: "model", Value: phase.Model}, mlflow.Param{Key: "arrivals", Value: phase.Arrivals},
		mlflow.Param{Key: "rate_rps", Value: positive(phase.Rate)}, mlflow.Param{Key: "concurrency", Value: positive(float64(phase.Concurrency))},
		mlflow.Param{Key: "duration_s", Value: positive(phase.Duration.Seconds())},
		mlflow.Param{Key: "batch", Value: positive(float64(run.RequestsTo(r.Target).Batch))},
		mlflow.Param{Key: "cpus", Value: positive(target.CPUs)}, mlflow.Param{Key: "memory_bytes", Value: positive(float64(target.Memory))})
	for _, s := range target.Point {
		given = append(given, mlflow.Param{Key: s.Key, Value: s.Value})
	}
	for _, g := range gates {
		given = append(given, mlflow.Param{Key: mlflow.Name("slo", g.Metric), Value: sentence.NewLimit(g).Limit})
	}
	facts := target.Facts
	if variant := variantOf(run, r.Target); variant != nil {
		facts = append(slices.Clone(facts), variant.Facts...)
		given = append(given, mlflow.Param{Key: "source", Value: variant.Source})
		commit = variant.Facts.Named("commit").Value
	}
	one.Params = newParams(newParams(given, "target", facts), "host", run.Environment)
	one.Metrics = metrics(Figures(a, r), one.End)
	verdict := gate.Worst(gates)
	if a.Validity == record.Invalid {
		verdict = record.InvalidInstrument
	}
	one.Tags = append(tags(a, commit, verdict),
		mlflow.Param{Key: TagTarget, Value: mlflow.Name(r.Target)}, mlflow.Param{Key: TagPhase, Value: mlflow.Name(r.Phase)})
	return one
}

// variantOf is the server of an A/B test that runs as a target; nil where there is none.
func variantOf(run *record.Run, target string) *record.Variant {
	if run.AB == nil {
		return nil
	}
	for _, v := range []*record.Variant{&run.AB.Baseline, &run.AB.Candidate} {
		if v.Target == target {
			return v
		}
	}
	return nil
}

// settings are the parameters of a run and of each target in it.
func settings(a *analysis.Analysis) []mlflow.Param {
	s := a.Run.Scenario
	return []mlflow.Param{
		{Key: "scenario", Value: s.Name}, {Key: "server", Value: s.Server}, {Key: "seed", Value: strconv.FormatUint(s.Seed, 10)},
		{Key: "rounds", Value: strconv.Itoa(s.Rounds)}, {Key: "servebench", Value: a.Run.Version},
	}
}

// newParams adds facts, and makes of all what MLflow takes: each name once, none without a value.
func newParams(given []mlflow.Param, of string, facts record.Facts) []mlflow.Param {
	for _, f := range facts {
		given = append(given, mlflow.Param{Key: mlflow.Name(of, f.Name), Value: f.String()})
	}
	var all []mlflow.Param
	for _, p := range given {
		p.Value = mlflow.Clip(format.Plain(p.Value), mlflow.LongestParam)
		if p.Value != "" && !slices.ContainsFunc(all, func(q mlflow.Param) bool { return q.Key == p.Key }) {
			all = append(all, p)
		}
	}
	return all
}

// tags are those of a run and of each target in it.
func tags(a *analysis.Analysis, commit string, verdict record.Verdict) []mlflow.Param {
	all := []mlflow.Param{
		{Key: TagRun, Value: mlflow.Name(a.Run.ID)}, {Key: TagValidity, Value: string(a.Validity)},
		{Key: TagComplete, Value: strconv.FormatBool(a.Complete())}, {Key: mlflow.TagSource, Value: "servebench"},
		{Key: TagVerdict, Value: string(verdict)}, {Key: mlflow.TagCommit, Value: commit},
	}
	return slices.DeleteFunc(all, func(t mlflow.Param) bool { return t.Value == "" })
}

func metrics(all []Figure, at time.Time) []mlflow.Metric {
	var logged []mlflow.Metric
	for _, f := range all {
		logged = append(logged, mlflow.Metric{Key: mlflow.Name(strings.Split(f.Name, "/")...), Value: f.Value, Timestamp: at.UnixMilli()})
	}
	return logged
}

// status is FAILED where the measurement did: of a server that breaks its limits it is FINISHED.
func status(a *analysis.Analysis) mlflow.Status {
	switch {
	case a.Validity == record.Invalid || a.NoResult():
		return mlflow.Failed
	case a.Run.Interrupted != "" || a.Run.Finished.IsZero():
		return mlflow.Killed
	}
	return mlflow.Finished
}

// end is when the run ended, or, where it was killed, when the last of its loads had.
func end(run *record.Run) time.Time {
	last := run.Created
	for _, c := range run.Cells {
		if ended := c.Started.Add(c.Elapsed); ended.After(last) {
			last = ended
		}
	}
	if !run.Finished.IsZero() {
		last = run.Finished
	}
	return last
}

// positive is a number; "" of one that is not known.
func positive(v float64) string {
	if v <= 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
