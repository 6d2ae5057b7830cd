// Package markdown prints a document as Markdown: for a comment on a change, or as the
// summary of a step of GitHub Actions, the file ci/summary.md; and it annotates the step.
// It stands at the end of the flow, behind reports/document, and adds layout alone.
package markdown

import (
	"fmt"
	"io"
	"strings"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/document"
	"servebench/reports/document/element"
	"servebench/reports/format"
)

// File is where the summary lies in a run's folder.
const File = "ci/summary.md"

// Limit is how many bytes GitHub takes of all that one step appends to its summary:
// of more it takes nothing at all.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
const Limit = 1 << 20

// Format is the summary of a run.
func Format() reports.Format {
	return reports.Format{
		Name: "markdown",
		Doc:  "the verdict and what it rests on in markdown, for a step's summary (" + File + ")",
		CI:   true,

		Render: reports.Into(File, func(w io.Writer, a *analysis.Analysis) error { return Write(w, document.New(a), Limit) }),
	}
}

// Write writes a document without its appendix, in at most so many bytes: the verdict
// first. What does not fit is left out, which is said.
func Write(w io.Writer, d *document.Document, limit int) error {
	const left = "\nMore is in the run's report.\n"
	text, whole := "", true
	for _, part := range parts(d) {
		if len(text)+len(part)+len(left) > limit {
			whole = false
			continue
		}
		text += part
	}
	if !whole && len(text)+len(left) <= limit {
		text += left
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write markdown: %w", err)
	}
	return nil
}

// parts are the verdict and each section, with those that go on with it.
func parts(d *document.Document) []string {
	var all []string
	if v := d.Verdict; v.Word != "" {
		all = append(all, fmt.Sprintf("## %s: %s\n\n%s\n", v.Word, escaped(d.Title), escaped(v.Sentence()))+paragraph(d.Server)+lines(append(v.Reasons, v.Notices...)))
	}
	folded := false
	end := func() {
		if folded {
			all[len(all)-1] += "\n</details>\n"
		}
		folded = false
	}
	for _, s := range d.Sections {
		if s.Rank > element.Background {
			continue
		}
		text := body(s)
		switch title := escaped(s.Title); {
		case s.Title == "" && len(all) > 0:
			all[len(all)-1] += text
			continue
		case s.Rank == element.Main && s.Title != "":
			text = "\n### " + title + "\n" + text
			end()
		case s.Title != "":
			text = "\n<details><summary>" + title + "</summary>\n" + text
			end()
			folded = true
		}
		all = append(all, text)
	}
	end()
	return all
}

// paragraph is one of its own; "" of no text.
func paragraph(text string) string {
	if text == "" {
		return ""
	}
	return "\n" + escaped(text) + "\n"
}

func body(s element.Section) string {
	text := ""
	for _, note := range s.Notes {
		text += paragraph(note)
	}
	return text + table(s.Table) + lines(s.Lines)
}

// lines are a list; what is to be pasted stands below its line.
func lines(all []element.Line) string {
	var b strings.Builder
	for i, l := range all {
		if i == 0 {
			b.WriteString("\n")
		}
		var parts []string
		if l.Word != "" {
			parts = append(parts, "**"+escaped(l.Word)+"**")
		}
		if l.Where != "" {
			parts = append(parts, escaped(l.Where)+":")
		}
		for _, s := range []string{l.Text, l.Fix} {
			if s != "" {
				parts = append(parts, escaped(s))
			}
		}
		if l.Tone == element.Bad && l.Check != "" {
			parts = append(parts, "("+escaped(l.Check)+")")
		}
		if len(parts) > 0 {
			b.WriteString("- " + strings.Join(parts, " ") + "\n")
		}
		if l.Command != "" {
			fmt.Fprintf(&b, "\n      %s\n\n", format.Plain(l.Command))
		}
	}
	return b.String()
}

// mostRows is how many rows a table may have: who reads more reads the report.
const mostRows = 100

// table is a table; what belongs to a row is in its last column.
func table(t *element.Table) string {
	if t == nil {
		return ""
	}
	var head, rule []string
	for i, c := range t.Columns {
		head = append(head, escaped(t.Heading(i)))
		if c.Words {
			rule = append(rule, "---")
		} else {
			rule = append(rule, "--:")
		}
	}
	noted := false
	for _, r := range t.Rows {
		noted = noted || len(r.Notes) > 0
	}
	if noted {
		head, rule = append(head, "why"), append(rule, "---")
	}
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	b.WriteString("\n")
	line(head)
	line(rule)
	for _, r := range t.Rows[:min(len(t.Rows), mostRows)] {
		var cells []string
		for _, c := range r.Cells {
			cells = append(cells, escaped(c.String()))
		}
		if noted {
			cells = append(cells, escaped(strings.Join(r.Notes, " ")))
		}
		line(cells)
	}
	if more := len(t.Rows) - mostRows; more > 0 {
		fmt.Fprintf(&b, "\nand %d more, which are in the report.\n", more)
	}
	return b.String()
}
