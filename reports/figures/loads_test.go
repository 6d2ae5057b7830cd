package figures_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/figures"
	"servebench/reports/record/recordtest"
)

// figuresOf are the figures of a plan's run by their names, each checked.
func figuresOf(t *testing.T, p recordtest.Plan) map[string]figures.Figure {
	t.Helper()
	a := analyse(t, p)
	all := map[string]figures.Figure{}
	for _, f := range figures.All(a) {
		checkFigure(t, a, f)
		all[f.Name] = f
	}
	return all
}

// texts are the cells of a figure's data.
func texts(f figures.Figure) [][]string {
	var rows [][]string
	for _, r := range f.Data.Rows {
		var cells []string
		for _, c := range r.Cells {
			cells = append(cells, c.String())
		}
		rows = append(rows, cells)
	}
	return rows
}

// labels is the SVG of a figure.
func labels(t *testing.T, f figures.Figure) string {
	t.Helper()
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	return string(svg)
}

func TestStepsAreDrawn(t *testing.T) {
	f, has := figuresOf(t, recordtest.Stress())["steps"]
	if !has {
		t.Fatal("no figure of the steps")
	}
	svg := labels(t, f)
	for _, want := range []string{">broke<", ">requests due per second<", ">200<", ">800<", ">p99<", "floor: below the axis"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the figure lacks %q", want)
		}
	}
	row := func(r []string) bool {
		return r[0] == "container" && r[1] == "600/s" && slices.ContainsFunc(r, func(s string) bool { return strings.HasSuffix(s, "of 3 rounds") })
	}
	if rows := texts(f); len(rows) != 8 || !slices.ContainsFunc(rows, row) {
		t.Errorf("data %q, want eight steps, the container's third one broken", rows)
	}
}

// Nothing is drawn of the time after a load was ended, and its end is marked.
func TestEndedLoadStops(t *testing.T) {
	p := recordtest.Stress()
	p.Rounds = 1
	for name, f := range figuresOf(t, p) {
		if name != "heatmap" && name != "timeline" {
			continue
		}
		if !strings.Contains(f.Caption, "where the load was ended") || !strings.Contains(labels(t, f), "ended early") {
			t.Errorf("%s: the end of the load is not marked: %s", name, f.Caption)
		}
		for _, row := range texts(f) {
			if to, err := strconv.ParseFloat(row[3], 64); err != nil || row[0] == "container" && to > 14 {
				t.Errorf("%s: %q is drawn of a load that was ended before (%v)", name, row, err)
			}
		}
	}
}

// The axis of a load that was ended after seconds of a month shows the seconds.
func TestEarlyEndOfALongLoad(t *testing.T) {
	a := compare(t, 1, 1)
	for _, rows := range [][]sample.Row{a.Rows, a.Cells} {
		rows[0].Span, rows[0].Stopped, rows[0].Played = 720*time.Hour, true, 3500*time.Millisecond
		rows[0].Slices = rows[0].Slices[:4]
	}
	seen := 0
	for _, f := range figures.All(a) {
		if f.Name != "heatmap" && f.Name != "timeline" {
			continue
		}
		seen++
		checkFigure(t, a, f)
		if rows := texts(f); len(rows) != 4 || rows[3][3] != "3.5" || !strings.Contains(f.Caption, "1 s") {
			t.Errorf("%s: rows %q, want 4 up to 3.5 s: %s", f.Name, rows, f.Caption)
		}
	}
	if seen != 2 {
		t.Errorf("%d figures over time, want 2", seen)
	}
}

func TestThroughputIsDrawn(t *testing.T) {
	f, has := figuresOf(t, recordtest.Saturate())["saturation"]
	if !has || len(f.Data.Rows) != 8 {
		t.Fatalf("drawn %v, data %q; want four points of two targets", has, f.Data.Rows)
	}
	if svg := labels(t, f); !strings.Contains(svg, ">concurrency<") || !strings.Contains(svg, ">answers per second<") {
		t.Error("the figure does not say what its axes are")
	}
}

// TestCapacityIsDrawn: a curve for each target, its certified rate and its knee.
func TestCapacityIsDrawn(t *testing.T) {
	f, has := figuresOf(t, recordtest.Search())["capacity"]
	if !has || f.Missing != "" {
		t.Fatalf("no figure of the capacity: %s", f.Missing)
	}
	svg := labels(t, f)
	for _, want := range []string{">physical<", ">container<", ">certified, to where it breaks<", ">knee<", ">ended early<", ">limit of the p99<", ">p99 of the response time, ms<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the figure lacks %q", want)
		}
	}
	remarks := map[string]int{}
	for _, row := range texts(f) {
		for remark := range strings.SplitSeq(row[len(row)-1], ", ") {
			remarks[row[0]+" "+remark]++
		}
	}
	for _, want := range []string{"physical knee", "physical certified", "container knee", "container certified"} {
		if remarks[want] != 1 {
			t.Errorf("%s in %d rows of %q, want one", want, remarks[want], texts(f))
		}
	}
	p := recordtest.Search()
	p.Targets[0].Errors = []recordtest.Error{{Class: "timeout", Share: 1}}
	p.Targets[1].Errors = p.Targets[0].Errors
	if f := figuresOf(t, p)["capacity"]; f.Missing == "" {
		t.Error("a curve of servers that answer nothing")
	}
}

// Each figure of latency shows the floor as a band, and says what it is; without
// calibration there is none.
func TestFloorIsDrawn(t *testing.T) {
	with, without := figuresOf(t, recordtest.Calibrated()), figuresOf(t, recordtest.Compare())
	for _, name := range []string{"percentiles", "ecdf", "histogram", "heatmap", "timeline"} {
		if f := with[name]; !strings.Contains(labels(t, f), "floor") || !strings.Contains(f.Caption, "Grey: the floor") {
			t.Errorf("%s: no floor", name)
		}
		if f := without[name]; strings.Contains(labels(t, f), "floor") || strings.Contains(f.Caption, "floor") {
			t.Errorf("%s: a floor without calibration", name)
		}
	}
}

// A long reason is cut, so that the mark stays on the figure.
func TestMarkOfAnInvalidRunNamesTheRule(t *testing.T) {
	p := recordtest.Compare()
	p.Targets[0].GeneratorCPU = 0.95
	for name, f := range figuresOf(t, p) {
		if !strings.Contains(f.Mark, "generator-cpu") || !strings.Contains(f.Mark, "lower the rate") {
			t.Errorf("%s: mark %q", name, f.Mark)
		}
		if f.Missing == "" && !bytes.Contains([]byte(labels(t, f)), []byte("INVALID RUN")) {
			t.Errorf("%s is not marked", name)
		}
	}
}

// TestMarkIsWhole has a mark that is longer than a figure is wide go on in a second line.
func TestMarkIsWhole(t *testing.T) {
	p := recordtest.Compare()
	p.Targets[0].GeneratorCPU, p.Targets[1].Late = 0.91, 200
	for name, f := range figuresOf(t, p) {
		if f.Missing != "" {
			continue
		}
		svg, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		last := f.Mark[strings.LastIndex(f.Mark, " ")+1:]
		if !strings.Contains(string(svg), last) {
			t.Errorf("%s: the mark %q is cut", name, f.Mark)
		}
	}
}
