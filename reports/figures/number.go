package figures

import (
	"math"
	"strconv"
	"time"
)

// plain writes the value of a tick with as few digits as six significant ones
// need: "0.5", "2", "10000". Ticks of a narrow axis differ in later digits than
// the measured figures that stats writes.
func plain(v float64) string {
	text := strconv.FormatFloat(v, 'g', 6, 64)
	rounded, _ := strconv.ParseFloat(text, 64) // FormatFloat's own output
	if size := math.Abs(rounded); size >= 1e9 || size > 0 && size < 1e-6 {
		return strconv.FormatFloat(rounded, 'g', -1, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// milliseconds turns a recorded latency into what the axes show. Zero, which
// a logarithm has no place for, counts as one nanosecond.
func milliseconds(nanoseconds int64) float64 {
	return math.Max(float64(nanoseconds), 1) / float64(time.Millisecond)
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
