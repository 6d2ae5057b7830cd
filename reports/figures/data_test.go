package figures

import (
	"math"
	"testing"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/figures/chart"
	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func histogramOf(t *testing.T, values ...time.Duration) *hdrhistogram.Histogram {
	t.Helper()
	h := hdrhistogram.New(1, int64(time.Hour), 3)
	for _, v := range values {
		if err := h.RecordValue(int64(v)); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func evenly(n int) []time.Duration {
	values := make([]time.Duration, n)
	for i := range values {
		values[i] = time.Duration(i+1) * time.Millisecond
	}
	return values
}

func TestPercentileCurveOfAllRequests(t *testing.T) {
	h := histogramOf(t, evenly(1000)...)
	all := percentileCurve(h, 1000)
	if all.endless {
		t.Error("every request was answered, yet the curve is endless")
	}
	last := all.points[len(all.points)-1]
	if last.X > 100*1.001 || last.X < 90 {
		t.Errorf("the curve ends at 1/(1−q) = %g, want it to end where 10 of 1,000 are left: 100", last.X)
	}
	for _, pt := range all.points {
		want := math.Max((1-1/pt.X)*1000, 1)
		if math.Abs(pt.Y-want) > 1.5+want*0.002 {
			t.Errorf("at 1/(1−q) = %g: %g ms, want %g", pt.X, pt.Y, want)
		}
	}
	// Twice as many were sent: half of them never succeeded.
	half := percentileCurve(h, 2000)
	last = half.points[len(half.points)-1]
	if !half.endless || last.X > 2.001 {
		t.Errorf("half of the requests failed: endless %v, last point at %g, want it to end at the median", half.endless, last.X)
	}
	if got := quantileOfAll(h, 0.9, 2000); got != "∞" {
		t.Errorf("p90 of a half failed run is %q, want ∞", got)
	}
	if got := quantileOfAll(h, 0.999, 1000); got != "n too small" {
		t.Errorf("p99.9 of 1,000 is %q, want it to be too small an n", got)
	}
	if got := quantileOfAll(h, 0.99, 1000); got != "990" {
		t.Errorf("p99 is %q, want 990", got)
	}
}

func TestCumulativeEndsAtTheSuccessRate(t *testing.T) {
	h := histogramOf(t, evenly(90)...)
	line := cumulative(h, 100, chart.Span{Low: 0.5, High: 200}, 50)
	if first, last := line[0], line[len(line)-1]; first.Y != 0 || last.Y != 0.9 {
		t.Errorf("from %g to %g, want from 0 to 0.9", first.Y, last.Y)
	}
	for i := 1; i < len(line); i++ {
		if line[i].Y < line[i-1].Y {
			t.Fatalf("falls at %g ms", line[i].X)
		}
	}
}

func TestWindowsAddUp(t *testing.T) {
	var slices []sample.Slice
	for i := range 25 { // the last second is half a one
		slices = append(slices, sample.Slice{Round: 2, Slice: record.Slice{
			Start: time.Duration(i) * time.Second, Length: min(time.Second, 24500*time.Millisecond-time.Duration(i)*time.Second), Scheduled: 11, Sent: 10, OK: 8, Failed: 1, Censored: 1, InFlight: int64(i),
		}, Response: histogramOf(t, evenly(8)...), Lag: histogramOf(t, evenly(10)...)})
	}
	windows := windowsOf(slices, 100, 24500*time.Millisecond, 10*time.Second)
	if len(windows) != 3 {
		t.Fatalf("%d windows, want 3", len(windows))
	}
	var sent, answers int64
	for _, w := range windows {
		sent += w.Sent
		answers += w.response.TotalCount()
	}
	if sent != 250 || answers != 200 {
		t.Errorf("%d sent and %d answers in the windows, want 250 and 200", sent, answers)
	}
	last := windows[2]
	if last.from != 120 || last.to != 124.5 || last.InFlight != 24 || last.perSecond(last.Sent) != 50/4.5 {
		t.Errorf("last window %v to %v, %d in flight, %g/s", last.from, last.to, last.InFlight, last.perSecond(last.Sent))
	}
	if slices[0].Response.TotalCount() != 8 {
		t.Error("merging changed a slice's histogram")
	}
}

func TestWindowWidth(t *testing.T) {
	for span, want := range map[time.Duration]time.Duration{
		10 * time.Second: time.Second, 240 * time.Second: time.Second, 241 * time.Second: 2 * time.Second,
		time.Hour: 20 * time.Second, 1000 * time.Hour: 5 * time.Hour,
	} {
		if got := windowWidth(span, 240); got != want {
			t.Errorf("windows of %v for %v, want %v", got, span, want)
		}
	}
}

func TestNamesFromOutside(t *testing.T) {
	if got := slug("../Über Größe\n"); got != "----ber-gr--e-" {
		t.Errorf("slug %q", got)
	}
	if got := label("two\nlines\tand a tail that goes on and on and on"); got != "two lines and a tail that goes on and o…" {
		t.Errorf("label %q", got)
	}
}

// A time line shows a quantile where the tables do.
func TestTimelineKnowsWhatTheTablesKnow(t *testing.T) {
	h := record.NewHistogram()
	for n := int64(1); n <= 1100; n++ {
		if err := h.RecordValue(int64(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		for _, q := range []float64{0.5, 0.9, 0.99} {
			if _, shown := quantileOf(h, q); shown != stat.Known(q, n) {
				t.Errorf("n = %d: q = %v shown %v", n, q, shown)
			}
		}
	}
}
