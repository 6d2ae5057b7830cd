package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"servebench/reports/format"
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
	fmt.Fprintf(w, "The load generator is VALID up to %s with Poisson arrivals, on %s of this machine.\n\n",
		format.Rate(d.MaxRate), cpusText(d.Machine.Generator))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "FLOOR AT\tP50\tP90\tP99\tP99.9\tn\t")
	for _, f := range d.Floors {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t\n", format.Rate(f.Rate),
			floorText(f.P50), floorText(f.P90), floorText(f.P99), floorText(f.P999), format.Count(f.N))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, out := range d.LeftOut {
		fmt.Fprintf(w, "No floor at %s, in two tries: %s.\n", format.Rate(out.Rate), out.Why)
	}
	if _, err := fmt.Fprint(w, `
The floor is the response time of a server that answers at once: what the generator,
the kernel and loopback take of themselves. A server's own times are above it, and
differences between servers that are smaller than it are hard to see. Above the rate,
runs would be INVALID here whatever the server does.
`); err != nil || !d.Quick {
		return err
	}
	_, err := fmt.Fprintln(w, "These are the coarse figures of --quick, which are not kept: runs do not show them.")
	return err
}

// cpusText names CPUs of a list: "CPU 0", "CPUs 0-3".
func cpusText(list string) string {
	if strings.ContainsAny(list, ",-") {
		return "CPUs " + list
	}
	return "CPU " + list
}

// floorText is a quantile of a floor, where the answers were enough for it.
func floorText(d time.Duration) string {
	if d == 0 {
		return "n too small"
	}
	return format.Duration(d)
}
