// Package benchfmt writes a run in the format of Go's benchmarks, the file
// ci/benchmarks.txt, which benchstat compares with those of other runs, or by target
// within one (-col /target): one line for each target, phase and round, for the round
// is what repeats. It stands at the end of the flow: everything in it is in the
// analysis.Analysis that it is given.
//
// Benchstat sets lines with other configuration apart, so that the configuration
// holds what has to be the same for two runs to be compared: requests, machine,
// kernel, and nothing that differs from run to run. An INVALID run has no lines.
// https://golang.org/design/14313-benchmark-format
package benchfmt

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"

	"golang.org/x/perf/benchfmt"
)

// File is where the lines lie in a run's folder.
const File = "ci/benchmarks.txt"

// Format is the lines of a run.
func Format() reports.Format {
	return reports.Format{
		Name: "benchfmt",
		Doc:  "the figures of each round as lines that benchstat reads (" + File + ")",
		CI:   true,

		Render: reports.Into(File, Write),
	}
}

// Write writes the lines.
func Write(w io.Writer, a *analysis.Analysis) error {
	if a.Validity == record.Invalid {
		_, err := fmt.Fprintf(w, "(%s: no figures)\n", format.Plain(sentence.Blame(a)))
		return err
	}
	if short := a.Shortfall(); short != nil {
		_, err := fmt.Fprintf(w, "(%s: %s: no figures)\n", short.Word, format.Plain(sentence.Shortfall(a, short)))
		return err
	}
	lines := benchfmt.NewWriter(w)
	for _, u := range units(a) {
		if err := lines.Write(u); err != nil {
			return fmt.Errorf("write benchmarks: %w", err)
		}
	}
	config := configuration(a)
	for _, r := range byTarget(a) {
		if result := newResult(a, r, config); result != nil {
			if err := lines.Write(result); err != nil {
				return fmt.Errorf("write benchmarks: %w", err)
			}
		}
	}
	return nil
}

// byTarget are the cells by target, in the scenario's order, and in one by round:
// benchstat takes what it meets first for its base, which is the baseline of an A/B test,
// and not whatever the order of the first round began with.
func byTarget(a *analysis.Analysis) []sample.Row {
	order := make(map[string]int)
	for i, t := range a.Run.Targets {
		order[t.Name] = i
	}
	return slices.SortedStableFunc(slices.Values(a.Cells), func(x, y sample.Row) int {
		return cmp.Compare(order[x.Target], order[y.Target])
	})
}

// newResult is the line of one target in one phase of one round; nil where nothing
// was answered.
func newResult(a *analysis.Analysis, r sample.Row, config []benchfmt.Config) *benchfmt.Result {
	figures := r.Figures()
	if r.Ledger.OK == 0 || len(figures) == 0 {
		return nil
	}
	loop := "open"
	if r.Concurrency > 0 {
		loop = "closed"
	}
	// A number behind a hyphen at the end would be read as GOMAXPROCS: the loop, which
	// ends in none, comes last.
	name := fmt.Sprintf("%s/target=%s/phase=%s/loop=%s", title(word(a.Run.Scenario.Name)), word(r.Target), word(r.Phase), loop)
	result := &benchfmt.Result{Config: config, Name: benchfmt.Name(name), Iters: int(r.Ledger.OK)}
	for _, f := range figures {
		result.Values = append(result.Values, newValue(f))
	}
	return result
}

// word is a name without what has a meaning in a benchmark's.
func word(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '/', '=', '*', '"':
			return '_'
		}
		return r
	}, format.Plain(s))
	if s == "" {
		return "_"
	}
	return s
}

// title has a capital at its beginning, as every benchmark's name.
func title(s string) string {
	first := []rune(s)[:1]
	return strings.ToUpper(string(first)) + strings.TrimPrefix(s, string(first))
}
