package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/format"
	"servebench/reports/record"
)

// none stands where there is nothing to show.
const none = "–"

// FormatBase is the base's value with its unit.
func (f Figure) FormatBase() string { return f.format(f.Base) }

// FormatNew is the new run's value with its unit.
func (f Figure) FormatNew() string { return f.format(f.New) }

func (f Figure) format(v Value) string {
	switch {
	case !v.Known && f.quantile():
		return "n too small"
	case !v.Known:
		return none
	case f.Unit == Seconds:
		return format.Duration(time.Duration(v.Value * float64(time.Second)))
	case f.Unit == PerSecond:
		return format.Rate(v.Value)
	}
	return format.Percent(v.Value)
}

// quantile says that the figure takes more requests the farther out it lies.
func (f Figure) quantile() bool {
	return slices.Contains([]string{record.MetricP50, record.MetricP90, record.MetricP99, record.MetricP999}, f.Metric)
}

// FormatChange is "×1.02", of an error rate "+0.3 %".
func (f Figure) FormatChange() string {
	switch {
	case !f.Known:
		return none
	case f.Unit == Share:
		return signed(format.Percent(f.Change))
	}
	return "×" + format.Number(f.Change)
}

// FormatBounds is the interval of FormatChange; "" where there is none.
func (f Figure) FormatBounds() string {
	switch {
	case !f.HasInterval:
		return ""
	case f.Unit == Share:
		return format.PercentInterval(f.Low, f.High)
	}
	return format.Interval(f.Low, f.High)
}

// signed puts a plus before what is above zero.
func signed(s string) string {
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "0 ") {
		return s
	}
	return "+" + s
}

// FormatDirection says where the interval excludes that the runs are alike: "higher in
// NEW", "lower in NEW"; else "". It is a word on the runs, not on the servers.
func (f Figure) FormatDirection() string {
	switch f.Differs() {
	case 1:
		return "higher in NEW"
	case -1:
		return "lower in NEW"
	}
	return ""
}

// FormatN is how many rounds, or starts, are in either value: "5, 5".
func (f Figure) FormatN() string { return fmt.Sprintf("%d, %d", f.Base.N, f.New.N) }
