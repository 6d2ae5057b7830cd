package selftest

import (
	"context"
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
)

// OracleSchema is the version of an OracleReport.
const OracleSchema = "servebench.oracle/v1"

// OracleReport is what oracles found.
type OracleReport struct {
	Schema  string         `json:"schema"`
	Oracles []OracleResult `json:"oracles"`
	Pass    bool           `json:"pass"` // all is VALID and right
}

// NewOracleReport makes a report of results.
func NewOracleReport(results []OracleResult) OracleReport {
	r := OracleReport{Schema: OracleSchema, Oracles: results}
	r.Pass = len(r.Invalid())+len(r.Wrong()) == 0
	return r
}

// OracleResult is what one oracle found.
type OracleResult struct {
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	Utilisation float64          `json:"utilisation,omitempty"`
	Rate        float64          `json:"rate"` // per second
	N           int64            `json:"n"`    // answers judged
	Quantiles   []OracleQuantile `json:"quantiles"`
	Failed      int64            `json:"failed"` // requests without a right answer
	Validity    record.Validity  `json:"validity"`
	Why         string           `json:"why,omitempty"`    // when not VALID
	Action      string           `json:"action,omitempty"` // what to do about that
	Attempts    int              `json:"attempts"`         // loads, of which this was the last
	Machine     record.Machine   `json:"machine"`          // meanwhile
}

// OracleQuantile is a quantile beside what it has to be.
type OracleQuantile struct {
	Q            float64       `json:"q"`
	Expected     float64       `json:"expected_ms"`
	Measured     float64       `json:"measured_ms"`
	Error        float64       `json:"error"` // relative
	IntervalLow  float64       `json:"interval_low_ms"`
	IntervalHigh float64       `json:"interval_high_ms"`
	Within       oracle.Within `json:"within"`
}

// holds reports whether all that was measured is as it has to be.
func (r OracleResult) holds() bool {
	return r.Failed == 0 && !slices.ContainsFunc(r.Quantiles, func(q OracleQuantile) bool { return q.Within == oracle.WithinNeither })
}

// right reports whether the generator can be believed, and all that was measured is
// as it has to be.
func (r OracleResult) right() bool { return r.Validity == record.Valid && r.holds() }

// advice says what may be done about an oracle that is off.
func (r OracleResult) advice() string {
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

// Invalid says which oracles were not VALID.
func (r OracleReport) Invalid() []error {
	var all []error
	for _, o := range r.Oracles {
		if o.Validity != record.Valid {
			all = append(all, fmt.Errorf("%s: INVALID, twice: %s; %s", o.Title, o.Why, o.Action))
		}
	}
	return all
}

// Wrong says of which VALID oracles something else was measured than what is true.
func (r OracleReport) Wrong() []error {
	var all []error
	for _, o := range r.Oracles {
		if o.Validity == record.Valid && !o.holds() {
			all = append(all, fmt.Errorf("%s: what was measured is not what it has to be, %s", o.Title, o.advice()))
		}
	}
	return all
}

// ChooseOracles returns the oracles of those names, all without any.
func ChooseOracles(names []string, quick bool) ([]oracle.Oracle, error) {
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

// Consult plays oracles and says what came out.
func (p *Player) Consult(ctx context.Context, oracles []oracle.Oracle) (OracleReport, error) {
	var results []OracleResult
	for i, o := range oracles {
		p.say("%d/%d  %s, %v", i+1, len(oracles), o.Title, o.Settle+o.Span)
		consult := func(o oracle.Oracle) (OracleResult, error) { return p.consult(ctx, o) }
		result, err := consultUntilRight(o, consult, func(why string) {
			p.say("%d/%d  %s again: %s", i+1, len(oracles), o.Title, why)
		})
		if err != nil {
			return OracleReport{}, fmt.Errorf("oracle %s: %w", o.Name, err)
		}
		results = append(results, result)
	}
	return NewOracleReport(results), nil
}

// consultUntilRight consults an oracle until what was measured is right, but gives up when it
// was INVALID twice, or twice not what it has to be, each time with another seed. It
// tells again why before it goes on.
func consultUntilRight(o oracle.Oracle, consult func(oracle.Oracle) (OracleResult, error), again func(why string)) (OracleResult, error) {
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
func (p *Player) consult(ctx context.Context, o oracle.Oracle) (OracleResult, error) {
	result := OracleResult{Name: o.Name, Title: o.Title, Utilisation: o.Utilisation, Rate: o.Rate}
	measured := record.NewHistogram()
	err := p.play(ctx, o.Scenario(), func(run *record.Run, a *analysis.Analysis) error {
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
		result.Quantiles = append(result.Quantiles, OracleQuantile{
			j.Q, millis(j.Expected), millis(j.Measured), j.Error, millis(j.Chance.Low), millis(j.Chance.High), j.Within,
		})
	}
	return result, context.Cause(ctx)
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// WriteText writes a table for each oracle and what they mean together.
func (r OracleReport) WriteText(w io.Writer) error {
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
func (r OracleReport) verdict() string {
	switch {
	case r.Pass:
		return "PASS: servebench measures what is true, in each of these"
	case slices.ContainsFunc(r.Oracles, func(o OracleResult) bool { return o.Validity != record.Valid }):
		return "INVALID: the load generator is not reliable on this machine now; this says nothing about its accuracy when it is"
	}
	return "FAIL: not all that was measured is what it has to be; run it again on an idle machine before you believe that"
}
