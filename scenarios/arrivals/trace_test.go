package arrivals

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func seconds(s ...float64) []time.Duration {
	var all []time.Duration
	for _, x := range s {
		all = append(all, time.Duration(math.Round(x*1e9)))
	}
	return all
}

func TestReplayTimes(t *testing.T) {
	recorded := seconds(5, 5.25, 5.25, 6, 8)
	for _, m := range []struct {
		config   Config
		want     []time.Duration
		duration time.Duration
	}{
		{Config{Trace: &Trace{Times: recorded}}, seconds(0, 0.25, 0.25, 1, 3), 3750 * time.Millisecond},
		{Config{Trace: &Trace{Times: recorded, Speed: 2}}, seconds(0, 0.125, 0.125, 0.5, 1.5), 1875 * time.Millisecond},
		{Config{Trace: &Trace{Times: recorded}, Duration: time.Second}, seconds(0, 0.25, 0.25), time.Second},
		{Config{Trace: &Trace{Times: recorded}, Duration: 4 * time.Second}, seconds(0, 0.25, 0.25, 1, 3), 4 * time.Second},
		{Config{Trace: &Trace{Times: recorded}, Duration: time.Second, Rate: 3}, seconds(0, 0.25, 0.25), time.Second},
	} {
		l := newProcess(t, "trace", m.config)
		if diff := cmp.Diff(m.want, slices.Collect(l.Arrivals(rng(1)))); diff != "" || l.Shape().Duration != m.duration {
			t.Errorf("%+v: in %v, want in %v (-want +got):\n%s", m.config, l.Shape().Duration, m.duration, diff)
		}
	}
}

// TestThinning leaves out arrivals and moves none; TestSuperposition keeps all and
// adds others between them.
func TestThinning(t *testing.T) {
	recorded := seconds(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	got := slices.Collect(newProcess(t, "trace", Config{Trace: &Trace{Times: recorded, Scale: 0.5}}).Arrivals(rng(1)))
	for _, due := range got {
		if !slices.Contains(recorded, due) {
			t.Errorf("arrival at %v, where none was recorded", due)
		}
	}
	if len(got) != 5 {
		t.Errorf("%d arrivals, want half of 10", len(got))
	}
}

func TestSuperposition(t *testing.T) {
	recorded := seconds(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	got := slices.Collect(newProcess(t, "trace", Config{Trace: &Trace{Times: recorded, Scale: 3.5}}).Arrivals(rng(1)))
	for k, due := range recorded {
		first, found := slices.BinarySearch(got, due)
		end, _ := slices.BinarySearch(got, due+time.Second)
		if n := end - first; !found || n < 3 || n > 4 {
			t.Errorf("%d arrivals from the %d-th on, want it itself and 2 or 3 more", n, k)
		}
	}
	if len(got) != 35 {
		t.Errorf("%d arrivals, want 35", len(got))
	}
}

// TestSuperpositionIsLazy adds millions of arrivals to two, and takes the first.
func TestSuperpositionIsLazy(t *testing.T) {
	arrivals := newProcess(t, "trace", Config{Trace: &Trace{Times: seconds(0, 1)}, Rate: 2_000_000}).Arrivals(rng(1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	taken := 0
	for range arrivals {
		if taken++; taken == 1000 {
			break
		}
	}
	runtime.ReadMemStats(&after)
	if bytes := after.TotalAlloc - before.TotalAlloc; taken != 1000 || bytes > 1<<20 {
		t.Errorf("%d bytes allocated for the first %d of millions, want memory that does not grow with them", bytes, taken)
	}
}

// TestReplayCounts holds every interval to its count, times the scale.
func TestReplayCounts(t *testing.T) {
	counts := []int64{3, 0, 100, 7, 1}
	for _, scale := range []float64{1, 0.5, 2.5} {
		l := newProcess(t, "trace", Config{Trace: &Trace{Counts: counts, Interval: time.Second, Scale: scale, Speed: 4}})
		got := slices.Collect(l.Arrivals(rng(1)))
		var sum float64
		for i, count := range counts {
			sum += float64(count)
			end, _ := slices.BinarySearch(got, time.Duration(i+1)*250*time.Millisecond)
			if want := int(math.Round(sum * scale)); end != want {
				t.Errorf("scale %v: %d arrivals up to interval %d, want %d", scale, end, i, want)
			}
		}
		if shape := l.Shape(); shape.Duration != 1250*time.Millisecond || shape.Peak != 400*scale {
			t.Errorf("scale %v: %+v, want 1.25 s with a peak of %v", scale, shape, 400*scale)
		}
	}
}

func TestReplayCutsAnInterval(t *testing.T) {
	l := newProcess(t, "trace", Config{Trace: &Trace{Counts: []int64{10, 10}, Interval: time.Second}, Duration: 1500 * time.Millisecond, Rate: 20})
	if shape := l.Shape(); shape.Arrivals != 30 || shape.Duration != 1500*time.Millisecond || shape.Peak != 20 {
		t.Errorf("%+v, want 30 arrivals in 1.5 s", shape)
	}
}

func TestTraceMistakes(t *testing.T) {
	counts := func() *Trace { return &Trace{Counts: []int64{1, 2}, Interval: time.Second} }
	for _, m := range []struct {
		config Config
		want   string
	}{
		{Config{}, "trace: none, want a recording of arrivals"},
		{Config{Trace: &Trace{}}, "trace: none"},
		{Config{Trace: &Trace{Counts: []int64{0, 0}, Interval: time.Second}}, "trace: no arrival within 2s"},
		{Config{Trace: &Trace{Counts: []int64{1}}}, "trace: counts of intervals of 0s, want intervals of more than 0s"},
		{Config{Trace: &Trace{Times: seconds(1)}}, "trace: all its arrivals are at one moment"},
		{Config{Trace: &Trace{Times: seconds(1, 1)}}, "trace: all its arrivals are at one moment"},
		{Config{Trace: &Trace{Times: seconds(1, 2), Speed: -1}}, "trace: a speed of -1, want a finite number above 0"},
		{Config{Trace: &Trace{Times: seconds(1, 2), Scale: math.NaN()}}, "trace: a scale of NaN"},
		{Config{Trace: &Trace{Times: seconds(1, 2), Speed: 1e-18}}, "trace: a recording too long"},
		{Config{Trace: counts(), Duration: -1}, "duration: -1ns"},
		{Config{Trace: counts(), Duration: 3 * time.Second}, "duration: 3s, which is beyond the end of the trace, want at most 2s"},
		{Config{Trace: &Trace{Times: seconds(1, 2), Scale: 2}, Rate: 3}, "rate: the trace's rate is set by its scale already"},
		{Config{Trace: counts(), Rate: -1}, "rate: -1 per second"},
		{Config{Trace: counts(), Rate: 1e17}, "arrivals, want at most"},
		{Config{Trace: counts(), Gaps: "x"}, "gaps: unknown gaps"},
	} {
		_, err := kind(t, "trace").New(m.config)
		if err == nil || !strings.HasPrefix(err.Error(), "trace arrivals: ") || !strings.Contains(err.Error(), m.want) {
			t.Errorf("%+v: error %v, want one that says %q", m.config, err, m.want)
		}
	}
}
