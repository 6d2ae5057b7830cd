package arrivals

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// A trace's file has one entry on each line. Lines that are empty or begin with #
// are left out.

// maxEntries bounds the lines of a trace, which are held in memory, 8 bytes each.
const maxEntries = 50_000_000

// maxMistakes is how many lines are complained of at most.
const maxMistakes = 10

// LineMistake is what is wrong with one line of a trace.
type LineMistake struct {
	Line    int // from 1; 0: the file as a whole
	Problem string
	Want    string
}

// Error formats the mistake: "line 3: "x" is not a number, want …".
func (m *LineMistake) Error() string {
	if m.Line == 0 {
		return m.Problem + ", want " + m.Want
	}
	return fmt.Sprintf("line %d: %s, want %s", m.Line, m.Problem, m.Want)
}

// ParseTimes reads a trace of times, one per line: all in seconds, as decimals
// (1.25, 1.5e-05) from any beginning, or all as RFC 3339 has them
// (2026-01-31T12:00:00.25Z). They must not fall. The error joins a *LineMistake
// for each of the first lines at fault, or tells that reading failed.
func ParseTimes(from io.Reader) ([]time.Duration, error) {
	p := timesParser{}
	err := parseLines(from, p.line)
	return p.times, err
}

type timesParser struct {
	times []time.Duration
	dates bool // the first line is one
}

func (p *timesParser) line(text string) *LineMistake {
	const want = "a time in seconds, such as 1.25, or like 2026-01-31T12:00:00.25Z"
	isDate := strings.ContainsAny(text, ":Tt")
	if len(p.times) == 0 {
		p.dates = isDate
	}
	if isDate != p.dates {
		return &LineMistake{Problem: fmt.Sprintf("%.40q is not written as the times before", text), Want: "all in seconds, or all as dates"}
	}
	at, err := parseTime(text, isDate)
	if err != nil {
		return &LineMistake{Problem: fmt.Sprintf("%.40q is %v", text, err), Want: want}
	}
	if n := len(p.times); n > 0 && at < p.times[n-1] {
		return &LineMistake{Problem: text + " is before the time on the line before", Want: "times that do not fall"}
	}
	if len(p.times) > 0 && at-p.times[0] < 0 { // more than an int64 holds
		return &LineMistake{Problem: text + " is too far from the first time", Want: "a trace of fewer than 292 years"}
	}
	p.times = append(p.times, at)
	return nil
}

var (
	errNoTime = errors.New("not a time")
	errRange  = errors.New("out of range")
)

// parseTime reads a time, exactly to the nanosecond, as an offset from 0 or from
// 1970. Digits beyond are cut off.
func parseTime(text string, isDate bool) (time.Duration, error) {
	if isDate {
		at, err := time.Parse(time.RFC3339Nano, text)
		switch {
		case err != nil:
			return 0, errNoTime
		case at.Year() < 1700 || at.Year() > 2200: // what a Duration from 1970 holds
			return 0, errRange
		}
		return time.Duration(at.UnixNano()), nil
	}
	if strings.Trim(text, "0123456789.-+eE") != "" {
		return 0, errNoTime
	}
	if strings.ContainsAny(text, "eE") { // as programs write small numbers
		return parsePower(text)
	}
	at, err := time.ParseDuration(text + "s")
	if err == nil {
		return at, nil
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return 0, errRange
	}
	return 0, errNoTime
}

func parsePower(text string) (time.Duration, error) {
	seconds, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, errNoTime
	}
	seconds.Mul(seconds, big.NewRat(int64(time.Second), 1))
	at := new(big.Int).Quo(seconds.Num(), seconds.Denom())
	if !at.IsInt64() {
		return 0, errRange
	}
	return time.Duration(at.Int64()), nil
}

// ParseCounts reads a trace of counts, one whole number per line, none of them above
// the most that is given. Its error is like ParseTimes's.
func ParseCounts(from io.Reader, most int64) ([]int64, error) {
	var counts []int64
	var sum int64
	err := parseLines(from, func(text string) *LineMistake {
		n, err := strconv.ParseUint(text, 10, 53)
		switch {
		case errors.Is(err, strconv.ErrRange) || sum > maxArrivals-int64(n):
			return &LineMistake{Problem: fmt.Sprintf("%.40s is too many arrivals", text), Want: fmt.Sprintf("at most %d in all", int64(maxArrivals))}
		case err == nil && int64(n) > most:
			return &LineMistake{Problem: fmt.Sprintf("%d arrivals are more than one machine sends in the interval", n), Want: fmt.Sprintf("at most %d", most)}
		case err != nil:
			return &LineMistake{Problem: fmt.Sprintf("%.40q is not a number of arrivals", text), Want: "a whole number, such as 17"}
		}
		sum += int64(n)
		counts = append(counts, int64(n))
		return nil
	})
	return counts, err
}

// parseLines hands each line with something on it to a function, until too many
// are at fault.
func parseLines(from io.Reader, entry func(text string) *LineMistake) error {
	var mistakes []error
	lines := bufio.NewScanner(from)
	number, entries := 0, 0
	for lines.Scan() && len(mistakes) < maxMistakes {
		number++
		text := lines.Text()
		if number == 1 {
			text = strings.TrimPrefix(text, "\ufeff") // an editor's byte order mark
		}
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if entries++; entries > maxEntries {
			mistakes = append(mistakes, &LineMistake{number, fmt.Sprintf("more than %d entries", maxEntries), "fewer, or counts per interval"})
			break
		}
		if m := entry(text); m != nil {
			m.Line = number
			mistakes = append(mistakes, m)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		mistakes = append(mistakes, &LineMistake{number + 1, "too long", "one entry per line"})
	case err != nil:
		return fmt.Errorf("read trace: %w", err)
	case entries == 0:
		mistakes = append(mistakes, &LineMistake{0, "the trace is empty", "one entry per line"})
	}
	return errors.Join(mistakes...)
}
