package traffic_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis/cost/traffic"
)

func TestShapes(t *testing.T) {
	for _, tc := range []struct {
		text       string
		mean, peak float64
		cycle      time.Duration
	}{
		{"constant:50/s", 50, 50, 24 * time.Hour},
		{"constant:3000/min", 50, 50, 24 * time.Hour},
		{"constant:864000/day", 10, 10, 24 * time.Hour},
		{"daily:50/s", 50, 100, 24 * time.Hour},
		{"daily:50/s,peak=1x", 50, 50, 24 * time.Hour},
		{"daily:50/s,peak=1.5x", 50, 75, 24 * time.Hour},
		{"daily:50/s,peak=3x", 50, 150, 24 * time.Hour},
		{"daily:1/s,peak=100", 1, 100, 24 * time.Hour},
		{"business-hours:50/s,peak=4x", 50, 200, 7 * 24 * time.Hour},
		{"business-hours:50/s,peak=4.2x", 50, 210, 7 * 24 * time.Hour},
		{"spiky:5/s,peak=20x,minutes=10", 5, 100, 24 * time.Hour},
		{"spiky:5/s,minutes=1,peak=1440x", 5, 7200, 24 * time.Hour},
	} {
		c, err := traffic.Parse(tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		if !near(c.Mean(), tc.mean) || !near(c.Peak(), tc.peak) || c.Cycle() != tc.cycle {
			t.Errorf("%s: mean %g, peak %g, cycle %v, want %g, %g, %v", tc.text, c.Mean(), c.Peak(), c.Cycle(), tc.mean, tc.peak, tc.cycle)
		}
	}
}

func TestShapeFaults(t *testing.T) {
	for text, want := range map[string]string{
		"weekly:5/s":                          `no shape; want one such as constant:50/s, daily:50/s,peak=2x`,
		"constant":                            `"" is no mean rate, which is a number followed by /s, /min, /h or /day`,
		"constant:50":                         `"50" is no mean rate`,
		"constant:inf/s":                      `the mean rate inf/s is not from 1e-09/s to 1e+09/s`,
		"constant:NaN/s":                      `"NaN/s" is no mean rate`,
		"constant:0/s":                        `the mean rate 0/s is not from 1e-09/s`,
		"constant:1e-308/s":                   `the mean rate 1e-308/s is not from 1e-09/s`,
		"constant:-3/s":                       `the mean rate -3/s is not from 1e-09/s`,
		"constant:50/s,peak=3x":               `constant has no parameter "peak"`,
		"daily:50/s,peak=0.5x":                `peak=0.5x is not between 1x and 1000x`,
		"daily:50/s,peak=lots":                `peak: "lots" is no number`,
		"daily:50/s,peak=2x,peak=3x":          `peak is there twice`,
		"business-hours:50/s,peak=5x":         `peak=5x is not between 1x and 4.2x, when there are no requests outside business hours`,
		"spiky:5/s,peak=200x":                 `peak=200x is not between 1x and 144x, when all requests are in the burst`,
		"spiky:5/s,minutes=0":                 `minutes=0 is not between 1 and 720`,
		"spiky:x/s,peak=1e9x,minutes=99999,a": `spiky has no parameter "a"`,
	} {
		_, err := traffic.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	_, err := traffic.Parse("spiky:x/s,peak=1e9x,minutes=99999,a")
	for _, want := range []string{`"x/s" is no mean rate`, "peak=1e+09x", "minutes=99999"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell of %s: not all faults are told", err, want)
		}
	}
}

func TestFromTimes(t *testing.T) {
	var times []time.Duration
	for i := range 600 { // 1/s for five minutes, 2/s for the next
		times = append(times, time.Duration(i)*time.Second)
		if i >= 300 {
			times = append(times, time.Duration(i)*time.Second)
		}
	}
	c, err := traffic.FromTimes("trace", times)
	if err != nil {
		t.Fatal(err)
	}
	if !near(c.Mean(), 1.5) || !near(c.Peak(), 2) || c.Cycle() != 10*time.Minute || !c.Recorded {
		t.Errorf("mean %g, peak %g, cycle %v, want 1.5, 2, 10m", c.Mean(), c.Peak(), c.Cycle())
	}
	year := 366 * 24 * time.Hour
	for name, tc := range map[string]struct {
		times []time.Duration
		want  string
	}{
		"none":     {nil, "0 of the 2 arrivals"},
		"one":      {[]time.Duration{5}, "1 of the 2 arrivals"},
		"short":    {[]time.Duration{0, time.Second}, "the arrivals cover 2s; want at least a minute"},
		"endless":  {[]time.Duration{0, year}, "the arrivals cover 732 days"},
		"overflow": {[]time.Duration{math.MinInt64, math.MaxInt64}, "days, which is no cycle that repeats"},
	} {
		if _, err := traffic.FromTimes(name, tc.times); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

func TestHours(t *testing.T) {
	c := traffic.Curve{Rates: make([]float64, 90)} // the second hour is half of one
	for i := range c.Rates {
		c.Rates[i] = 1
	}
	c.Rates[61] = 10
	hours := c.Hours(0)
	if len(hours) != 2 || hours[0].Length != time.Hour || !near(hours[0].Mean, 1) || hours[0].Peak != 1 || hours[1].Length != 30*time.Minute || hours[1].Peak != 10 {
		t.Errorf("hours %+v", hours)
	}
	if ahead := c.Hours(90 * time.Second); ahead[0].Peak != 10 {
		t.Errorf("a server that takes 90 s to come is not started for the peak two minutes after the hour: %+v", ahead)
	}
	if ahead := c.Hours(time.Minute); ahead[0].Peak != 1 {
		t.Errorf("a server that takes a minute to come is started for the peak two minutes after the hour: %+v", ahead)
	}
	// The cycle repeats: what is needed after its end is at its beginning.
	c.Rates[61], c.Rates[0] = 1, 20
	if ahead := c.Hours(time.Minute); ahead[1].Peak != 20 {
		t.Errorf("the last hour does not look ahead to the first: %+v", ahead)
	}
	if long := c.Hours(1000 * time.Hour); long[0].Peak != 20 || long[1].Peak != 20 {
		t.Errorf("looking ahead further than a cycle: %+v", long)
	}
}

func TestSharpened(t *testing.T) {
	c, err := traffic.Parse("daily:50/s,peak=1.5x")
	if err != nil {
		t.Fatal(err)
	}
	for _, factor := range []float64{0, 0.5, 1, 1.2, 4} {
		s := c.Sharpened(factor)
		if !near(s.Mean(), 50) {
			t.Errorf("by %g: mean %g, want 50", factor, s.Mean())
		}
		if factor <= 2 && !near(s.Peak(), 50+25*factor) {
			t.Errorf("by %g: peak %g, want %g", factor, s.Peak(), 50+25*factor)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range traffic.Shapes() {
		f.Add(s.Example)
	}
	f.Add("daily:1e-300/s,peak=999x")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := traffic.Parse(text)
		if err != nil {
			return
		}
		mean, peak := c.Mean(), c.Peak()
		if !(mean > 0) || !(peak > 0) || math.IsInf(peak, 0) || peak < mean*(1-1e-9) {
			t.Errorf("%q: mean %g, peak %g", text, mean, peak)
		}
		for _, h := range c.Hours(time.Minute) {
			if math.IsNaN(h.Mean) || h.Peak < h.Mean*(1-1e-9) {
				t.Errorf("%q: hour %+v", text, h)
			}
		}
	})
}

func near(got, want float64) bool { return math.Abs(got-want) <= 1e-6*math.Abs(want) }

func FuzzFromTimes(f *testing.F) {
	f.Add(int64(0), int64(time.Second), int64(3*time.Minute), 70)
	f.Add(int64(math.MinInt64), int64(5), int64(math.MaxInt64), 3)
	f.Fuzz(func(t *testing.T, first, step, last int64, n int) {
		times := []time.Duration{time.Duration(first)}
		for i := range max(0, min(n, 1000)) {
			if at := first + int64(i)*max(step, 0); at >= int64(times[len(times)-1]) {
				times = append(times, time.Duration(at))
			}
		}
		if last >= int64(times[len(times)-1]) {
			times = append(times, time.Duration(last))
		}
		c, err := traffic.FromTimes("trace", times)
		if err != nil {
			return
		}
		if mean := c.Mean(); !(mean > 0) || math.IsInf(mean, 0) || c.Peak() < mean*(1-1e-9) || c.Cycle() < time.Minute {
			t.Errorf("mean %g, peak %g, cycle %v", mean, c.Peak(), c.Cycle())
		}
		if counted := c.Mean() * c.Cycle().Seconds(); counted > float64(len(times))+1e-6 {
			t.Errorf("%g requests of %d", counted, len(times))
		}
	})
}
