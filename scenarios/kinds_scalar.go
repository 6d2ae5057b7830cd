package scenarios

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"servebench/scenarios/arrivals"
	"servebench/targets"
)

// rates are numbers of requests per second above 0, and ratesFromZero those that may
// be 0 where a load begins or ends.
func rates() kind[Rate] { return ratesAbove(false) }

func ratesFromZero() kind[Rate] { return ratesAbove(true) }

func ratesAbove(orZero bool) kind[Rate] {
	want := "a rate per second, such as 200"
	read := func(n *node) (Rate, *flaw) {
		v, f := readNumber(n)
		switch {
		case f != nil:
			return 0, f
		case v < 0 || math.Signbit(v) || v == 0 && !orZero:
			return 0, &flaw{problem: n.text + " is not above 0"}
		case v > arrivals.MaxRate:
			return 0, &flaw{problem: fmt.Sprintf("%s is above %d", n.text, int64(arrivals.MaxRate))}
		}
		return Rate(v), nil
	}
	write := func(r Rate) any { return writeNumber(float64(r)) }
	return scalar("rate per second", want, read, write, func() *jsonschema.Schema {
		s := &jsonschema.Schema{Type: "number", ExclusiveMinimum: "0", Maximum: jsonNumber(arrivals.MaxRate)}
		if orZero {
			s.ExclusiveMinimum, s.Minimum = "", "0"
		}
		return s
	})
}

// numbers are decimal numbers in a range, or the whole ones among them.
func numbers(min, max float64, whole bool) kind[float64] {
	label, kindOf := "number", "a number"
	if whole {
		label, kindOf = "whole number", "a whole number"
	}
	span := fmt.Sprintf("from %s to %s", formatNumber(min), formatNumber(max))
	read := func(n *node) (float64, *flaw) {
		v, f := readNumber(n)
		switch {
		case f != nil:
			return 0, f
		case v < min:
			return 0, &flaw{problem: fmt.Sprintf("%s is below %s", n.text, formatNumber(min))}
		case v > max:
			return 0, &flaw{problem: fmt.Sprintf("%s is above %s", n.text, formatNumber(max))}
		case whole && v != math.Trunc(v):
			return 0, &flaw{problem: n.text + " is not a whole number"}
		}
		return v, nil
	}
	return scalar(label+" "+span, kindOf+" "+span, read, writeNumber, func() *jsonschema.Schema {
		s := &jsonschema.Schema{Type: "number", Minimum: jsonNumber(min), Maximum: jsonNumber(max)}
		if whole {
			s.Type = "integer"
		}
		return s
	})
}

// wholes are whole numbers from min to max.
func wholes[V int | uint64](min, max uint64) kind[V] {
	read := func(n *node) (V, *flaw) {
		v, f := readWhole(n, min, max)
		return V(v), f
	}
	span := fmt.Sprintf("whole number from %d to %d", min, max)
	return scalar(span, "a "+span, read, func(v V) any { return v }, func() *jsonschema.Schema {
		return &jsonschema.Schema{
			Type:    "integer",
			Minimum: json.Number(strconv.FormatUint(min, 10)),
			Maximum: json.Number(strconv.FormatUint(max, 10)),
		}
	})
}

// durationsFromZero are those that may be 0s, as the beginning of a load is.
func durationsFromZero() kind[time.Duration] {
	k := durations()
	above := k.read
	k.read = func(d *decoder, n *node, path string) (time.Duration, bool) {
		if v, err := time.ParseDuration(n.text); n.shape == scalarShape && err == nil && v == 0 {
			d.keep(path, n.written)
			return 0, true
		}
		return above(d, n, path)
	}
	return k
}

func durations() kind[time.Duration] {
	write := func(d time.Duration) any { return formatDuration(d) }
	return scalar("duration", "a duration with its unit, such as 10s or 250ms", readDuration, write, func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: `^\+?([0-9]*\.?[0-9]+(ns|us|µs|μs|ms|s|m|h)|[0-9]+\.(ns|us|µs|μs|ms|s|m|h))+$`}
	})
}

func sizes() kind[targets.Bytes] {
	write := func(b targets.Bytes) any { return b.String() }
	return scalar("size", "a size with its unit, such as 512MiB or 2GB", readSize, write, func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: `^\s*[0-9]*\.?[0-9]*\s*(B|KiB|MiB|GiB|TiB|kB|KB|MB|GB|TB)\s*$`}
	})
}

func fractions() kind[float64] {
	return scalar("fraction", "a fraction such as 0.01 or 1%", readFraction, formatFraction, func() *jsonschema.Schema {
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "number", Minimum: "0", Maximum: "1"},
			{Type: "string", Pattern: `^[0-9]+(\.[0-9]+)?%$`},
		}}
	})
}

func booleans() kind[bool] {
	read := func(n *node) (bool, *flaw) {
		if n.style == boolean || n.style == verbatim {
			switch strings.ToLower(n.text) {
			case "true":
				return true, nil
			case "false":
				return false, nil
			}
		}
		return false, &flaw{problem: n.String() + " is neither true nor false"}
	}
	return scalar("true or false", "true or false", read, func(v bool) any { return v }, func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "boolean"}
	})
}
