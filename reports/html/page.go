package html

import (
	"fmt"
	"html/template"
	"time"

	"servebench/reports/figures"
	"servebench/reports/record"
	"servebench/reports/stats"
)

// page is the model of the page, in the order in which it is read.
type page struct {
	Style  template.CSS
	Policy string

	Title, Description string
	About              []string // when, how long, by which version
	Verdict            verdict
	Shortfall          *stats.Shortfall
	Targets            []targetLine
	AB                 *abTest // nil: the run compares no two servers
	Diagnostics        []diagnostic
	Instrument         *table
	Ledger             *table
	Endings            []string // of loads that were ended before their schedules were
	Floor              string   // where it is known from
	Gates              *table
	Headline           *table
	Beside             *table
	FirstByte          *table
	Rounds             *table
	Classes            *table
	Steps              *table
	StepNotes          []string
	Saturation         *table
	SaturationNotes    []string
	NoLoad             bool // starts alone were measured
	ColdStarts         *table
	Overhead           *table
	OverheadNotes      []string
	Meters             *table
	Figures            []figure
	Errors             *table
	Failures           []failure
	Answers            *table
	ByStatus           bool // answers were judged by their status alone
	Host               *table
	Facts              *table
	Reproduce          reproduce
	Method             []string
}

// figure is a figure as the page shows it.
type figure struct {
	figures.Figure
	SVG  template.HTML
	Data *table
}

func newPage(a *stats.Analysis) (*page, error) {
	marks, err := figures.Markers(a.Run)
	if err != nil {
		return nil, err
	}
	b := builder{a: a, marks: marks, phases: phases(a)}
	css := style()
	p := &page{
		Style: template.CSS(css), Policy: policy(css),
		Title: a.Run.Scenario.Name, Description: a.Run.Scenario.Description, About: about(a.Run),
		Verdict: b.verdict(), Shortfall: a.Shortfall(),
		Targets: b.targets(), AB: b.abTest(), Diagnostics: b.diagnostics(),
		Instrument: b.instrument(), Ledger: b.ledger(), Endings: b.endings(), Gates: b.gates(),
		Headline: b.headline(), Beside: b.beside(), FirstByte: b.firstByte(), Rounds: b.rounds(), Floor: sentenceCase(stats.FloorLine(a.Run)),
		Classes: b.classes(), Steps: b.steps(), StepNotes: b.stepNotes(), Saturation: b.saturation(), SaturationNotes: b.saturationNotes(),
		NoLoad: a.OnlyStarts(), ColdStarts: b.coldStarts(), Overhead: b.overhead(), OverheadNotes: b.overheadNotes(), Meters: b.meters(),
		Errors: b.errors(), Failures: failures(a.Run), Answers: b.answers(), ByStatus: a.JudgedByStatus(),
		Host: b.host(), Facts: b.facts(), Reproduce: newReproduce(a.Run),
		Method: method(a),
	}
	for _, f := range figures.All(a) {
		shown := figure{Figure: f}
		if f.Missing == "" {
			svg, err := f.SVG()
			if err != nil {
				return nil, err
			}
			// The figure package wrote and escaped it.
			shown.SVG, shown.Data = template.HTML(svg), dataTable(f)
		}
		p.Figures = append(p.Figures, shown)
	}
	return p, nil
}

// builder holds what most parts of the page need.
type builder struct {
	a      *stats.Analysis
	marks  map[string][]byte
	phases int // measured phases that have rows
}

func phases(a *stats.Analysis) int {
	names := map[string]bool{}
	for _, r := range a.Rows {
		names[r.Phase] = true
	}
	return len(names)
}

// name is the first cell of a row about a target.
func (b builder) name(target, phase string) cell {
	c := cell{Text: b.a.Label(target), Mark: template.HTML(b.marks[target])}
	if b.phases > 1 && phase != "" {
		c.Notes = []string{phase}
	}
	return c
}

func about(run *record.Run) []string {
	lines := []string{"run " + run.ID}
	if !run.Created.IsZero() {
		lines = append(lines, run.Created.UTC().Format("2 January 2006, 15:04:05 MST"))
	}
	if d := run.Finished.Sub(run.Created); d > 0 {
		lines = append(lines, "took "+d.Round(time.Second).String())
	}
	if run.Version != "" {
		lines = append(lines, "servebench "+run.Version)
	}
	return append(lines, fmt.Sprintf("seed %d", run.Scenario.Seed))
}
