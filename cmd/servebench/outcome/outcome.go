// Package outcome is what servebench's exit code says of a run: the code of a verdict and
// that of an error, and the help that explains them.
package outcome

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"servebench/cmd/cli"
	"servebench/reports/analysis"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/scenarios/ab"
	"servebench/scenarios/decode"
	"servebench/scenarios/trial"
)

// Help stands in the help of every command that ends with these codes.
const Help = `Exit codes:
  0    done, and the measurement is VALID; PASS of a gate
  1    something failed while running: a server died, a report could not be written
       (which leaves 10 to 13 as they are)
  10   FAIL of a gate (run --gate, gate, ab): a limit is broken, or the candidate
       is worse
  11   INCONCLUSIVE of a gate: too few data to decide
  12   INVALID: the load generator was the bottleneck, or this machine cannot give
       what it needs, or nothing was measured: there is no result
  13   of compare: the runs are not comparable
  20   a target is not available, or its server never got ready or gave no right
       first answer
  64   a mistake in the command line or in a scenario file
  130  interrupted; what was measured until then is saved
`

// OfRun is what a run says through the exit code.
func OfRun(run *record.Run, a *analysis.Analysis, gate bool) error {
	switch {
	case run.Interrupted != "":
		return cli.Fail(cli.Interrupted, fmt.Errorf("%s; saved to %s", run.Interrupted, run.Dir))
	case a == nil: // the reports failed, which is told elsewhere
		return nil
	}
	return OfAnalysis(a, gate)
}

// OfAnalysis is what an analysis says through the exit code, as stdout does; without
// gate its verdict on the servers says nothing there.
func OfAnalysis(a *analysis.Analysis, gate bool) error {
	code, text := cli.OK, ""
	switch {
	case a.Empty() && len(a.ServerFailures()) > 0: // it says nothing of the load generator
		code, text = cli.NotAvailable, "NO RESULT: "+sentence.Nothing(a)
	case a.AB != nil && a.AB.NeverServed != nil:
		code, text = cli.NotAvailable, "NO RESULT: "+sentence.ABWhy(a)
	case a.Empty():
		code, text = cli.Invalid, "NO RESULT: "+sentence.Nothing(a)
	case a.Validity == record.Invalid:
		code, text = cli.Invalid, "INVALID: "+sentence.Disbelief(a)+invalidBecause(a)
	case gate && a.Verdict == record.Fail:
		code, text = cli.Failed, "FAIL: "+sentence.Verdict(a)
	case gate && (a.Verdict == record.Inconclusive || a.Verdict == record.NoLimit || a.Shortfall() != nil): // a run without a verdict is none better
		code, text = cli.Inconclusive, "INCONCLUSIVE: "+sentence.Verdict(a)
	default:
		return nil
	}
	return &cli.ExitError{Code: code, Err: errors.New(text), Printed: true}
}

// invalidBecause says by which rules a run is INVALID, and what to do, for those who see
// stderr alone.
func invalidBecause(a *analysis.Analysis) string {
	var b strings.Builder
	for _, d := range a.Diagnostics {
		if d.Severity == record.SeverityError {
			fmt.Fprintf(&b, "\n  %s: %s\n  -> %s", d.Rule, sentence.Diagnostic(d), d.Action)
		}
	}
	return b.String()
}

// OfError gives a run's error its exit code.
func OfError(err error) error {
	var missing *trial.NotAvailableError
	var faults decode.Faults
	var mistake *ab.UsageError
	var coded *cli.ExitError
	switch {
	case errors.As(err, &coded):
		return err
	case errors.As(err, &faults), errors.As(err, &mistake):
		return cli.Fail(cli.Usage, err)
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return cli.Fail(cli.Interrupted, err)
	case errors.As(err, &missing):
		return cli.Fail(cli.NotAvailable, err)
	}
	return cli.Fail(cli.Runtime, err)
}

// OfShown takes the text of an error of a run away, and keeps its exit code.
func OfShown(err error) error {
	if exit, coded := errors.AsType[*cli.ExitError](OfError(err)); coded {
		return cli.Fail(exit.Code, cli.ErrShown)
	}
	return nil
}
