package document_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/advice"
	"servebench/reports/document"
	"servebench/reports/document/element"
	"servebench/reports/document/pricing"
	"servebench/reports/formattest"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// kinds are runs of every kind, by name.
func kinds() map[string]recordtest.Plan {
	all := map[string]recordtest.Plan{
		"slower": recordtest.Slower(), "undecided": recordtest.Undecided(), "failing": recordtest.Failing(), "same": recordtest.ABTest(),
		"calibrated": recordtest.Calibrated(), "stress": recordtest.Stress(), "saturate": recordtest.Saturate(), "capacity": recordtest.Search(), "mixed": recordtest.Mixed(), "scale": recordtest.Scale(), "failover": recordtest.Failover(),
		"by status": recordtest.ByStatus(), "refused": recordtest.Refused(), "cold starts": recordtest.ColdStart(),
		"overhead": recordtest.Overhead(), "running": recordtest.Running(),
		"monitored": recordtest.Monitored(), "retrained": recordtest.Retrained(),
	}
	maps.Copy(all, recordtest.Judged())
	return all
}

// TestDocuments reads the reports of every kind of run.
func TestDocuments(t *testing.T) {
	for name, p := range kinds() {
		t.Run(name, func(t *testing.T) {
			a := formattest.Analyse(t, p)
			for _, d := range []*document.Document{document.New(a), document.Limits(a), document.Summary(a)} {
				checkWhole(t, d)
				checkOrder(t, d)
				checkReasons(t, a, d)
				checkSentences(t, d)
			}
		})
	}
}

// checkWhole holds that a printer can lay out whatever there is without looking for gaps.
func checkWhole(t *testing.T, d *document.Document) {
	seen := map[string]bool{}
	for _, s := range d.Sections {
		if s.ID == "" || seen[s.ID] {
			t.Errorf("section %q (%s) has no ID of its own", s.ID, s.Title)
		}
		seen[s.ID] = true
		if s.Table == nil && len(s.Figures) == 0 && len(s.Lines) == 0 {
			t.Errorf("section %s is empty", s.ID)
		}
		if s.Table != nil {
			checkTable(t, s.ID, s.Table)
		}
	}
}

func checkTable(t *testing.T, id string, table *element.Table) {
	if len(table.Rows) == 0 || table.Keys < 1 || table.Keys > len(table.Columns) {
		t.Errorf("%s: %d rows, %d keys of %d columns", id, len(table.Rows), table.Keys, len(table.Columns))
	}
	for _, row := range table.Rows {
		if len(row.Cells) != len(table.Columns) {
			t.Errorf("%s: a row of %d cells in %d columns", id, len(row.Cells), len(table.Columns))
		}
	}
	for i, c := range table.Columns {
		if !slices.ContainsFunc(table.Rows, func(r element.Row) bool { return r.Cells[i].Text != "" }) {
			t.Errorf("%s: nothing in column %s", id, c.Title)
		}
	}
}

// checkOrder holds that the order is that of a reader's questions: what came of it, by
// which figures, what speaks against them, by which limits, with which instrument, where.
func checkOrder(t *testing.T, d *document.Document) {
	order := []string{"comparison", "results", "figures", "latency", "further-figures", "diagnostics", "limits", "instrument", "ledger", "environment", "reproduce", "method"}
	last := -1
	for _, s := range d.Sections {
		if at := slices.Index(order, s.ID); at >= 0 {
			if at < last {
				t.Errorf("%s comes after %s", s.ID, order[last])
			}
			last = at
		}
	}
}

// checkReasons holds that what makes a run INVALID is said with the verdict, and there
// alone.
func checkReasons(t *testing.T, a *analysis.Analysis, d *document.Document) {
	if a.Validity != record.Invalid || a.Empty() || len(d.Verdict.Reasons) == 0 {
		return
	}
	all := fmt.Sprint(d)
	for _, reason := range d.Verdict.Reasons {
		if n := strings.Count(all, reason.Text); n != 1 {
			t.Errorf("%q is said %d times", reason.Text, n)
		}
	}
}

// checkSentences holds that sentences begin with a capital letter, a name or a figure, and
// end.
func checkSentences(t *testing.T, d *document.Document) {
	whole := regexp.MustCompile(`^[^a-z]|^[a-z]+[0-9./-]|^[a-z]+: `)
	for _, s := range d.Sections {
		for _, note := range s.Notes {
			if !strings.ContainsAny(note[len(note)-1:], ".:") {
				t.Errorf("%s: %q has no end", s.ID, note)
			}
		}
		if s.ID != "diagnostics" && s.ID != "method" {
			continue
		}
		for _, l := range s.Lines {
			if !whole.MatchString(l.Text) || !strings.HasSuffix(l.Text, ".") || l.Fix != "" && !strings.HasSuffix(l.Fix, ".") {
				t.Errorf("%s: %q, %q", s.ID, l.Text, l.Fix)
			}
		}
	}
}

// A value and its interval are one where they share a unit.
func TestCell(t *testing.T) {
	for want, c := range map[string]element.Cell{
		"1.89 [1.84, 1.96] ms": {Text: "1.89 ms", Interval: "[1.84, 1.96] ms", Both: "1.89 [1.84, 1.96] ms"},
		"×1.07 [0.949, 1.20]":  {Text: "×1.07", Interval: "[0.949, 1.20]"},
		"n too small":          {Text: "n too small"},
	} {
		if got := c.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// said is all that the sections of a report say outside of their tables.
func said(d *document.Document) string {
	var all []string
	for _, s := range d.Sections {
		all = append(all, s.Notes...)
		for _, l := range s.Lines {
			all = append(all, l.Text)
		}
	}
	return strings.Join(all, "\n")
}

// What times run from depends on the loops that were measured.
func TestDue(t *testing.T) {
	both := recordtest.Saturate()
	both.Phases = append(slices.Clone(both.Phases), recordtest.Compare().Phases[1])
	for want, p := range map[string]recordtest.Plan{
		"from when a request was due to":                                                recordtest.Compare(),
		"from when a worker was ready to send to":                                       recordtest.Saturate(),
		"from when a request was due (in a closed loop: a worker was ready to send) to": both,
	} {
		if got := said(document.New(formattest.Analyse(t, p))); !strings.Contains(got, "p50 and p99 are response times, "+want+" the end of") {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

// Without intervals none is said to include 0.
func TestOverheadWithoutIntervals(t *testing.T) {
	const interval, difference = "~0: the interval includes 0", "~0: the difference is not above 0"
	a := formattest.Analyse(t, recordtest.Overhead())
	if got := said(document.New(a)); !strings.Contains(got, interval) || strings.Contains(got, difference) {
		t.Errorf("eight rounds:\n%s", got)
	}
	for i := range a.Overhead.Rows {
		m := &a.Overhead.Rows[i].Model
		m.HasInterval, m.Low, m.High = false, 0, 0
	}
	if got := said(document.New(a)); strings.Contains(got, interval) || !strings.Contains(got, difference) {
		t.Errorf("without intervals:\n%s", got)
	}
}

// A target's line gives the response time of right answers, and judges that of all requests:
// where some failed these differ, and each is said to be what it is.
func TestFailedRequestsAreSaidToCount(t *testing.T) {
	p := recordtest.Compare()
	p.SLO = record.SLO{P50: 100 * time.Microsecond}
	d := document.New(formattest.Analyse(t, p))
	i := slices.IndexFunc(d.Sections, func(s element.Section) bool { return s.ID == "targets" })
	for _, line := range d.Sections[i].Lines {
		failed := line.Target == "container"
		if strings.Contains(line.Text, "response time of these p50 ") != failed || strings.Contains(line.Text, "p50 response time (failed requests included) ") != failed {
			t.Errorf("%s: %s", line.Target, line.Text)
		}
	}
}

// CPU time that lacks some of a replica that ended is a lower bound, and said to be one.
func TestUnreadCPUTime(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Compare())
	a.Rows[0].Usage.Unread = 1500 * time.Millisecond
	sections := document.New(a).Sections
	i := slices.IndexFunc(sections, func(s element.Section) bool { return s.ID == "resources" })
	var cells []string
	for _, cell := range sections[i].Table.Rows[0].Cells {
		cells = append(cells, cell.Text)
	}
	if got := strings.Join(cells, " | "); strings.Count(got, "| at least ") != 2 {
		t.Errorf("%s, want two figures that are lower bounds", got)
	}
	if got := strings.Join(sections[i].Notes, "\n"); !strings.Contains(got, "was last read 1.5 s before its end") {
		t.Errorf("notes %s", got)
	}
	if sections[i].Table.Rows[1].Cells[4].Text == cells[4] || len(a.Rows[0].Figures()) != len(a.Rows[1].Figures())-1 {
		t.Error("the CPU time per answer is compared as a figure")
	}
}

// TestCapacityIsOfOpenLoops: what a closed loop answers at most is a throughput, and called no
// capacity; nor does a search speak of a throughput.
func TestCapacityIsOfOpenLoops(t *testing.T) {
	for word, plan := range map[string]recordtest.Plan{"capacity": recordtest.Saturate(), "throughput": recordtest.Search()} {
		a := formattest.Analyse(t, plan)
		for _, s := range document.New(a).Sections {
			if s.ID != "throughput" && s.ID != "capacity" && s.ID != "capacity-steps" {
				continue
			}
			one := &document.Document{Sections: []element.Section{s}}
			if text := strings.ToLower(said(one)); strings.Contains(text, word) {
				t.Errorf("section %s speaks of a %s: %s", s.ID, word, text)
			}
		}
	}
}

// headings are those of a section's table.
func headings(t *testing.T, d *document.Document, id string) string {
	t.Helper()
	i := slices.IndexFunc(d.Sections, func(s element.Section) bool { return s.ID == id })
	if i < 0 {
		t.Fatalf("no section %s", id)
	}
	var all []string
	for column := range d.Sections[i].Table.Columns {
		all = append(all, d.Sections[i].Table.Heading(column))
	}
	return strings.Join(all, " | ")
}

// TestCappedCosts: where no higher rate was asked for than the one certified, the capacity is at
// least that, and the cost at most.
func TestCappedCosts(t *testing.T) {
	c := formattest.Costs(t)
	for i := range c.Measured {
		c.Measured[i].Breaks, c.Measured[i].Capped = 0, true
	}
	c = cost.New(c.Measured, c.Places, c.Traffic, c.Options, c.Prices, c.Now)
	d := document.Costs(c)
	var cells []string
	for _, s := range d.Sections {
		if s.ID == "cost" || s.ID == "cost-measured" {
			for _, row := range s.Table.Rows {
				cells = append(cells, row.Cells[1].Text, row.Cells[2].Text)
			}
		}
	}
	if !slices.Contains(cells, "≤ $96.31") || !slices.Contains(cells, "≥ 500.0") || !strings.Contains(d.Verdict.Why, "costs at most $96.31 a month, the least") {
		t.Errorf("%q\n%s", cells, d.Verdict.Why)
	}
}

// TestDisturbedSearch: what disturbed the search of the place that comes first is said with the
// verdict, in its row and once in a section, with what to do.
func TestDisturbedSearch(t *testing.T) {
	c := formattest.Costs(t)
	for i := range c.Measured {
		c.Measured[i].Diagnostics = []record.Diagnostic{
			{Rule: "scheduler", Phase: "certify-500", Round: 7, Figure: "p99 9 ms", Text: "the generator's goroutines were ready and waited for a CPU: p99 9 ms", Action: "stop other programs"},
			{Rule: "discarded", Severity: record.SeverityNote, Figure: "late", Text: "this trial was discarded and rerun: late"},
		}
	}
	d := document.Advice(advice.Of(c, nil))
	if !strings.Contains(d.Verdict.Why, "; the capacity of container rests on a search with 1 warning; ") ||
		d.Verdict.Notices[0].Text != "Search on container, warning scheduler: The generator's goroutines were ready and waited for a CPU: p99 9 ms." {
		t.Errorf("%s\n%+v", d.Verdict.Why, d.Verdict.Notices)
	}
	row := d.Sections[0].Table.Rows[0]
	if want := "The capacity is limited by queue, with idle CPUs. Its search has 1 warning and 1 note: scheduler (p99 9 ms), discarded (late)."; row.Notes[0] != want {
		t.Errorf("%q, want %q", row.Notes, want)
	}
	i := slices.IndexFunc(d.Sections, func(s element.Section) bool { return s.ID == "cost-searches" })
	if l := d.Sections[i].Lines; len(l) != 2 || l[0].Word != "WARNING" || !strings.HasSuffix(l[0].Where, "certify-500, round 7") || l[0].Fix != "Stop other programs." {
		t.Errorf("%+v", l)
	}
}

// TestRangesAreNamed: what is known of a capacity, and of a cost by it, are two bounds and no
// confidence interval.
func TestRangesAreNamed(t *testing.T) {
	run := recordtest.Open(t, recordtest.Search())
	a, err := analysis.AnalyseBy(run, record.SLO{Capacity: 499}, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := headings(t, document.New(a), "limits"); !strings.Contains(got, "observed [certified, breaks)") {
		t.Errorf("limits of a search: %s", got)
	}
	if got := headings(t, document.New(formattest.Analyse(t, recordtest.Compare())), "limits"); !strings.Contains(got, "observed [95% CI]") {
		t.Errorf("limits of a load: %s", got)
	}
	costs := document.Costs(formattest.Costs(t))
	if got := headings(t, costs, "cost"); !strings.Contains(got, "$/month [range]") || !strings.Contains(said(costs), pricing.CostRange) {
		t.Errorf("costs: %s\n%s", got, said(costs))
	}
}
