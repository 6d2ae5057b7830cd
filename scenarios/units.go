package scenarios

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"servebench/targets"
)

// Rate is a number of requests per second.
type Rate float64

// flaw says what is wrong with a value.
type flaw struct {
	problem string
	want    string // "": what the kind of value wants in general
}

// readNumber reads a decimal number that stands without quotes.
func readNumber(n *node) (float64, *flaw) {
	if n.style == quoted && isNumber(n.text) {
		return 0, &flaw{problem: n.String() + " is text, not a number"}
	}
	if n.style == quoted || !isNumber(n.text) {
		return 0, &flaw{problem: n.String() + " is not a number"}
	}
	v, err := strconv.ParseFloat(n.text, 64)
	if err != nil {
		return 0, &flaw{problem: n.String() + " is too large a number"}
	}
	return v, nil
}

// readWhole reads a whole number from min to max.
func readWhole(n *node, min, max uint64) (uint64, *flaw) {
	if _, f := readNumber(n); f != nil {
		return 0, f
	}
	if strings.ContainsAny(n.text, ".eE") {
		return 0, &flaw{problem: n.text + " is not a whole number"}
	}
	if strings.HasPrefix(n.text, "-") {
		return 0, &flaw{problem: fmt.Sprintf("%s is below %d", n.text, min)}
	}
	v, err := strconv.ParseUint(n.text, 10, 64)
	switch {
	case err != nil || v > max:
		return 0, &flaw{problem: fmt.Sprintf("%s is above %d", n.text, max)}
	case v < min:
		return 0, &flaw{problem: fmt.Sprintf("%s is below %d", n.text, min)}
	}
	return v, nil
}

// readDuration reads a duration above 0, with its unit.
func readDuration(n *node) (time.Duration, *flaw) {
	if n.style != quoted && isNumber(n.text) && n.text != "0" {
		return 0, &flaw{n.text + " has no unit", fmt.Sprintf("for example %ss", strings.TrimPrefix(n.text, "-"))}
	}
	d, err := time.ParseDuration(n.text)
	switch {
	case err != nil:
		return 0, noDuration(n)
	case d <= 0:
		return 0, &flaw{problem: n.text + " is not above 0"}
	case d > maxDuration:
		return 0, &flaw{problem: n.text + " is longer than " + formatDuration(maxDuration)}
	}
	return d, nil
}

// noDuration says what is wrong with a text that is no duration to Go.
func noDuration(n *node) *flaw {
	number := strings.TrimRight(n.text, " dayshinµmuw")
	unit := strings.TrimSpace(n.text[len(number):])
	if v, err := strconv.ParseFloat(number, 64); err == nil && isNumber(number) && v > 0 && !strings.ContainsAny(number, "eE") {
		switch unit {
		case "d", "day", "days":
			return &flaw{n.String() + " is not a duration: days are no unit", fmt.Sprintf("hours, such as %sh", formatNumber(24*v))}
		case "ns", "us", "µs", "ms", "s", "m", "h":
			if !strings.Contains(n.text, " ") {
				return &flaw{problem: n.text + " is longer than " + formatDuration(maxDuration)}
			}
			return &flaw{n.String() + " is not a duration", fmt.Sprintf("%s%s, without the space", number, unit)}
		case "min":
			return &flaw{n.String() + " is not a duration", number + "m"}
		}
	}
	return &flaw{problem: n.String() + " is not a duration"}
}

// maxDuration bounds every duration and the length of a run.
const maxDuration = 30 * 24 * time.Hour

// formatDuration writes a duration without the empty parts that
// time.Duration.String ends with: "1m", not "1m0s".
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// readSize reads a size of at least minSize, with its unit.
func readSize(n *node) (targets.Bytes, *flaw) {
	if n.style != quoted && isNumber(n.text) {
		return 0, &flaw{n.text + " has no unit", fmt.Sprintf("for example %sMiB", strings.TrimPrefix(n.text, "-"))}
	}
	if digits, ok := strings.CutSuffix(n.text, "M"); ok && isNumber(digits) {
		return 0, &flaw{n.String() + " may mean either of two sizes", fmt.Sprintf("%sMiB (1024 × 1024) or %sMB (1000 × 1000)", digits, digits)}
	}
	b, err := targets.ParseBytes(n.text)
	switch {
	case errors.Is(err, targets.ErrTooLarge):
		return 0, &flaw{problem: n.text + " is larger than any size"}
	case err != nil:
		return 0, &flaw{problem: n.String() + " is not a size"}
	case b < minSize:
		return 0, &flaw{problem: n.text + " is less than " + minSize.String()}
	}
	return b, nil
}

// minSize is the least memory that is taken for a limit and not for a slip.
const minSize = targets.MiB

// readFraction reads a number from 0 to 1, or a percentage from 0% to 100%.
func readFraction(n *node) (float64, *flaw) {
	digits, percent := strings.CutSuffix(n.text, "%")
	if !percent {
		v, f := readNumber(n)
		if f == nil && v > 1 && v <= 100 {
			return 0, &flaw{n.text + " is above 1", fmt.Sprintf("for example %s%%", n.text)}
		}
		return inFraction(n, v, f)
	}
	if !isNumber(digits) || strings.ContainsAny(digits, "eE") {
		return 0, &flaw{problem: n.String() + " is not a fraction"}
	}
	// Moving the exponent, not dividing, keeps 0.1% the same number as 0.001.
	v, err := strconv.ParseFloat(digits+"e-2", 64)
	if err != nil {
		return 0, &flaw{problem: n.String() + " is too large a number"}
	}
	return inFraction(n, v, nil)
}

func inFraction(n *node, v float64, f *flaw) (float64, *flaw) {
	switch {
	case f != nil:
		return 0, f
	case v < 0 || math.Signbit(v):
		return 0, &flaw{problem: n.text + " is below 0"}
	case v > 1:
		return 0, &flaw{problem: n.text + " is above 1"}
	}
	return v, nil
}
