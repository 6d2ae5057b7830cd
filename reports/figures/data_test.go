package figures

import (
	"math"
	"testing"
	"time"

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

func TestNamesFromOutside(t *testing.T) {
	if got := slug("../Über Größe\n"); got != "----ber-gr--e-" {
		t.Errorf("slug %q", got)
	}
	if got := Label("two\nlines\tand a tail that goes on and on and on"); got != "two lines and a tail that goes on and o…" {
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
