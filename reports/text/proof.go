package text

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"servebench/reports/analysis/ab/proof"
	"servebench/reports/format"
)

// WriteProof writes the table of the gate, that of the designs, the goals, and what
// they mean.
func WriteProof(w io.Writer, t proof.Table) error {
	fmt.Fprintf(w, `How often an A/B test says what: %s are simulated for each line.

`, format.Count(int64(t.Simulations)))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "NOISE\tCANDIDATE\tFAIL %\t[95% CI]\tPASS %\tINCONCLUSIVE %\tROUNDS\t")
	for _, c := range t.Gate.Cells {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%.1f\t\n", c.Noise, proof.Candidate(c.Change), c.Fail.Percent(), c.Fail.Bounds(),
			c.Pass.Percent(), c.Inconclusive.Percent(), c.MeanPairs())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, n := range proof.Noises() {
		fmt.Fprintf(w, "%s: %s.\n", n.Name, noiseText(n))
	}
	fmt.Fprint(w, `Of one metric. With more of them a FAIL by chance is no likelier, and it takes more
rounds to be sure. ROUNDS is a mean.

FAIL in % of other designs: a false alarm where the candidate is the same.

`)
	writeDesigns(w, t)
	return writeGoals(w, t)
}

// noiseText says what a machine does to a latency.
func noiseText(n proof.Noise) string {
	return fmt.Sprintf("drift %s (%g of it handed on to the next trial), bursts in %s of the trials,\n  a process %s, a trial %s, the later trial of a round +%s",
		format.Percent(n.Drift), n.Memory, format.Percent(n.Burst), format.Percent(n.Process), format.Percent(n.Trial), format.Percent(n.Second))
}

// writeDesigns writes how often each design fails the candidates.
func writeDesigns(w io.Writer, t proof.Table) {
	rows := append(slices.Clone(t.Others), t.Gate)
	width := len("DESIGN")
	for _, row := range rows {
		width = max(width, utf8.RuneCountInString(row.Design))
	}
	noises, candidates := fmt.Sprintf("%-*s", width, "DESIGN"), []string{""}
	for _, c := range t.Gate.Cells {
		if c.Change == 0 {
			noises += fmt.Sprintf("    %-28s", c.Noise)
		}
		candidates = append(candidates, proof.Candidate(c.Change))
	}
	fmt.Fprintln(w, strings.TrimRight(noises, " "))
	writeDesign(w, width, candidates)
	for _, row := range rows {
		line := []string{row.Design}
		for _, c := range row.Cells {
			line = append(line, c.Fail.Percent())
		}
		writeDesign(w, width, line)
	}
}

// writeDesign writes a line of their table: the first column to the left, the others
// to the right.
func writeDesign(w io.Writer, width int, line []string) {
	text := fmt.Sprintf("%-*s", width, line[0])
	for _, cell := range line[1:] {
		text += fmt.Sprintf(" %7s", cell)
	}
	fmt.Fprintln(w, text)
}

// writeGoals writes what the gate has to keep to, and whether it does.
func writeGoals(w io.Writer, t proof.Table) error {
	fmt.Fprintln(w)
	for _, g := range t.Goals {
		advice := ""
		if g.State == proof.Undecided {
			advice = ": more --simulations"
		}
		if _, err := fmt.Fprintf(w, "%-14s  %s: %s %s %%, want %s%s\n", g.State, goalText(g),
			format.Percent(g.Rate.Value()), g.Rate.Bounds(), goalBound(g), advice); err != nil {
			return err
		}
	}
	return nil
}

// goalText names what a goal is of: "FAIL of the same server on a shared machine".
func goalText(g proof.Goal) string {
	server := "the same server"
	if g.Change > 0 {
		server = "a server " + proof.Candidate(g.Change)
	}
	return fmt.Sprintf("%s of %s, %s machine", g.Verdict, server, g.Noise)
}

func goalBound(g proof.Goal) string {
	if g.Least == 0 {
		return "at most " + format.Percent(g.Most)
	}
	return "at least " + format.Percent(g.Least)
}

// MissedGoals says which goals of the gate are missed, and by how much.
func MissedGoals(t proof.Table) []error {
	var all []error
	for _, g := range t.Goals {
		if g.State == proof.Misses {
			all = append(all, fmt.Errorf("%s: %s of %s A/B tests, want %s", goalText(g),
				format.Percent(g.Rate.Value()), format.Count(int64(g.Rate.N)), goalBound(g)))
		}
	}
	return all
}
