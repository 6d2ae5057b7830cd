package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// textReport is the comparison for a terminal, markdownReport for a page.
func textReport(c *comparison) string     { return c.heading() + "\n" + c.join((*table).text) }
func markdownReport(c *comparison) string { return c.heading() + "\n" + c.join((*table).markdown) }

func (c *comparison) join(lay func(*table) string) string {
	var parts []string
	for _, t := range []*table{c.costs(), c.punctualities(), c.stalls(), c.goals()} {
		if len(t.rows) > 0 {
			parts = append(parts, lay(t))
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
	if stolen := spreadOf(c.stolen()); stolen.high > 0 {
		text += fmt.Sprintf("The hypervisor took %.1f %% of the CPUs' time, up to %.1f %% under a load: lags of milliseconds may be its doing.\n",
			100*stolen.median, 100*stolen.high)
	}
	if c.Interrupted {
		text += "INTERRUPTED: the rounds are not complete.\n"
	}
	return text
}

// stolen are the shares of CPU time that a hypervisor took, of each trial.
func (c *comparison) stolen() []float64 {
	var all []float64
	for _, t := range c.Trials {
		all = append(all, t.Stolen)
	}
	return all
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

// costs is the table of the closed loops.
func (c *comparison) costs() *table {
	t := &table{
		title: fmt.Sprintf("Closed loop, %d connections: what a request costs the generator, µs of CPU (user + system of the whole process).", closedConnections),
		head:  []string{"TOOL", "VERSION", "GET µs", "GET/s", "POST µs", "POST/s"},
	}
	for _, f := range c.playing(closed) {
		row := []string{f.Name, cmp.Or(f.Version, absent)}
		for _, l := range loads(closed, c.Span) {
			cost := spreadOf(c.figures(l.name, f.Name, func(t trial) float64 { return microseconds(t.cost()) }))
			rate := spreadOf(c.figures(l.name, f.Name, trial.rate))
			row = append(row, cost.format(digits), spread{median: rate.median, n: min(rate.n, 1)}.format(digits))
		}
		t.add(row...)
	}
	t.notes = append([]string{"servebench checks every answer and records three histograms; its CPU includes reading the scenario and writing the summary."},
		c.remarks(closed)...)
	return t
}

// punctualities is the table of the open loops.
func (c *comparison) punctualities() *table {
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
			row = append(row, c.punctuality(f.Name, rateName(rate)))
		}
		t.add(row...)
		if f.Name == own && f.Missing == "" {
			t.add(c.poissonRow()...)
		}
	}
	t.notes = append([]string{"wrk has no open loop, and hey's rate is a bound for each of its workers."}, c.remarks(open)...)
	return t
}

// punctuality is a cell of the table of the open loops.
func (c *comparison) punctuality(tool, load string) string {
	of := func(figure func(punctuality) float64) spread {
		return spreadOf(c.figures(load, tool, func(t trial) float64 { return figure(*t.Arrived) }))
	}
	p50 := of(func(p punctuality) float64 { return microseconds(p.P50) })
	p99 := of(func(p punctuality) float64 { return microseconds(p.P99) })
	held := of(func(p punctuality) float64 { return p.Held })
	if p50.n == 0 {
		return absent
	}
	text := digits(p50.median) + " / " + p99.format(digits)
	if held.median < leastHeld {
		text += fmt.Sprintf(" (%.1f %%)", 100*held.median)
	}
	return text
}

// poissonRow is servebench's own account of its lag with Poisson arrivals.
func (c *comparison) poissonRow() []string {
	row := []string{own + ", Poisson (own account)"}
	for _, rate := range openRates() {
		of := func(figure func(ownLag) time.Duration) spread {
			return spreadOf(c.figures(poissonName(rate), own, func(t trial) float64 { return microseconds(figure(*t.Reading.Lag)) }))
		}
		p50, p99 := of(func(l ownLag) time.Duration { return l.P50 }), of(func(l ownLag) time.Duration { return l.P99 })
		if p50.n == 0 {
			row = append(row, absent)
			continue
		}
		row = append(row, digits(p50.median)+" / "+p99.format(digits))
	}
	return row
}

// stalls is the table of the stall oracle.
func (c *comparison) stalls() *table {
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
		t.add(f.Name, p99.format(digits), milli(truth), ratio)
	}
	t.notes = append([]string{
		"Truth is that of the design. The answers held back, a thousand at once, take the server some milliseconds to write, which a tool that measures from due times sees.",
		"wrk and hey play it as near as they can, in a closed loop.",
	}, c.remarks(stalled)...)
	return t
}

// goals is the table of what servebench holds itself to.
func (c *comparison) goals() *table {
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
		alone := i >= 0 && !tools()[i].can(loads(closed, c.Span)[0]) // plays the stall alone
		if kind == stalled || !alone {
			all = append(all, f)
		}
	}
	return all
}

// remarks are the reasons for figures that are missing or not to be trusted, each once.
func (c *comparison) remarks(kind string) []string {
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
