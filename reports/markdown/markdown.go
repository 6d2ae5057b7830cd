// Package markdown tells GitHub Actions what a run came to: the summary of a step in
// markdown, the file ci/summary.md, and annotations, which stand beside the job. It
// stands at the end of the flow: everything in it is in the stats.Analysis that it
// is given.
package markdown

import (
	"fmt"
	"io"

	"servebench/reports"
	"servebench/reports/stats"
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
		Render: func(a *stats.Analysis, write reports.Write) error {
			return write(File, func(w io.Writer) error { return Summary(w, a, Limit) })
		},
	}
}

// Summary writes the run as markdown of at most so many bytes: the verdict first. What
// does not fit is left out, which is said.
func Summary(w io.Writer, a *stats.Analysis, limit int) error {
	const left = "\nMore is in the run's report.\n"
	text, whole := "", true
	for _, section := range []func(*stats.Analysis) string{verdict, abTest, gates, headline, diagnostics, environment} {
		part := section(a)
		if part == "" {
			continue
		}
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
		return fmt.Errorf("write the summary: %w", err)
	}
	return nil
}
