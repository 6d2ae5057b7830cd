package jsonreport

import (
	"fmt"
	"io"
	"time"

	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/traffic"
	"servebench/reports/document/pricing"
	"servebench/reports/document/sentence"
	"servebench/reports/record"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// CostSchema is the version of what WriteCosts writes.
const CostSchema = "servebench.cost/v1"

// costs are what it costs to serve some traffic.
type costs struct {
	Schema    string          `json:"schema"`
	Created   string          `json:"created"` // RFC 3339, UTC: by which prices are old
	Traffic   course          `json:"traffic"`
	Options   cost.Options    `json:"options"`
	Measured  []cost.Measured `json:"measured"`
	Estimates []estimate      `json:"estimates"` // those that can serve first, by ascending cost
	Method    string          `json:"method"`
}

// course is the traffic over its cycle.
type course struct {
	Name     string       `json:"name"`
	Recorded bool         `json:"recorded"`
	Cycle    float64      `json:"cycle_hours"`
	Mean     float64      `json:"mean_rps"`
	Peak     float64      `json:"peak_rps"`
	Requests float64      `json:"requests_month"`
	Hours    []courseHour `json:"hours"`
}

type courseHour struct {
	Length float64 `json:"hours"`
	Mean   float64 `json:"mean_rps"`
	Peak   float64 `json:"peak_rps"` // looks ahead by the scale lag
}

// estimate is one target at one place. Without a cost there are no figures of it.
type estimate struct {
	Run    string `json:"run"`
	Target string `json:"target"`
	cost.Estimate
	// ColdShare is that of the Estimate, which is no figure where it cannot serve.
	ColdShare *float64     `json:"cold_share,omitzero"`
	Remarks   []costRemark `json:"remarks"`
	Unfit     *costRemark  `json:"unfit"` // why it cannot serve; null: it can
	Formula   string       `json:"formula,omitzero"`
	// Doubts are what speaks against believing the cost, the warnings of the search first.
	Doubts []string `json:"doubts"`
}

// costRemark is a remark with the sentence that the reports have.
type costRemark struct {
	cost.Remark
	Sentence string `json:"sentence"`
}

// WriteCosts writes costs as JSON, with all digits, so that whoever computes them again finds
// the same.
func WriteCosts(w io.Writer, c *cost.Costs) error {
	return writeTimed(w, newCosts(c), "costs")
}

func newCosts(c *cost.Costs) costs {
	d := costs{
		Schema: CostSchema, Created: c.Now.UTC().Format(time.RFC3339), Traffic: newCourse(c.Traffic, c.Options.ScaleLag),
		Options: c.Options, Measured: c.Measured, Method: pricing.CostMethod,
	}
	for _, e := range c.Estimates {
		one := estimate{Run: e.Measured.Run, Target: e.Measured.Target, Estimate: e, Doubts: sentence.CostDoubts(e)}
		for _, r := range e.Remarks {
			one.Remarks = append(one.Remarks, costRemark{r, pricing.CostRemark(r)})
		}
		if e.Unfit != nil {
			one.Unfit = &costRemark{*e.Unfit, pricing.Unfit(*e.Unfit)}
		} else {
			one.ColdShare = &e.ColdShare
			one.Formula = pricing.CostFormula(e, c.Traffic, c.Options)
		}
		d.Estimates = append(d.Estimates, one)
	}
	return d
}

// writeTimed writes a document whose durations are milliseconds.
func writeTimed(w io.Writer, document any, what string) error {
	durations := json.MarshalToFunc(func(e *jsontext.Encoder, d time.Duration) error {
		return e.WriteToken(jsontext.Float(float64(d) / float64(time.Millisecond)))
	})
	type interval struct {
		Value float64  `json:"value"`
		Low   *float64 `json:"low"` // null: not measured
		High  *float64 `json:"high"`
	}
	intervals := json.MarshalToFunc(func(e *jsontext.Encoder, i cost.Interval) error {
		to := interval{Value: i.Value}
		if !i.NoLow {
			to.Low = &i.Low
		}
		if !i.NoHigh {
			to.High = &i.High
		}
		return json.MarshalEncode(e, to)
	})
	if err := json.MarshalWrite(w, document, json.WithMarshalers(json.JoinMarshalers(durations, intervals, as(func(s record.Severity) string { return s.String() }))), jsontext.WithIndent("  "), json.Deterministic(true)); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func newCourse(c traffic.Curve, lag time.Duration) course {
	to := course{Name: c.Name, Recorded: c.Recorded, Cycle: c.Cycle().Hours(), Mean: c.Mean(), Peak: c.Peak(), Requests: c.Mean() * 3600 * cost.Hours}
	for _, h := range c.Hours(lag) {
		to.Hours = append(to.Hours, courseHour{h.Length.Hours(), h.Mean, h.Peak})
	}
	return to
}
