package text

import (
	"fmt"
	"io"
	"strings"

	"servebench/reports/record"
	"servebench/reports/stats"
)

// WriteHeadline writes what a run is and what came of it in a few lines: its folder,
// when and with what it was made, what was compared, the verdict and the figures of
// each target.
func WriteHeadline(w io.Writer, a *stats.Analysis, style Style) error {
	p := &page{analysis: a, style: style}
	p.line("%s", p.paint(bold, clean(a.Run.Dir)))
	p.origin(a.Run)
	p.wrapped("    ", "  "+p.verdict(a.Sentence())+p.absent())
	if short := a.Shortfall(); short != nil {
		p.wrapped("    ", "  "+short.Word+" "+clean(short.Text))
	}
	for _, row := range a.Rows {
		p.wrapped("    ", "  "+p.name(row.Target)+p.inPhase(row.Phase)+": "+figuresLine(row))
	}
	_, err := p.text.WriteTo(w)
	return err
}

// origin says how a run came about.
func (p *page) origin(run *record.Run) {
	p.wrapped("    ", fmt.Sprintf("  run %s of %s, by servebench %s", clean(run.ID), run.Created.UTC().Format("2006-01-02 15:04:05 UTC"), clean(run.Version)))
	p.wrapped("    ", "  made by: "+clean(stats.FormatCommand(run.Command...)))
	var machine []string
	for _, f := range run.Environment {
		if f.Name == "CPU" || f.Name == "CPUs" || f.Name == "kernel" {
			machine = append(machine, f.Name+" "+clean(f.Value))
		}
	}
	p.wrapped("    ", "  on: "+strings.Join(machine, " · "))
	if run.AB == nil {
		return
	}
	for _, variant := range []record.Variant{run.AB.Baseline, run.AB.Candidate} {
		line := "  " + clean(variant.Target) + ": " + clean(variant.Source)
		for _, f := range variant.Facts {
			line += " · " + clean(f.Name) + " " + clean(f.Value)
		}
		p.wrapped("    ", line)
	}
}

// figuresLine are the figures that a row is remembered by.
func figuresLine(r stats.Row) string {
	parts := []string{}
	for _, i := range []int{0, 2} {
		if q := r.Response.Quantiles[i]; q.Known {
			parts = append(parts, stats.QuantileName(q.Q)+" "+stats.FormatDuration(q.Value))
		}
	}
	parts = append(parts, stats.FormatRate(r.OKRate)+" OK", "errors "+stats.FormatPercent(r.ErrorRate().Value))
	rounds := fmt.Sprintf("%d rounds", r.Rounds)
	if r.Rounds == 1 {
		rounds = "1 round"
	}
	return strings.Join(append(parts, rounds), " · ")
}
