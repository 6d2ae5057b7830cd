package arrivals

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestParseTimes(t *testing.T) {
	for text, want := range map[string][]time.Duration{
		"0\n0.5\n0.5\n2":                                     seconds(0, 0.5, 0.5, 2),
		"# from a log\r\n\r\n -1.5 \r\n3.\r\n":               seconds(-1.5, 3),
		"1700000000.123456789\n1700000000.1234567895":        {1700000000123456789, 1700000000123456789},
		"\ufeff0\n1e-05\n1.5E-5\n2.5e+0\n12e1\n":             {0, 10_000, 15_000, 2_500_000_000, 120_000_000_000},
		"-1.5e-1\n0e5\n1e-300\n+1e-9\n":                      {-150_000_000, 0, 0, 1},
		"1.700000000123456789e+09\n":                         {1700000000123456789},
		"1970-01-01T00:00:01Z\n1970-01-01T01:00:01.25+01:00": seconds(1, 1.25),
	} {
		if got, err := ParseTimes(strings.NewReader(text)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestParseCounts(t *testing.T) {
	got, err := ParseCounts(strings.NewReader("\ufeff# per second\n3\r\n0\n\n17\n"), 17)
	if err != nil || !slices.Equal(got, []int64{3, 0, 17}) {
		t.Errorf("%v, %v, want 3, 0, 17", got, err)
	}
}

// TestParseTraceMistakes names every line at fault, and no others.
func TestParseTraceMistakes(t *testing.T) {
	const (
		aTime = ", want a time in seconds, such as 1.25, or like 2026-01-31T12:00:00.25Z"
		empty = "the trace is empty, want one entry per line"
	)
	long := strings.Repeat("1", 70_000)
	for _, m := range []struct {
		counts     bool
		text, want string
	}{
		{false, "1\nx\n0.5\n2\n1_0\n", `line 2: "x" is not a time` + aTime + "\nline 3: 0.5 is before the time on the line before, want times that do not fall\n" + `line 5: "1_0" is not a time` + aTime},
		{false, "1\n2026-01-31T12:00:00Z\n", `line 2: "2026-01-31T12:00:00Z" is not written as the times before, want all in seconds, or all as dates`},
		{false, "2026-01-31 12:00:00\n", `line 1: "2026-01-31 12:00:00" is not a time` + aTime},
		{false, "1e\n", `line 1: "1e" is not a time` + aTime},
		{false, "1e3e3\n", `line 1: "1e3e3" is not a time` + aTime},
		{false, "1-e3\n", `line 1: "1-e3" is not a time` + aTime},
		{false, "e3\n", `line 1: "e3" is not a time` + aTime},
		{false, "1e300\n", `line 1: "1e300" is out of range` + aTime},
		{false, "1-2\n", `line 1: "1-2" is not a time` + aTime},
		{false, "1700000000000000\n", `line 1: "1700000000000000" is out of range` + aTime},
		{false, "1600-01-31T12:00:00Z\n", `line 1: "1600-01-31T12:00:00Z" is out of range` + aTime},
		{false, "-9000000000\n9000000000\n", "line 2: 9000000000 is too far from the first time, want a trace of fewer than 292 years"},
		{false, "", empty},
		{false, "# nothing\n", empty},
		{false, "1\n" + long, "line 2: too long, want one entry per line"},
		{true, "1\n-1\n2.5\nmany\n", `line 2: "-1" is not a number of arrivals, want a whole number, such as 17` + "\n" + `line 3: "2.5" is not a number of arrivals, want a whole number, such as 17` + "\n" + `line 4: "many" is not a number of arrivals, want a whole number, such as 17`},
		{true, "9007199254740992\n1\n", "line 1: 9007199254740992 is too many arrivals, want at most 9007199254740992 in all"},
		{true, "9007199254740991\n2\n", "line 2: 2 is too many arrivals, want at most 9007199254740992 in all"},
		{true, strings.Repeat("x\n", 100), strings.TrimSuffix(strings.Join(firstTen(), "\n"), "\n")},
	} {
		var err error
		if m.counts {
			_, err = ParseCounts(strings.NewReader(m.text), maxArrivals)
		} else {
			_, err = ParseTimes(strings.NewReader(m.text))
		}
		if err == nil || err.Error() != m.want {
			t.Errorf("%.40q: error\n%v\nwant\n%s", m.text, err, m.want)
		}
	}
}

// More than can be sent is refused, by line where a line asks for it, and before any of
// it is made.
func TestMoreThanOneMachineSends(t *testing.T) {
	for _, m := range []struct {
		interval           time.Duration
		speed, scale, rate float64
		want               int64
	}{
		{time.Second, 0, 0, 0, 10_000_000},
		{time.Millisecond, 0, 0, 0, 10_000_000},
		{time.Minute, 0, 0, 0, 600_000_000},
		{time.Minute, 10, 0.5, 0, 120_000_000},
		{time.Second, 0, 0, 100, maxArrivals},
	} {
		if got := MostPerLine(m.interval, m.speed, m.scale, m.rate); got != m.want {
			t.Errorf("%+v: at most %d", m, got)
		}
	}
	_, err := ParseCounts(strings.NewReader("1\n99999999999\n10000000\n"), 10_000_000)
	if want := "line 2: 99999999999 arrivals are more than one machine sends in the interval, want at most 10000000"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	const want = "within a second, want at most 10000000"
	for name, trace := range map[string]*Trace{
		"a count":              {Counts: []int64{1, 99_999_999_999}, Interval: time.Second},
		"a count of a minute":  {Counts: []int64{1, 99_999_999_999}, Interval: time.Minute},
		"counts of one second": {Counts: []int64{1, 6_000_000, 6_000_000}, Interval: time.Second / 2},
		"counts replayed fast": {Counts: []int64{1, 6_000_000}, Interval: time.Second, Speed: 2},
		"times, many for each": {Times: seconds(0, 0.1, 1, 2), Scale: 9_000_000},
	} {
		if name == "counts replayed fast" {
			trace.Scale = 2
		}
		if _, err := kind(t, "trace").New(Config{Trace: trace}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, want)
		}
	}
	for name, trace := range map[string]Config{
		"all that one sends":       {Trace: &Trace{Counts: []int64{9_999_999, 1}, Interval: time.Second / 2}},
		"much for a moment":        {Trace: &Trace{Counts: []int64{9_000_000, 0}, Interval: time.Millisecond}},
		"more than that, scaled":   {Trace: &Trace{Counts: []int64{1, 99_999_999_999}, Interval: time.Second}, Rate: 100},
		"more, after the duration": {Trace: &Trace{Counts: []int64{1, 99_999_999_999}, Interval: time.Second}, Duration: time.Second},
		"three within nanoseconds": {Trace: &Trace{Times: []time.Duration{0, 1, 2}}},
	} {
		if _, err := kind(t, "trace").New(trace); err != nil {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func firstTen() []string {
	var lines []string
	for k := 1; k <= maxMistakes; k++ {
		lines = append(lines, (&LineMistake{k, `"x" is not a number of arrivals`, "a whole number, such as 17"}).Error())
	}
	return lines
}

func TestParseTraceThatCannotBeRead(t *testing.T) {
	broken := errors.New("broken disk")
	if _, err := ParseTimes(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

// FuzzParseTrace reads any text as either kind of trace. What is taken can be
// replayed, by the contract of Process.
func FuzzParseTrace(f *testing.F) {
	f.Add("0\n0.25\n1\n", 1.0, 1.0)
	f.Add("# x\n2026-01-31T12:00:00.25Z\n2026-01-31T12:00:00.5+01:00\n", 2.0, 0.5)
	f.Add("3\n0\n17\n", 0.1, 3.0)
	f.Add("-9000000000\n9000000000\n", 1.0, 1.0)
	f.Fuzz(func(t *testing.T, text string, speed, scale float64) {
		if len(text) > 1000 || !(speed >= 0.001 && speed <= 1000 && scale >= 0.001 && scale <= 10) {
			t.Skip()
		}
		times, errTimes := ParseTimes(strings.NewReader(text))
		counts, errCounts := ParseCounts(strings.NewReader(text), maxArrivals)
		if errTimes == nil {
			replayed(t, &Trace{Times: times, Speed: speed, Scale: scale})
		}
		if errCounts == nil {
			replayed(t, &Trace{Counts: counts, Interval: time.Second, Speed: speed, Scale: scale})
		}
	})
}

// replayed replays as much of a trace as a test has time for.
func replayed(t *testing.T, trace *Trace) {
	l, err := kind(t, "trace").New(Config{Trace: trace})
	if err != nil {
		return
	}
	var n int64
	var last time.Duration
	for due := range l.Arrivals(rng(1)) {
		if due < last || due >= l.Shape().Duration {
			t.Fatalf("arrival at %v after %v, want them to ascend below %v", due, last, l.Shape().Duration)
		}
		last = due
		if n++; n == 100_000 {
			return
		}
	}
	if n != l.Shape().Arrivals {
		t.Fatalf("%d arrivals, want %d", n, l.Shape().Arrivals)
	}
}
