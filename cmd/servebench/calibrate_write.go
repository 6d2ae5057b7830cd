package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"servebench/reports/record"
	"servebench/reports/stats"
	"servebench/scenarios/calibration"
)

func writeCalibrationJSON(w io.Writer, d calibration.Document) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// writeCalibration writes the rate, the table of floors, those left out, and what
// they mean.
func writeCalibration(w io.Writer, d calibration.Document) error {
	fmt.Fprintf(w, "The load generator is VALID up to %s with Poisson arrivals, on CPUs %s of this machine.\n\n",
		stats.FormatRate(d.MaxRate), d.Machine.Generator)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "FLOOR AT\tP50\tP90\tP99\tP99.9\tn\t")
	for _, f := range d.Floors {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t\n", stats.FormatRate(f.Rate),
			floorText(f.P50), floorText(f.P90), floorText(f.P99), floorText(f.P999), stats.FormatCount(f.N))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, rate := range floorRates(d.MaxRate) {
		if !slices.ContainsFunc(d.Floors, func(f record.Floor) bool { return f.Rate == rate }) {
			fmt.Fprintf(w, "No floor at %s: the generator was INVALID in both loads that were to measure it.\n", stats.FormatRate(rate))
		}
	}
	_, err := fmt.Fprint(w, `
The floor is the response time of a server that answers at once: what the generator,
the kernel and loopback take of themselves. A server's own times are above it, and
differences between servers that are smaller than it are hard to see. Above the rate,
runs would be INVALID here whatever the server does.
`)
	return err
}

// floorText is a quantile of a floor, where the answers were enough for it.
func floorText(d time.Duration) string {
	if d == 0 {
		return "n too small"
	}
	return stats.FormatDuration(d)
}
