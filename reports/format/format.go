// Package format writes measured figures for people: a number with its unit, three
// significant digits, never rounded into saying what was not measured. Every report and
// every diagnostic words its figures with it, so that one figure reads the same
// everywhere. It has no sentences: those are the document's.
package format

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The Format functions write measured figures for people: a number with its
// unit, three significant digits, never rounded into saying what was not
// measured. Every report words its figures with them, so that one figure reads
// the same everywhere.

// unit is a unit of time and where it ends.
type unit struct {
	name  string
	size  time.Duration
	below time.Duration
}

func units() []unit {
	return []unit{
		{"ns", time.Nanosecond, time.Microsecond},
		{"µs", time.Microsecond, time.Millisecond},
		{"ms", time.Millisecond, time.Second},
		{"s", time.Second, 1000 * time.Second},
		{"min", time.Minute, 120 * time.Minute},
		{"h", time.Hour, 72 * time.Hour},
		{"days", 24 * time.Hour, math.MaxInt64},
	}
}

// unitOf is the unit in which d, after rounding, reads between 1 and 1000, and as people
// say it.
func unitOf(d time.Duration) unit {
	d = max(d, -d)
	all := units()
	for _, u := range all {
		if float64(d) < 0.9995*float64(u.below) {
			return u
		}
	}
	return all[len(all)-1]
}

// Duration is "2.41 ms", "130 µs", "1.8 s".
func Duration(d time.Duration) string {
	if d == 0 {
		return "0 ms"
	}
	u := unitOf(d)
	return Number(float64(d)/float64(u.size)) + " " + u.name
}

// Milliseconds is the number alone, for a column whose head says ms, with
// its zeros: "1.90".
func Milliseconds(d time.Duration) string {
	return measured(float64(d) / float64(time.Millisecond))
}

// Range is an interval in the unit of its farther end: "[2.36, 2.49] ms".
func Range(low, high time.Duration) string {
	u := unitOf(max(high, -low))
	return Interval(float64(low)/float64(u.size), float64(high)/float64(u.size)) + " " + u.name
}

// DurationWithin is a time with its interval, the unit once where both have the same:
// "2.41 [2.36, 2.49] ms", "950 µs [0.90, 1.20] ms".
func DurationWithin(d, low, high time.Duration) string {
	if u := unitOf(d); d != 0 && u == unitOf(max(high, -low)) {
		return Number(float64(d)/float64(u.size)) + " " + Range(low, high)
	}
	return Duration(d) + " " + Range(low, high)
}

// Interval is "[2.36, 2.50]".
func Interval(low, high float64) string {
	return "[" + measured(low) + ", " + measured(high) + "]"
}

// measured has three significant digits, zeros included.
func measured(v float64) string {
	return strconv.FormatFloat(v, 'f', decimals(v, 3), 64)
}

// Number has three significant digits and no needless zeros; from 100 on it
// has no decimals.
func Number(v float64) string {
	return trim(measured(v))
}

// Significant keeps five digits, for formats that other programs read: the histograms
// hold three, and rounding must add nothing to that.
func Significant(v float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 5, 64), 64)
	if err != nil {
		return v
	}
	return rounded
}

// decimals is how many decimals show so many significant digits of v.
func decimals(v float64, digits int) int {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	// Rounding may carry into another digit: 9.996 has the magnitude of 10.
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(math.Abs(v), 'e', digits-1, 64), 64)
	magnitude := int(math.Floor(math.Log10(rounded))) + 1
	return max(digits-magnitude, 0)
}

// trim takes trailing zeros after the point away.
func trim(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// Rate is a number per second with one decimal below a thousand, and more below a tenth:
// "199.4/s", "0.00012/s".
func Rate(perSecond float64) string {
	return strings.TrimSuffix(RateNumber(perSecond), ".0") + "/s"
}

// RateNumber is FormatRate without its unit, for a column whose head has it.
func RateNumber(perSecond float64) string {
	digits := 0
	switch v := math.Abs(perSecond); {
	case v > 0 && v < 0.1:
		digits = decimals(v, 2)
	case v < 1000:
		digits = 1
	}
	return strconv.FormatFloat(perSecond, 'f', digits, 64)
}

// Percent is a share as "0.3 %". What is below one whole never reads 100 %, and
// what is above none never 0 %.
func Percent(share float64) string {
	return percentNumber(share) + percentUnit
}

func percentNumber(share float64) string {
	p := 100 * share
	digits := decimals(p, 3)
	if p > 90 && p < 100 {
		digits = max(digits, decimals(100-p, 2))
	}
	return trim(strconv.FormatFloat(p, 'f', min(digits, 6), 64))
}

// PercentWithin is a share with its interval: "0.3 [0.21, 0.44] %".
func PercentWithin(share, low, high float64) string {
	return percentNumber(share) + " " + PercentInterval(low, high)
}

// PercentInterval is "[0.21, 0.44] %".
func PercentInterval(low, high float64) string {
	return "[" + percentNumber(low) + ", " + percentNumber(high) + "]" + percentUnit
}

// Bytes is a size in powers of 1024: "41.3 MiB".
func Bytes(n int64) string {
	v := float64(n)
	for _, name := range []string{"B", "KiB", "MiB", "GiB"} {
		if math.Abs(v) < 999.5 {
			return Number(v) + " " + name
		}
		v /= 1024
	}
	return Number(v) + " TiB"
}

// Count is a whole number with groups of thousands: "12,000".
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Meter is a count with its unit, whole numbers with groups of thousands, but for
// milliseconds, which have none anywhere: "2,460 GB-s", "2460 ms", "0.00213 GB-s".
func Meter(v float64, unit string) string {
	s := Number(v)
	if v >= 1000 && unit != "ms" {
		s = Count(int64(v + 0.5))
	}
	if unit != "" {
		s += " " + unit
	}
	return s
}

// Change writes a ratio as a change: "+12.1 %", "−0.5 %", "+49,700 %". It has one decimal
// below a hundred, for a histogram's buckets are a thousandth of their values wide.
func Change(ratio float64) string {
	if math.IsInf(ratio, 1) {
		return "+∞" + percentUnit
	}
	size, sign := sizeOf(ratio), "+"
	switch {
	case size == "0.0":
		sign = ""
	case ratio < 1:
		sign = "−"
	}
	return sign + size + percentUnit
}

// ChangeInterval writes the bounds of a ratio as changes, open where there is none:
// "[+12.1, +∞) %".
func ChangeInterval(low, high float64) string {
	from, to := "(−∞", "+∞)"
	if low > 0 {
		from = "[" + strings.TrimSuffix(Change(low), percentUnit)
	}
	if !math.IsInf(high, 1) {
		to = strings.TrimSuffix(Change(high), percentUnit) + "]"
	}
	return from + ", " + to + percentUnit
}

// Difference is how far a ratio is from 1: "18.4 %".
func Difference(ratio float64) string { return sizeOf(ratio) + percentUnit }

// sizeOf is how far a ratio is from 1, in percent; from a hundred on it has three
// significant digits.
func sizeOf(ratio float64) string {
	size := 100 * math.Abs(ratio-1)
	switch {
	case size < 99.95:
		return strconv.FormatFloat(size, 'f', 1, 64)
	case size < 999.5:
		return strconv.FormatFloat(size, 'f', 0, 64)
	case size >= 1e15: // more than Count holds
		return strconv.FormatFloat(size, 'e', 2, 64)
	}
	step := math.Pow(10, math.Floor(math.Log10(size))-2)
	return Count(int64(math.Round(size/step) * step))
}

// percentUnit is the unit of a change.
const percentUnit = " %"

// Quantile is "p50", "p99.9".
func Quantile(q float64) string { return "p" + Number(100*q) }

// Plural is "1 round", "12 rounds".
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%s %ss", Count(int64(n)), what)
}

// List is "1, 2, 3".
func List(rounds []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(rounds), " ", ", "), "[]")
}

// Rounds names rounds, of which there is at least one, in ascending order and each
// once: "round 2", "rounds 1, 3".
func Rounds(numbers []int) string {
	named := slices.Compact(slices.Sorted(slices.Values(numbers)))
	if len(named) == 1 {
		return "round " + List(named)
	}
	return "rounds " + List(named)
}

// Dollars is an amount of money: "$0.0725", "$41.20", "$312", "$12,400". Below a cent it has
// three significant digits.
func Dollars(usd float64) string {
	sign := ""
	if usd < 0 {
		sign, usd = "-", -usd
	}
	switch {
	case usd >= 99.995:
		return sign + "$" + Count(int64(math.Round(min(usd, 1e18))))
	case usd >= 1 || usd == 0:
		return sign + "$" + strconv.FormatFloat(usd, 'f', 2, 64)
	}
	return sign + "$" + strconv.FormatFloat(usd, 'f', max(2, decimals(usd, 3)), 64)
}

// DollarsInterval is "[$38.10, $41.20]".
func DollarsInterval(low, high float64) string {
	return "[" + Dollars(low) + ", " + Dollars(high) + "]"
}
