package html

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"slices"
	"strings"

	"servebench/reports/document"
	"servebench/reports/document/element"
	"servebench/reports/figures"
	"servebench/reports/figures/chart"
)

// page is the document as the template lays it out.
type page struct {
	*document.Document
	Style  template.CSS
	Policy string
	Groups []group
}

// group is a section that has a title, with those that go on with it. The first one may
// have none.
type group struct {
	ID, Title string
	Folded    bool
	Parts     []part
}

type part struct {
	element.Section
	Table   *table
	Figures []figure
	Prose   bool // its lines are sentences alone
}

// table is a table as the page shows it.
type table struct {
	*element.Table
	Label string // for those who hear the page
	Words bool   // all cells hold words rather than numbers
	Tall  bool   // so many rows that it scrolls
}

// figure is a figure as the page shows it.
type figure struct {
	figures.Figure
	SVG  template.HTML
	Data *table
}

func newPage(d *document.Document, drawn []figures.Figure) (*page, error) {
	css := style()
	p := &page{Document: d, Style: template.CSS(css), Policy: policy(css)}
	for _, s := range d.Sections {
		if s.Title != "" || len(p.Groups) == 0 {
			p.Groups = append(p.Groups, group{ID: s.ID, Title: s.Title, Folded: s.Rank == element.Folded})
		}
		g := &p.Groups[len(p.Groups)-1]
		conditions := ""
		shown := part{Section: s, Prose: prose(s.Lines)}
		if s.Table != nil {
			shown.Table = newTable(s.Table, strings.Join(append([]string{g.Title}, s.Notes...), ". "))
		}
		for _, f := range drawn {
			if !slices.ContainsFunc(s.Figures, func(name string) bool { return f.Name == name || strings.HasPrefix(f.Name, name+"-") }) {
				continue
			}
			one, err := newFigure(f)
			if err != nil {
				return nil, err
			}
			if f.Conditions == conditions {
				one.Conditions = "" // as of the figure before
			}
			conditions = f.Conditions
			shown.Figures = append(shown.Figures, one)
		}
		g.Parts = append(g.Parts, shown)
	}
	return p, nil
}

// prose says that the lines are sentences without anything else.
func prose(lines []element.Line) bool {
	return !slices.ContainsFunc(lines, func(l element.Line) bool { return l != element.Line{Text: l.Text} })
}

func newTable(t *element.Table, label string) *table {
	const tall = 40
	words := !slices.ContainsFunc(t.Columns, func(c element.Column) bool { return !c.Words })
	return &table{Table: t, Label: label, Words: words, Tall: len(t.Rows) > tall}
}

// Left says that a column is set to the left.
func (t *table) Left(column int) bool { return t.Columns[column].Words }

// Width is the number of columns.
func (t *table) Width() int { return len(t.Columns) }

func newFigure(f figures.Figure) (figure, error) {
	shown := figure{Figure: f}
	if f.Missing != "" {
		return shown, nil
	}
	svg, err := f.SVG()
	if err != nil {
		return shown, err
	}
	// The figure package wrote and escaped it.
	shown.SVG, shown.Data = template.HTML(svg), newTable(f.Data, "Data of the figure “"+f.Title+"”")
	return shown, nil
}

//go:embed style.css
var sheet string

// style returns the style sheet with the figures' colours filled in.
func style() string {
	return strings.NewReplacer(
		"/*light figures*/", chart.Light().CSS(),
		"/*dark figures*/", chart.Dark().CSS(),
	).Replace(sheet)
}

// policy allows the page its own style sheet, by its hash, and images inside
// the page; no script, no connection, no frame, no form.
func policy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'none'"
}
