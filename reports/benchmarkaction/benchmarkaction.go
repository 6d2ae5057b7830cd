// Package benchmarkaction writes a run's figures as github-action-benchmark reads
// them, which draws them over the commits of a branch: those of which less is better
// in ci/smaller-is-better.json (its tool customSmallerIsBetter), those of which more
// is in ci/bigger-is-better.json (customBiggerIsBetter). It stands at the end of the
// flow: everything in it is in the analysis.Analysis that it is given.
//
// An INVALID run has no figures, at which the action fails, as it should.
// https://github.com/benchmark-action/github-action-benchmark
package benchmarkaction

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// The files, in a run's folder.
const (
	Smaller = "ci/smaller-is-better.json"
	Bigger  = "ci/bigger-is-better.json"
)

// Format is the figures of a run.
func Format() reports.Format {
	return reports.Format{
		Name: "benchmark-action",
		Doc:  "the figures for github-action-benchmark (" + Smaller + ", " + Bigger + ")",
		CI:   true,
		Render: func(a *analysis.Analysis, write reports.Write) error {
			if err := write(Smaller, func(w io.Writer) error { return Write(w, a, false) }); err != nil {
				return err
			}
			return write(Bigger, func(w io.Writer) error { return Write(w, a, true) })
		},
	}
}

// benchmark is one figure as the action reads it. Its name is what tells the figure
// from others and what joins it to those of earlier runs.
type benchmark struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
	Range string  `json:"range,omitempty"` // shown as it is
	Extra string  `json:"extra,omitempty"` // shown beside the figure
}

// Write writes the figures of which more is better, or those of which less is.
func Write(w io.Writer, a *analysis.Analysis, more bool) error {
	all := []benchmark{}
	for _, r := range a.Rows {
		if a.Validity == record.Invalid || a.Shortfall() != nil {
			break
		}
		for _, f := range r.Figures() {
			if f.More == more {
				all = append(all, newBenchmark(a, r, f))
			}
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(all); err != nil {
		return fmt.Errorf("write benchmarks: %w", err)
	}
	return nil
}

func newBenchmark(a *analysis.Analysis, r sample.Row, f sample.Figure) benchmark {
	parts := []string{a.Run.Scenario.Name, r.Target, r.Phase, f.Name()}
	for i := range parts {
		parts[i] = format.Plain(parts[i])
	}
	unit, scale := shown(f.Unit)
	b := benchmark{Name: strings.Join(parts, " / "), Unit: unit, Value: format.Significant(f.Value * scale), Extra: extra(a, f)}
	if f.HasInterval {
		b.Range = format.Interval(f.Low*scale, f.High*scale)
	}
	return b
}

// shown is the unit that people read, and how many of it one of the figure's are.
func shown(unit stat.Unit) (name string, scale float64) {
	switch unit {
	case stat.Seconds:
		return "ms", 1 / time.Millisecond.Seconds()
	case stat.Bytes:
		return "MiB", 1.0 / (1 << 20)
	case stat.Share:
		return "%", 100
	}
	return string(unit), 1
}

func extra(a *analysis.Analysis, f sample.Figure) string {
	text := "run " + format.Plain(a.Run.ID)
	if f.N > 0 {
		text = "n " + format.Count(f.N) + "\n" + text
	}
	return text
}
