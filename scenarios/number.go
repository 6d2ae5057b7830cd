package scenarios

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// isNumber reports whether the text is a decimal number: -?digits[.digits] and
// an exponent. YAML's other notations (0x1F, 017, 1_000, .inf) are no numbers
// here, since they are more often a slip than meant.
func isNumber(text string) bool {
	rest := strings.TrimPrefix(text, "-")
	whole, rest := cutDigits(rest)
	if whole == "" || (len(whole) > 1 && whole[0] == '0') {
		return false
	}
	if after, ok := strings.CutPrefix(rest, "."); ok {
		var decimals string
		if decimals, rest = cutDigits(after); decimals == "" {
			return false
		}
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		rest = rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		var power string
		if power, rest = cutDigits(rest); power == "" {
			return false
		}
	}
	return rest == ""
}

// cutDigits splits off the digits that a text begins with.
func cutDigits(text string) (digits, rest string) {
	rest = strings.TrimLeft(text, "0123456789")
	return text[:len(text)-len(rest)], rest
}

// formatNumber writes a number so that reading it gives the same one back.
func formatNumber(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// writeNumber returns a number for the YAML encoder, whole ones without the
// decimal point that it would give them.
func writeNumber(v float64) any {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return int64(v)
	}
	return v
}

// jsonNumber returns a bound for a schema, "" (none) for an infinite one.
func jsonNumber(v float64) json.Number {
	if math.IsInf(v, 0) {
		return ""
	}
	return json.Number(formatNumber(v))
}

// formatFraction writes a fraction as a percentage, by moving the decimal
// point: arithmetic could change the number.
func formatFraction(v float64) any {
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
