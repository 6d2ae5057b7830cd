package jsonreport

import (
	"encoding/json"
	"fmt"
	"io"

	"servebench/reports/analysis"
	"servebench/reports/analysis/compare"
	"servebench/reports/document"
)

// CompareSchema is the version of the comparisons. Fields may be added to them; one
// that is there keeps its meaning.
const CompareSchema = "servebench.compare/v1"

// comparisons is what one base was held against.
type comparisons struct {
	Schema      string       `json:"schema"`
	Base        compared     `json:"base"`
	Comparisons []comparison `json:"comparisons"` // in the order of the runs given
	Method      string       `json:"method"`      // of the intervals
	Notes       []string     `json:"notes"`       // how far the figures can be believed
}

// compared is one run.
type compared struct {
	Run      string  `json:"run"` // its folder
	ID       string  `json:"id"`
	Scenario string  `json:"scenario"`
	Created  string  `json:"created"` // RFC 3339, UTC
	Rounds   int     `json:"rounds"`
	Validity string  `json:"validity"`
	Verdict  *string `json:"verdict"` // null: the scenario sets no limits
	Version  string  `json:"version"` // of the servebench that made it
}

type comparison struct {
	New        compared `json:"new"`
	Comparable bool     `json:"comparable"`
	// Why says why they are not comparable; null: they are.
	Why *string `json:"why"`
	// Blocking are the kinds of difference that --allow would have to name.
	Blocking    []string     `json:"blocking"`
	Differences []difference `json:"differences"`
	Missing     []missing    `json:"missing"` // what only one of the runs has
	Figures     []change     `json:"figures"` // none where they are not comparable
}

type difference struct {
	Kind    string  `json:"kind"`  // as --allow takes it; "remark": it forbids nothing
	Where   *string `json:"where"` // target or phase; null: the whole run
	What    string  `json:"what"`
	Base    *string `json:"base"` // null: the run does not tell
	New     *string `json:"new"`
	Fatal   bool    `json:"fatal"`
	Allowed bool    `json:"allowed"`
}

type missing struct {
	Target string  `json:"target"`
	Phase  *string `json:"phase"`       // null: all of them
	Starts bool    `json:"cold_starts"` // the cold starts alone
	InBase bool    `json:"in_base"`     // false: in the new run
	Why    *string `json:"why"`
}

// change is one metric in both runs.
type change struct {
	Target     string   `json:"target"`
	Phase      *string  `json:"phase"` // null: of a cold start
	Metric     string   `json:"metric"`
	Unit       string   `json:"unit"` // "s", "1/s", "1"
	Base       *float64 `json:"base"` // null: not known
	New        *float64 `json:"new"`
	BaseN      int      `json:"base_n"` // rounds, or starts
	NewN       int      `json:"new_n"`
	Pooled     bool     `json:"pooled"`     // of all rounds together
	Ratio      *float64 `json:"ratio"`      // new ÷ base; null: of an error rate
	Difference *float64 `json:"difference"` // new − base; null: of all others
	CI         *pair    `json:"ci"`         // of the ratio, or the difference
}

// WriteComparisons writes runs held against one base as indented JSON with a line
// break at its end.
func WriteComparisons(w io.Writer, all []*compare.Comparison) error {
	d := comparisons{Schema: CompareSchema, Method: document.ComparisonMethod, Comparisons: []comparison{}, Notes: []string{}}
	if warning := document.ComparisonWarning(all); warning != "" {
		d.Notes = append(d.Notes, warning)
	}
	d.Notes = append(d.Notes, document.ComparisonNotes(all)...)
	for _, c := range all {
		d.Base = newCompared(c.Base)
		d.Comparisons = append(d.Comparisons, newComparison(c))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return fmt.Errorf("write comparisons: %w", err)
	}
	return nil
}

func newCompared(a *analysis.Analysis) compared {
	return compared{
		Run: a.Run.Dir, ID: a.Run.ID, Scenario: a.Run.Scenario.Name, Created: a.Run.Created.UTC().Format("2006-01-02T15:04:05Z"),
		Rounds: a.Run.Scenario.Rounds, Validity: validity(a), Verdict: text(string(a.Verdict)), Version: a.Run.Version,
	}
}

func newComparison(c *compare.Comparison) comparison {
	d := comparison{
		New: newCompared(c.New), Comparable: c.Comparable(), Blocking: append([]string{}, c.Blocking()...),
		Differences: []difference{}, Missing: []missing{}, Figures: []change{},
	}
	if !d.Comparable {
		d.Why = text(document.ComparisonLine(c))
	}
	for _, x := range c.Differences {
		d.Differences = append(d.Differences, difference{x.Kind, text(x.Where), x.What, text(x.Base), text(x.New), x.Fatal, x.Allowed})
	}
	for _, m := range c.Missing {
		d.Missing = append(d.Missing, missing{m.Target, text(m.Phase), m.Starts, m.InBase, text(m.Why)})
	}
	for _, f := range c.Figures {
		d.Figures = append(d.Figures, newChange(f))
	}
	return d
}

func newChange(f compare.Figure) change {
	share := f.Unit == compare.Share
	return change{
		Target: f.Target, Phase: text(f.Phase), Metric: f.Metric, Unit: f.Unit,
		Base: number(significant(f.Base.Value), f.Base.Known), New: number(significant(f.New.Value), f.New.Known),
		BaseN: f.Base.N, NewN: f.New.N, Pooled: f.Base.Pooled,
		Ratio: number(significant(f.Change), f.Known && !share), Difference: number(significant(f.Change), f.Known && share),
		CI: number(pair{significant(f.Low), significant(f.High)}, f.HasInterval),
	}
}
