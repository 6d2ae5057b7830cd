package analysis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// TestIdleReplicas tells of new replicas that were ready and got no request, and of none
// where all did.
func TestIdleReplicas(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*record.Cell)
		want  string
	}{
		"all answered":     {func(*record.Cell) {}, ""},
		"one did not":      {func(c *record.Cell) { c.Replicas = c.Replicas[:2] }, "1 of 2 new replicas"},
		"the old one did":  {func(c *record.Cell) { c.Replicas = c.Replicas[:1] }, "2 of 2 new replicas"},
		"nobody knows who": {func(c *record.Cell) { c.Replicas = nil }, ""},
	} {
		run := recordtest.Open(t, recordtest.Scale())
		c.spoil(&run.Cells[0])
		a, err := analysis.Analyse(run)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, d := range a.Diagnostics {
			if d.Rule == "idle-replicas" {
				got = d.Figure
				if d.Severity != record.SeverityNote || d.Target != "kubernetes" {
					t.Errorf("%s: %+v, want a note on kubernetes", name, d)
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestNoneReady tells of a time without any ready replica, and by what, unless a fault of the
// scenario's was before it.
func TestNoneReady(t *testing.T) {
	for name, c := range map[string]struct {
		events []record.Event
		want   string // "": it tells of none
	}{
		"all ready": {nil, ""},
		"unready":   {[]record.Event{{Kind: record.EventUnready}}, "no replica was ready for 25 s, so that"},
		"probe":     {[]record.Event{{Kind: record.EventWarning, Text: "Unhealthy: Readiness probe failed"}, {Kind: record.EventUnready}}, "readiness failed under load, and no replica was ready for 25 s"},
		"fault":     {[]record.Event{{Kind: record.EventInjected, Fault: "pod-kill"}, {Kind: record.EventUnready}}, ""},
	} {
		run := recordtest.Open(t, recordtest.Scale())
		i := slices.IndexFunc(run.Targets, func(t record.Target) bool { return t.Name == "lambda" })
		k := slices.IndexFunc(run.Cells, func(c record.Cell) bool { return c.Target == "lambda" })
		d := &run.Targets[i].Deployments[0]
		for _, e := range c.events {
			e.At, e.Replica = run.Cells[k].Started.Add(20*time.Second), "replica-1"
			d.Events = append(d.Events, e)
		}
		a, err := analysis.Analyse(run)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, d := range a.Diagnostics {
			if d.Rule == "none-ready" {
				got = d.Text
			}
		}
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestResent blames a listen backlog for what was lost before any server ended, the servers that
// ended for what was lost after it, and neither where it was lost at both times.
func TestResent(t *testing.T) {
	for name, c := range map[string]struct {
		target string
		ended  time.Duration // when a server of the phase ended; 0: after the overload alone
		want   string
	}{
		"none ended":              {"lambda", 0, "A listen backlog that is full drops it"},
		"ended after the losses":  {"kubernetes", 0, "A listen backlog that is full drops it"},
		"ended before the losses": {"kubernetes", 5 * time.Second, "Servers ended in this phase"},
		"ended among the losses":  {"kubernetes", 15 * time.Second, "The cause is not known"},
	} {
		run := recordtest.Open(t, recordtest.Scale())
		for i := range run.Cells {
			if cell := &run.Cells[i]; cell.Target == c.target {
				cell.Instrument.Resent = 104
				for k := range run.Targets {
					if c.ended > 0 && run.Targets[k].Name == c.target {
						d := &run.Targets[k].Deployments[0]
						d.Events = slices.Insert(d.Events, 0, record.Event{At: cell.Started.Add(c.ended), Kind: record.EventEnded, Replica: "gone"})
					}
				}
			}
		}
		a, err := analysis.Analyse(run)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(a.Diagnostics, func(d record.Diagnostic) bool { return d.Rule == "connect" })
		if i < 0 || !strings.Contains(a.Diagnostics[i].Text, c.want) {
			t.Errorf("%s: want %q in %+v", name, c.want, a.Diagnostics)
		}
	}
}
