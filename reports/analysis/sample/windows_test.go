package sample

import (
	"testing"
	"time"

	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// evenly is a histogram of so many values, a millisecond apart.
func evenly(t *testing.T, n int) *hdrhistogram.Histogram {
	t.Helper()
	h := record.NewHistogram()
	for i := range n {
		if err := h.RecordValue(int64(i+1) * int64(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func TestWindowsAddUp(t *testing.T) {
	r := Row{Round: 2, Span: 24500 * time.Millisecond}
	for i := range 25 { // the last second is half a one
		r.Slices = append(r.Slices, Slice{Round: 2, Slice: record.Slice{
			Start: time.Duration(i) * time.Second, Length: min(time.Second, 24500*time.Millisecond-time.Duration(i)*time.Second), Scheduled: 11, Sent: 10, OK: 8, Failed: 1, Censored: 1, InFlight: int64(i),
		}, Response: evenly(t, 8), Lag: evenly(t, 10)})
	}
	windows := r.windows(100, 10*time.Second)
	if len(windows) != 3 {
		t.Fatalf("%d windows, want 3", len(windows))
	}
	var scheduled, sent, answers int64
	for _, w := range windows {
		scheduled += w.Scheduled
		sent += w.Sent
		answers += w.Response.TotalCount()
	}
	if scheduled != 275 || sent != 250 || answers != 200 {
		t.Errorf("%d scheduled, %d sent and %d answers in the windows, want 275, 250 and 200", scheduled, sent, answers)
	}
	last := windows[2]
	if last.From != 120 || last.To != 124.5 || last.Start != 20*time.Second || last.InFlight != 24 || last.Round != 2 || last.PerSecond(last.Sent) != 50/4.5 {
		t.Errorf("last window %+v, %g/s", last, last.PerSecond(last.Sent))
	}
	if r.Slices[0].Response.TotalCount() != 8 {
		t.Error("merging changed a slice's histogram")
	}
}

// What was not sent any more after the end of a load was not due any more.
func TestWindowsOfALoadThatWasEnded(t *testing.T) {
	r := Row{Round: 1, Rounds: 1, Span: 20 * time.Second, Stopped: true, Played: 1500 * time.Millisecond}
	for i := range 2 {
		r.Slices = append(r.Slices, Slice{Slice: record.Slice{Start: time.Duration(i) * time.Second, Length: time.Second, Scheduled: 10, Sent: 6, OK: 6}})
	}
	all := Timelines([][]Row{{r, r}}, 240)
	if len(all) != 1 || all[0].End != 3 || len(all[0].Windows) != 4 || all[0].Rounds[1].From != 1.5 {
		t.Fatalf("%+v, want two rounds of 1.5 s", all)
	}
	if first, last := all[0].Windows[0], all[0].Windows[1]; first.Scheduled != 10 || last.Scheduled != 6 || last.To != 1.5 || last.Response != nil {
		t.Errorf("windows %+v and %+v", first, last)
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

func TestHighestOfAFloor(t *testing.T) {
	var none *Floor
	if q, _ := none.Highest(0.999); q != 0 {
		t.Errorf("no floor is known up to %v", q)
	}
	f := &Floor{Quantiles: [4]time.Duration{1, 2, 0, 4}}
	for most, want := range map[float64]float64{0.5: 0.5, 0.99: 0.9, 0.999: 0.999} {
		if q, at := f.Highest(most); q != want || at == 0 {
			t.Errorf("up to %v: %v of %v, want %v", most, at, q, want)
		}
	}
}
