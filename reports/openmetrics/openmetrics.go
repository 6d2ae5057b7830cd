// Package openmetrics writes a run as metrics in the text format of OpenMetrics, the
// file ci/metrics.txt, as Prometheus, its Pushgateway and GitLab's metrics reports
// read it. It stands at the end of the flow: everything in it is in the
// analysis.Analysis that it is given.
//
// Labels name the scenario, target and phase, and never the run: a reader that
// compares two files takes what has other labels for another metric. What is not
// known is left out, and a run that is INVALID or falls short of its plan has verdicts
// and no figures.
// https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
package openmetrics

import (
	"fmt"
	"io"

	"github.com/prometheus/common/expfmt"
	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/record"
)

// File is where the metrics lie in a run's folder.
const File = "ci/metrics.txt"

// Format is the metrics of a run.
func Format() reports.Format {
	return reports.Format{
		Name: "openmetrics",
		Doc:  "the figures and verdicts in OpenMetrics text, for Prometheus and GitLab (" + File + ")",
		CI:   true,

		Render: reports.Into(File, Write),
	}
}

// Write writes the metrics.
func Write(w io.Writer, a *analysis.Analysis) error {
	for _, family := range families(a) {
		if len(family.Metric) == 0 {
			continue
		}
		if _, err := expfmt.MetricFamilyToOpenMetrics(w, family.MetricFamily, expfmt.WithUnit()); err != nil {
			return fmt.Errorf("write OpenMetrics: %w", err)
		}
	}
	if _, err := expfmt.FinalizeOpenMetrics(w); err != nil {
		return fmt.Errorf("write OpenMetrics: %w", err)
	}
	return nil
}

// families are all metrics, those without samples included.
func families(a *analysis.Analysis) []*family {
	all := judged(a)
	all = append(all, ledgers(a))
	if a.Validity == record.Invalid || a.Empty() || a.Shortfall() != nil {
		return all
	}
	all = append(all, figures(a)...)
	return append(all, abRatios(a)...)
}
