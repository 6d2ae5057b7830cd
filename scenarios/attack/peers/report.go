package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// textReport is the comparison for a terminal, markdownReport for a page.
func textReport(c *comparison) string     { return c.report((*table).text) }
func markdownReport(c *comparison) string { return c.report((*table).markdown) }

func (c *comparison) report(layOut func(*table) string) string {
	parts := []string{c.heading()}
	for _, t := range []*table{c.costTable(), c.lagTable(), c.stallTable(), c.goalTable()} {
		if len(t.rows) > 0 {
			parts = append(parts, layOut(t))
		}
	}
	return strings.Join(parts, "\n")
}

// heading says when and where this was measured.
func (c *comparison) heading() string {
	rounds := "1 round"
	if c.Rounds > 1 {
		rounds = fmt.Sprintf("medians of %d rounds [least, most]", c.Rounds)
	}
	text := fmt.Sprintf("%s on %s; server on one CPU, generator on another; %s, each load %s.\n",
		c.Created.Format(time.DateOnly), c.machine(), rounds, span(c.Span))
	var stolen []float64
	for _, t := range c.Trials {
		stolen = append(stolen, t.Stolen)
	}
	if s := spreadOf(stolen); s.high > 0 {
		text += fmt.Sprintf("The hypervisor took %.1f %% of the CPUs' time, up to %.1f %% under a load: it may have caused lags of milliseconds.\n",
			100*s.median, 100*s.high)
	}
	if c.Interrupted {
		text += "INTERRUPTED: the rounds are not complete.\n"
	}
	return text
}

// machine names the processor and the kernel.
func (c *comparison) machine() string {
	var parts []string
	for _, name := range []string{"CPU", "machine", "kernel"} {
		i := slices.IndexFunc(c.Machine, func(f fact) bool { return f.Name == name })
		if i >= 0 {
			parts = append(parts, c.Machine[i].Value)
		}
	}
	return strings.Join(parts, ", ")
}

// costTable is the table of the closed loops.
func (c *comparison) costTable() *table {
	t := &table{
		title: fmt.Sprintf("Closed loop, %d connections: what a request costs the generator, µs of CPU (user + system of the whole process).", closedConnections),
		head:  []string{"TOOL", "VERSION", "GET µs", "GET/s", "POST µs", "POST/s"},
	}
	for _, f := range c.playing(closed) {
		row := []string{f.Name, cmp.Or(f.Version, absent)}
		for _, l := range loads(closed, c.Span) {
			rate := spreadOf(c.figures(l.name, f.Name, trial.rate))
			row = append(row, c.microseconds(l.name, f.Name, trial.cost).format(), rate.middle())
		}
		t.add(row...)
	}
	t.notes = append([]string{"servebench checks every answer and records three histograms; its CPU includes reading the scenario and writing the summary."},
		c.warnings(closed)...)
	return t
}

// lagTable is the table of the open loops.
func (c *comparison) lagTable() *table {
	t := &table{
		title: "Open loop, constant gaps: how late requests reach the server, p50 / p99 in µs behind the tool's own most punctual one; and the rate held, where that is below 99.9 %.",
		head:  []string{"TOOL"},
	}
	for _, rate := range openRates() {
		t.head = append(t.head, thousands(int64(rate))+"/s")
	}
	for _, f := range c.playing(open) {
		row := []string{f.Name}
		for _, rate := range openRates() {
			cell := c.lagCell(rateName(rate), f.Name, arrivedP50, arrivedP99)
			held := spreadOf(c.figures(rateName(rate), f.Name, func(t trial) float64 { return t.Arrived.Held }))
			if held.n > 0 && held.median < minHeld {
				cell += fmt.Sprintf(" (%.1f %%)", 100*held.median)
			}
			row = append(row, cell)
		}
		t.add(row...)
		if f.Name == own && f.Missing == "" {
			row := []string{own + ", Poisson (own account)"}
			for _, rate := range openRates() {
				row = append(row, c.lagCell(poissonName(rate), own, ownLagP50, ownLagP99))
			}
			t.add(row...)
		}
	}
	t.notes = append([]string{"wrk has no open loop, and hey's rate is a bound for each of its workers."}, c.warnings(open)...)
	return t
}

// lagCell is a median beside a 99th percentile.
func (c *comparison) lagCell(load, tool string, p50, p99 func(trial) time.Duration) string {
	middle := c.microseconds(load, tool, p50)
	if middle.n == 0 {
		return absent
	}
	return middle.middle() + " / " + c.microseconds(load, tool, p99).format()
}

func arrivedP50(t trial) time.Duration { return t.Arrived.P50 }
func arrivedP99(t trial) time.Duration { return t.Arrived.P99 }
func ownLagP50(t trial) time.Duration  { return t.Reading.Lag.P50 }
func ownLagP99(t trial) time.Duration  { return t.Reading.Lag.P99 }

// stallTable is the table of the stall oracle.
func (c *comparison) stallTable() *table {
	s := standardStall()
	truth := s.truth(0.99)
	t := &table{
		title: fmt.Sprintf("Stall: a server that takes %s a request and, once in %s, finishes none for %s; the p99 that each tool reports of %s/s.",
			span(s.service), span(s.duration), span(s.length), thousands(int64(s.rate))),
		head: []string{"TOOL", "P99 ms", "TRUTH ms", "REPORTED ÷ TRUTH"},
	}
	for _, f := range c.playing(stalled) {
		p99 := spreadOf(c.figures(stalled, f.Name, func(t trial) float64 { return microseconds(t.Reading.P99) / 1000 }))
		ratio := absent
		if p99.n > 0 {
			ratio = digits(p99.median * 1000 / microseconds(truth))
		}
		t.add(f.Name, p99.format(), milli(truth), ratio)
	}
	t.notes = append([]string{
		"Truth is that of the design. The server takes some milliseconds to write the thousand answers held back, which a tool that measures from due times sees.",
		"wrk and hey come as near to it as they can, in a closed loop.",
	}, c.warnings(stalled)...)
	return t
}

// goalTable is the table of what servebench holds itself to.
func (c *comparison) goalTable() *table {
	t := &table{title: "Goals of servebench, in the medians.", head: []string{"GOAL", "FOUND", "VERDICT"}}
	for _, v := range c.verdicts() {
		t.add(v.goal, v.figure, v.holds)
	}
	return t
}

// playing are the tools of a kind of load that was played.
func (c *comparison) playing(kind string) []found {
	if !c.played(kind) {
		return nil
	}
	var all []found
	for _, f := range c.Tools {
		i := slices.IndexFunc(tools(), func(t tool) bool { return t.name == f.Name })
		stallOnly := i >= 0 && !tools()[i].can(loads(closed, c.Span)[0])
		if kind == stalled || !stallOnly {
			all = append(all, f)
		}
	}
	return all
}

// played reports whether there are trials of a kind of load.
func (c *comparison) played(kind string) bool {
	return slices.ContainsFunc(c.Trials, func(t trial) bool { return t.Kind == kind })
}

// warnings are the reasons for figures that are missing or not to be trusted, each once.
func (c *comparison) warnings(kind string) []string {
	var notes []string
	add := func(note string) {
		if !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	for _, f := range c.playing(kind) {
		if f.Missing != "" {
			add("! " + f.Name + " took no part: " + f.Missing)
		}
	}
	for _, t := range c.Trials {
		switch {
		case t.Kind != kind:
		case t.Failed != "":
			add(fmt.Sprintf("! %s, %s, round %d: %s", t.Tool, t.Load, t.Round, t.Failed))
		case t.Reading.Remark != "":
			add(fmt.Sprintf("! %s, %s, round %d: it says %s", t.Tool, t.Load, t.Round, t.Reading.Remark))
		}
	}
	return notes
}

// trial finds a trial that has figures.
func (c *comparison) trial(round int, load, tool string) (trial, bool) {
	for _, t := range c.Trials {
		if t.Round == round && t.Load == load && t.Tool == tool && t.Failed == "" {
			return t, true
		}
	}
	return trial{}, false
}

// figures returns a figure of every round that has it.
func (c *comparison) figures(load, tool string, of func(trial) float64) []float64 {
	var all []float64
	for round := 1; round <= c.Rounds; round++ {
		if t, ok := c.trial(round, load, tool); ok {
			all = append(all, of(t))
		}
	}
	return all
}

// microseconds is the spread of a time.
func (c *comparison) microseconds(load, tool string, of func(trial) time.Duration) spread {
	return spreadOf(c.figures(load, tool, func(t trial) float64 { return microseconds(of(t)) }))
}
