package schedule

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
		"1970-01-01T00:00:01Z\n1970-01-01T01:00:01.25+01:00": seconds(1, 1.25),
	} {
		if got, err := ParseTimes(strings.NewReader(text)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestParseCounts(t *testing.T) {
	got, err := ParseCounts(strings.NewReader("# per second\n3\n0\n\n17\n"))
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
		{false, "1e3\n", `line 1: "1e3" is not a time` + aTime},
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
			_, err = ParseCounts(strings.NewReader(m.text))
		} else {
			_, err = ParseTimes(strings.NewReader(m.text))
		}
		if err == nil || err.Error() != m.want {
			t.Errorf("%.40q: error\n%v\nwant\n%s", m.text, err, m.want)
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
// replayed, by the contract of Law.
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
		counts, errCounts := ParseCounts(strings.NewReader(text))
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
