package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/generators/drift"
	"servebench/generators/drift/alarms"
	"servebench/reports/analysis/ab/proof"
	"servebench/reports/format"

	"github.com/spf13/cobra"
)

// driftRates are how often the detectors were right, as written as JSON.
type driftRates struct {
	Schema  string      `json:"schema"`
	Promise float64     `json:"promise"` // the share of runs without drift that may have an alarm
	Rows    []driftRate `json:"rows"`
}

type driftRate struct {
	Detector string     `json:"detector"`
	Drift    string     `json:"drift"`
	False    proof.Rate `json:"false_alarms"`       // runs with an alarm before the drift, or without one
	Found    proof.Rate `json:"found"`              // runs with an alarm after it
	Delay    *int       `json:"delay_requests_p50"` // from the drift to the alarm
}

func proveDriftCommand() *cobra.Command {
	runs := 100
	output := option.NewOneOf("text", "json")
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Find out how often the detectors of drift are wrong, and how late they are right",
		Long: fmt.Sprintf(`Play runs without drift, and runs in which the inputs or the labelling move halfway, and
count the alarms of every detector. A run is %s requests of the generator sea, and without
drift of credit too, whose categories and numbers repeat; windows are of %d requests, and
reference data of %s rows. Each detector promises that at most
%g %% of runs without drift have an alarm. The same number of runs gives the same
figures on any machine.

Exit codes:
  0    no detector breaks its promise, as far as so few runs tell
  1    something failed while running
  10   one does: the whole interval of its false alarms is above %g %%
  64   a mistake in the command line
  130  interrupted
`, format.Count(alarms.Requests), alarms.Window, format.Count(alarms.Reference), 100*drift.Alpha, 100*drift.Alpha),
		Example: `  servebench prove drift
  servebench prove drift --runs 20 -o json | jq '.rows[] | {detector, drift, found: .found.rate}'`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runs < 1 {
				return cli.Fail(cli.Usage, fmt.Errorf("--runs %d: want 1 or more", runs))
			}
			return proveDrift(cmd, runs, output.Value)
		},
	}
	cmd.Flags().IntVar(&runs, "runs", runs, "runs of each kind")
	cmd.Flags().VarP(output, "output", "o", "print as")
	return cmd
}

func proveDrift(cmd *cobra.Command, runs int, output string) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rates, err := simulateDrift(ctx, runs)
	if err != nil {
		return unproven(ctx, err)
	}
	print := func(w io.Writer) error { return writeDriftRates(w, rates, runs) }
	return cli.Worst(cli.Fail(cli.Runtime, cli.PrintAs(cmd.OutOrStdout(), output, rates, print)), cli.Fail(cli.Failed, rates.broken()...))
}

func simulateDrift(ctx context.Context, runs int) (driftRates, error) {
	rows, err := alarms.Run(ctx, alarms.Cases(), runs)
	rates := driftRates{Schema: "servebench.drift-proof/v1", Promise: drift.Alpha}
	for _, row := range rows {
		rate := driftRate{Detector: row.Detector, Drift: row.Case.Name, False: proof.Rate{K: row.False, N: row.Runs}}
		if row.Case.Drifts() {
			rate.Found.K, rate.Found.N = row.Found, row.Runs
		}
		if delay, ok := row.MedianDelay(); ok {
			rate.Delay = &delay
		}
		rates.Rows = append(rates.Rows, rate)
	}
	return rates, err
}

// broken says which detectors raise alarms too often.
func (d driftRates) broken() []error {
	var all []error
	for _, r := range d.Rows {
		if low, _ := r.False.Interval(); low > d.Promise {
			all = append(all, fmt.Errorf("%s: alarms without drift in %s %% of %d runs (%s), want at most %g %%", r.Detector, r.False.Percent(), r.False.N, r.Drift, 100*d.Promise))
		}
	}
	return all
}

func writeDriftRates(w io.Writer, rates driftRates, runs int) error {
	fmt.Fprintf(w, `How often the detectors raise an alarm: %s runs for each line, of %s requests, with
the drift after %s. A false alarm is one before the drift, or where there is none: at most
%g %% of the runs may have one. The delay is the median of the runs in which it was found.

`, format.Count(int64(runs)), format.Count(alarms.Requests), format.Count(alarms.ShiftAt), 100*rates.Promise)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "DRIFT\tDETECTOR\tFALSE ALARM %\t[95% CI]\tFOUND %\t[95% CI]\tDELAY (REQUESTS)\t")
	for _, r := range rates.Rows {
		found, bounds, delay := "–", "", "–"
		if r.Found.N > 0 {
			found, bounds = r.Found.Percent(), r.Found.Bounds()
		}
		if r.Delay != nil {
			delay = format.Count(int64(*r.Delay))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", r.Drift, r.Detector, r.False.Percent(), r.False.Bounds(), found, bounds, delay)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, `
x1 +1σ: the mean of one input moves by one standard deviation, and the errors stay the same.
concept 8 → 9: the labelling moves, so that 17 % of the answers are wrong instead of 10 %, and the
inputs stay the same.
`)
	return err
}
