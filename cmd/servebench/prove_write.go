package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"servebench/reports/analysis/ab/proof"
	"servebench/reports/format"
)

const proveSchema = "servebench.prove/v1"

// proofDocument is what prove prints as JSON. Rates and changes are fractions.
type proofDocument struct {
	Schema      string      `json:"schema"`
	Simulations int         `json:"simulations"` // of each cell
	Cells       []proofCell `json:"cells"`       // of the gate
	// Others are the designs that it is compared with.
	Others []proofDesign `json:"others"`
	Goals  []proofGoal   `json:"goals"` // what the gate has to keep to
	Pass   bool          `json:"pass"`  // no goal is missed: the exit code is 0
}

// proofGoal is what a rate has to keep to; 0 and 1 are no bounds. The state is "holds",
// "not told apart" or "misses", by the interval.
type proofGoal struct {
	Noise   string  `json:"noise"`
	Change  float64 `json:"change"`
	Verdict string  `json:"verdict"` // whose rate
	Least   float64 `json:"least"`
	Most    float64 `json:"most"`
	Rate    float64 `json:"rate"`
	Low     float64 `json:"low"` // 95 %, Clopper–Pearson
	High    float64 `json:"high"`
	State   string  `json:"state"`
}

type proofDesign struct {
	Design string      `json:"design"`
	Cells  []proofCell `json:"cells"`
}

type proofCell struct {
	Noise            string  `json:"noise"`
	Change           float64 `json:"change"`
	Fail             float64 `json:"fail"`
	FailLow          float64 `json:"fail_low"` // 95 %, Clopper–Pearson; the next as well
	FailHigh         float64 `json:"fail_high"`
	Pass             float64 `json:"pass"`
	PassLow          float64 `json:"pass_low"`
	PassHigh         float64 `json:"pass_high"`
	Inconclusive     float64 `json:"inconclusive"`
	InconclusiveLow  float64 `json:"inconclusive_low"`
	InconclusiveHigh float64 `json:"inconclusive_high"`
	MeanPairs        float64 `json:"mean_pairs"`
}

func newProofDocument(t proof.Table) proofDocument {
	d := proofDocument{Schema: proveSchema, Simulations: t.Simulations, Cells: proofCells(t.Gate), Pass: proofOutcome(t) == nil}
	for _, row := range t.Others {
		d.Others = append(d.Others, proofDesign{row.Design, proofCells(row)})
	}
	for _, g := range proof.Goals() {
		d.Goals = append(d.Goals, newProofGoal(g, t))
	}
	return d
}

func newProofGoal(g proof.Goal, t proof.Table) proofGoal {
	rate, _ := g.Rate(t)
	goal := proofGoal{
		Noise: g.Noise, Change: g.Change, Verdict: g.Verdict.String(), Least: g.Least, Most: g.Most,
		Rate: rate.Value(), State: g.State(t).String(),
	}
	if g.Most == 0 {
		goal.Most = 1
	}
	goal.Low, goal.High = rate.Interval()
	return goal
}

func proofCells(row proof.Row) []proofCell {
	var all []proofCell
	for _, c := range row.Cells {
		cell := proofCell{
			Noise: c.Noise, Change: c.Change, Fail: c.Fail.Value(), Pass: c.Pass.Value(),
			Inconclusive: c.Inconclusive.Value(), MeanPairs: c.MeanPairs(),
		}
		cell.FailLow, cell.FailHigh = c.Fail.Interval()
		cell.PassLow, cell.PassHigh = c.Pass.Interval()
		cell.InconclusiveLow, cell.InconclusiveHigh = c.Inconclusive.Interval()
		all = append(all, cell)
	}
	return all
}

func writeProofJSON(w io.Writer, t proof.Table) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(newProofDocument(t))
}

// writeProof writes the table of the gate, that of the designs, the goals, and what
// they mean.
func writeProof(w io.Writer, t proof.Table) error {
	fmt.Fprintf(w, `How often an A/B test says what: %s are simulated for each line.

`, format.Count(int64(t.Simulations)))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "NOISE\tCANDIDATE\tFAIL %\t[95% CI]\tPASS %\tINCONCLUSIVE %\tROUNDS\t")
	for _, c := range t.Gate.Cells {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%.1f\t\n", c.Noise, candidateText(c.Change), rateText(c.Fail), rateInterval(c.Fail),
			rateText(c.Pass), rateText(c.Inconclusive), c.MeanPairs())
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
	noises, candidates := fmt.Sprintf("%-38s", "DESIGN"), []string{""}
	for _, c := range t.Gate.Cells {
		if c.Change == 0 {
			noises += fmt.Sprintf("    %-28s", c.Noise)
		}
		candidates = append(candidates, candidateText(c.Change))
	}
	fmt.Fprintln(w, strings.TrimRight(noises, " "))
	writeDesign(w, candidates)
	for _, row := range append(t.Others, t.Gate) {
		line := []string{row.Design}
		for _, c := range row.Cells {
			line = append(line, rateText(c.Fail))
		}
		writeDesign(w, line)
	}
}

// writeDesign writes a line of their table: the first column to the left, the others
// to the right.
func writeDesign(w io.Writer, line []string) {
	text := fmt.Sprintf("%-38s", line[0])
	for _, cell := range line[1:] {
		text += fmt.Sprintf(" %7s", cell)
	}
	fmt.Fprintln(w, text)
}

// writeGoals writes what the gate has to keep to, and whether it does.
func writeGoals(w io.Writer, t proof.Table) error {
	fmt.Fprintln(w)
	for _, g := range proof.Goals() {
		rate, _ := g.Rate(t)
		state, advice := g.State(t), ""
		if state == proof.Untold {
			advice = ": more --simulations"
		}
		if _, err := fmt.Fprintf(w, "%-14s  %s: %s %s %%, want %s%s\n", state, goalText(g),
			format.Percent(rate.Value()), rateInterval(rate), goalBound(g), advice); err != nil {
			return err
		}
	}
	return nil
}

// candidateText says by how much a candidate is slower.
func candidateText(change float64) string {
	if change == 0 {
		return "same"
	}
	return fmt.Sprintf("+%g %%", 100*change)
}

func rateText(r proof.Rate) string { return fmt.Sprintf("%.2f", 100*r.Value()) }

func rateInterval(r proof.Rate) string {
	low, high := r.Interval()
	return fmt.Sprintf("[%.2f, %.2f]", 100*low, 100*high)
}

// goalText names what a goal is of: "FAIL of the same server on a shared machine".
func goalText(g proof.Goal) string {
	server := "the same server"
	if g.Change > 0 {
		server = "a server " + candidateText(g.Change)
	}
	return fmt.Sprintf("%s of %s, %s machine", g.Verdict, server, g.Noise)
}

func goalBound(g proof.Goal) string {
	if g.Most > 0 {
		return "at most " + format.Percent(g.Most)
	}
	return "at least " + format.Percent(g.Least)
}
