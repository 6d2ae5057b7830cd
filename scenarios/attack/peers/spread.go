package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// spread is what the rounds gave: their median, and the least and the most of them.
type spread struct {
	median, low, high float64
	n                 int
}

// spreadOf makes a spread of some values.
func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return spread{median: (sorted[(n-1)/2] + sorted[n/2]) / 2, low: sorted[0], high: sorted[n-1], n: n}
}

// format writes the median and, of several rounds, the range in brackets. Without
// rounds it is a dash.
func (s spread) format(number func(float64) string) string {
	switch s.n {
	case 0:
		return absent
	case 1:
		return number(s.median)
	}
	return fmt.Sprintf("%s [%s, %s]", number(s.median), number(s.low), number(s.high))
}

// absent stands where there is no figure.
const absent = "–"

// digits writes a number with three significant digits, two of very small ones, and
// thousands apart.
func digits(v float64) string {
	switch {
	case v >= 1000:
		return thousands(int64(v + 0.5))
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	case v >= 0.0995 || v == 0:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

// thousands writes a whole number with its thousands apart.
func thousands(n int64) string {
	text := fmt.Sprint(n)
	var b strings.Builder
	for i, r := range text {
		if i > 0 && (len(text)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func micro(d time.Duration) string { return digits(microseconds(d)) }
func milli(d time.Duration) string { return digits(float64(d) / float64(time.Millisecond)) }

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// span writes a length of time that was asked for: 1 ms, 10 s.
func span(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%g ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%g s", d.Seconds())
}
