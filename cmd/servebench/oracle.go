package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/scenarios/oracle"

	"github.com/spf13/cobra"
)

const oracleSchema = "servebench.oracle/v1"

// oracleReport is what calibrate --oracle prints as JSON.
type oracleReport struct {
	Schema  string         `json:"schema"`
	Oracles []oracleResult `json:"oracles"`
	Pass    bool           `json:"pass"` // the exit code is 0
}

func newOracleReport(results []oracleResult) oracleReport {
	r := oracleReport{Schema: oracleSchema, Oracles: results}
	r.Pass = r.outcome() == nil
	return r
}

// oracleResult is one oracle's.
type oracleResult struct {
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	Utilisation float64          `json:"utilisation,omitempty"`
	Rate        float64          `json:"rate"` // per second
	N           int64            `json:"n"`    // answers judged
	Quantiles   []oracleQuantile `json:"quantiles"`
	Failed      int64            `json:"failed"` // requests without a right answer
	Validity    record.Validity  `json:"validity"`
	Why         string           `json:"why,omitempty"`    // when not VALID
	Action      string           `json:"action,omitempty"` // what to do about that
	Attempts    int              `json:"attempts"`         // loads, of which this was the last
	Machine     record.Machine   `json:"machine"`          // meanwhile
}

type oracleQuantile struct {
	Q            float64       `json:"q"`
	Expected     float64       `json:"expected_ms"`
	Measured     float64       `json:"measured_ms"`
	Error        float64       `json:"error"` // relative
	IntervalLow  float64       `json:"interval_low_ms"`
	IntervalHigh float64       `json:"interval_high_ms"`
	Within       oracle.Within `json:"within"`
}

// holds reports whether all that was measured is as it has to be.
func (r oracleResult) holds() bool {
	return r.Failed == 0 && !slices.ContainsFunc(r.Quantiles, func(q oracleQuantile) bool { return q.Within == oracle.WithinNeither })
}

// right reports whether the generator can be believed, and all that was measured is
// as it has to be.
func (r oracleResult) right() bool { return r.Validity == record.Valid && r.holds() }

// advice says what may be done about an oracle that is off.
func (r oracleResult) advice() string {
	text := "in two loads with different seeds; run it again on an idle machine, since what else it does delays the server's answers"
	if !r.Machine.Known {
		return text
	}
	text += fmt.Sprintf(" (its CPUs were %s busy, servebench and its server included", format.Percent(r.Machine.Busy))
	if r.Machine.Stolen > 0 {
		text += fmt.Sprintf(", and a hypervisor kept %s of their time for others", format.Percent(r.Machine.Stolen))
	}
	return text + ")"
}

// chosenOracles returns the oracles of those names, all without any.
func chosenOracles(names []string, quick bool) ([]oracle.Oracle, error) {
	all := oracle.All()
	var known []string
	for i, o := range all {
		known = append(known, o.Name)
		if quick {
			all[i] = o.Short()
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("unknown oracle %q, want one of %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(all, func(o oracle.Oracle) bool {
		return len(names) > 0 && !slices.Contains(names, o.Name)
	}), nil
}

// runOracles plays the oracles and prints what came out.
func runOracles(cmd *cobra.Command, names []string, opts *calibrateOptions) (err error) {
	chosen, err := chosenOracles(names, opts.quick)
	if err != nil {
		return usageError(err)
	}
	interrupted := catchInterrupts(cmd.Context(), cmd.ErrOrStderr())
	defer interrupted.end()
	e, err := newExamination(interrupted)
	if err != nil {
		return runtimeError(err)
	}
	defer func() { err = worst(err, runtimeError(e.end())) }()
	var results []oracleResult
	for i, o := range chosen {
		opts.say(cmd.ErrOrStderr(), "%d/%d  %s, %v", i+1, len(chosen), o.Title, o.Settle+o.Span)
		result, err := insist(o, e.consult, func(why string) {
			opts.say(cmd.ErrOrStderr(), "%d/%d  %s again: %s", i+1, len(chosen), o.Title, why)
		})
		if err != nil {
			return examined(fmt.Errorf("oracle %s: %w", o.Name, err))
		}
		results = append(results, result)
	}
	report := newOracleReport(results)
	write := writeOracles
	if opts.output.value == "json" {
		write = writeOraclesJSON
	}
	return worst(runtimeError(write(cmd.OutOrStdout(), report)), report.outcome())
}

// insist consults an oracle until what was measured is right, but gives up when it
// was INVALID twice, or twice not what it has to be, each time with another seed. It
// tells again why before it goes on.
func insist(o oracle.Oracle, consult func(oracle.Oracle) (oracleResult, error), again func(why string)) (oracleResult, error) {
	invalid, off := 0, 0
	for {
		result, err := consult(o)
		why := result.Why
		switch {
		case err != nil:
			return result, err
		case result.Validity != record.Valid:
			invalid++
		case !result.holds():
			off++
			why = "what was measured is not what it has to be"
		}
		result.Attempts = invalid + off
		if result.right() {
			result.Attempts++
		}
		if result.right() || invalid == 2 || off == 2 {
			return result, nil
		}
		again(why)
		o = o.Again()
	}
}

// consult plays one oracle and judges what was measured.
func (e *examination) consult(o oracle.Oracle) (oracleResult, error) {
	result := oracleResult{Name: o.Name, Title: o.Title, Utilisation: o.Utilisation, Rate: o.Rate}
	measured := record.NewHistogram()
	err := e.play(o.Scenario(), func(run *record.Run, a *analysis.Analysis) error {
		result.Validity = a.Validity
		result.Why, result.Action = whyInvalid(a)
		for i := range run.Cells {
			ledger := run.Cells[i].Ledger
			result.Failed += ledger.Scheduled - ledger.OK
			result.Machine = run.Cells[i].Machine // of the one phase
			for interval, err := range run.Scan(&run.Cells[i]) {
				if err != nil {
					return err
				}
				if interval.Tag == record.TagResponse && interval.Start >= o.Settle {
					measured.Merge(interval.Histogram)
				}
			}
		}
		return nil
	})
	if err != nil {
		return result, err
	}
	chance, err := o.Chance(1)
	if err != nil {
		return result, err
	}
	result.N = measured.TotalCount()
	for i, q := range oracle.Quantiles() {
		j := o.Judge(q, time.Duration(measured.ValueAtQuantile(100*q)), chance[i])
		result.Quantiles = append(result.Quantiles, oracleQuantile{
			j.Q, millis(j.Expected), millis(j.Measured), j.Error, millis(j.Chance.Low), millis(j.Chance.High), j.Within,
		})
	}
	return result, context.Cause(e.interrupted.ctx)
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// outcome is what the oracles say through the exit code.
func (r oracleReport) outcome() error {
	var all []error
	for _, o := range r.Oracles {
		switch {
		case o.Validity != record.Valid:
			all = append(all, &exitError{code: exitInvalid, err: fmt.Errorf("%s: INVALID, twice: %s; %s", o.Title, o.Why, o.Action)})
		case !o.holds():
			all = append(all, &exitError{code: exitFailed, err: fmt.Errorf("%s: what was measured is not what it has to be, %s", o.Title, o.advice())})
		}
	}
	return worst(all...)
}

func writeOraclesJSON(w io.Writer, r oracleReport) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// writeOracles writes a table for each oracle and what they mean together.
func writeOracles(w io.Writer, r oracleReport) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tQUANTILE\tTRUE\tMEASURED\tERROR\tBY CHANCE\tWITHIN\t")
	for _, o := range r.Oracles {
		name := o.Title
		for _, q := range o.Quantiles {
			fmt.Fprintf(table, "%s\tp%g\t%.2f\t%.2f\t%+.2f %%\t%.2f to %.2f\t%s\t\n", name, 100*q.Q,
				q.Expected, q.Measured, 100*q.Error, q.IntervalLow, q.IntervalHigh, q.Within)
			name = ""
		}
		fmt.Fprintf(table, "%s of %s answers, %d failed, attempt %d\t\t\t\t\t\t\t\n", o.Validity, format.Count(o.N), o.Failed, o.Attempts)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, `
Milliseconds of response time, of a server that takes its time by the book. TRUE
is the closed form; 1%% means that the figure is that close to it, interval that it
is where chance puts it in a run of this length (99.8 %%, by simulation). What was
INVALID or off was measured again with other seeds; the last attempt is shown.
%s
`, r.verdict())
	return err
}

// verdict is the outcome in a sentence.
func (r oracleReport) verdict() string {
	switch {
	case r.Pass:
		return "PASS: servebench measures what is true, in each of these"
	case slices.ContainsFunc(r.Oracles, func(o oracleResult) bool { return o.Validity != record.Valid }):
		return "INVALID: the load generator cannot be believed here, which says nothing of what it measures when it can"
	}
	return "FAIL: not all that was measured is what it has to be; run it again on an idle machine before you believe that"
}
