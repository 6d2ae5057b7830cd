package decode

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
)

// MaxDuration bounds every duration.
const MaxDuration = 30 * 24 * time.Hour

// Duration are times above 0, or from 0 on, with their unit. usual is the unit proposed for
// a number without one; "": s.
func Duration(orZero bool, usual string) Scalar {
	return Scalar{
		Label: "duration", Want: "a duration with its unit, such as 10s or 250ms",
		Read:   func(n *Node) (any, *Flaw) { return readDuration(n, orZero, cmp.Or(usual, "s")) },
		Write:  func(v any) any { return FormatDuration(v.(time.Duration)) },
		Schema: jsonschema.Schema{Type: "string", Pattern: `^\+?([0-9]*\.?[0-9]+(ns|us|µs|μs|ms|s|m|h)|[0-9]+\.(ns|us|µs|μs|ms|s|m|h))+$`},
	}
}

func readDuration(n *Node, orZero bool, usual string) (time.Duration, *Flaw) {
	d, err := time.ParseDuration(n.Text)
	switch {
	case err == nil && d == 0 && orZero:
		return 0, nil
	case n.Unitless() && n.Text != "0":
		return 0, &Flaw{n.Text + " has no unit", "for example " + strings.TrimPrefix(n.Text, "-") + usual}
	case err != nil:
		return 0, noDuration(n)
	case d <= 0:
		return 0, &Flaw{Problem: n.Text + " is not above 0"}
	case d > MaxDuration:
		return 0, &Flaw{Problem: n.Text + " is longer than " + FormatDuration(MaxDuration)}
	}
	return d, nil
}

// noDuration says what is wrong with a text that is no duration to Go.
func noDuration(n *Node) *Flaw {
	number := strings.TrimRight(n.Text, " dayshinµmuw")
	unit := strings.TrimSpace(n.Text[len(number):])
	if v, err := strconv.ParseFloat(number, 64); err == nil && IsNumber(number) && v > 0 && !strings.ContainsAny(number, "eE") {
		switch unit {
		case "d", "day", "days":
			return &Flaw{n.String() + " is not a duration: days are no unit", fmt.Sprintf("hours, such as %sh", FormatNumber(24*v))}
		case "ns", "us", "µs", "ms", "s", "m", "h":
			if !strings.Contains(n.Text, " ") {
				return &Flaw{Problem: n.Text + " is longer than " + FormatDuration(MaxDuration)}
			}
			return &Flaw{n.String() + " is not a duration", fmt.Sprintf("%s%s, without the space", number, unit)}
		case "min":
			return &Flaw{n.String() + " is not a duration", number + "m"}
		}
	}
	return &Flaw{Problem: n.String() + " is not a duration"}
}

// FormatDuration writes a duration without the empty parts that time.Duration.String
// ends with: "1m", not "1m0s".
func FormatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Fraction are numbers from 0 to 1, or percentages from 0% to 100%.
func Fraction() Scalar {
	return Scalar{
		Label: "fraction", Want: "a fraction such as 0.01 or 1%",
		Read:  func(n *Node) (any, *Flaw) { return readFraction(n) },
		Write: func(v any) any { return FormatFraction(v.(float64)) },
		Schema: jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "number", Minimum: "0", Maximum: "1"},
			{Type: "string", Pattern: `^[0-9]+(\.[0-9]+)?%$`},
		}},
	}
}

func readFraction(n *Node) (v float64, f *Flaw) {
	digits, percent := strings.CutSuffix(n.Text, "%")
	switch {
	case !percent:
		if v, f = n.Number(); f != nil {
			return 0, f
		}
	case !IsNumber(digits) || strings.ContainsAny(digits, "eE"):
		return 0, &Flaw{Problem: n.String() + " is not a fraction"}
	default: // Moving the exponent, not dividing, keeps 0.1% the same number as 0.001.
		var err error
		if v, err = strconv.ParseFloat(digits+"e-2", 64); err != nil {
			return 0, &Flaw{Problem: n.String() + " is too large a number"}
		}
	}
	switch {
	case v < 0 || math.Signbit(v):
		return 0, &Flaw{Problem: n.Text + " is below 0"}
	case v > 1 && v <= 100 && !percent:
		return 0, &Flaw{n.Text + " is above 1", fmt.Sprintf("for example %s%%", n.Text)}
	case v > 1:
		return 0, &Flaw{Problem: n.Text + " is above 1"}
	}
	return v, nil
}

// FormatFraction writes a fraction as a percentage, by moving the decimal point:
// arithmetic could change the number.
func FormatFraction(v float64) string {
	whole, decimals, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	for len(decimals) < 2 {
		decimals += "0"
	}
	whole = strings.TrimLeft(whole+decimals[:2], "0")
	if whole == "" {
		whole = "0"
	}
	if decimals[2:] == "" {
		return whole + "%"
	}
	return whole + "." + decimals[2:] + "%"
}
