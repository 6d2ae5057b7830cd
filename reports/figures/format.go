package figures

import (
	"io"

	"servebench/reports"
	"servebench/reports/figures/chart"
	"servebench/reports/stats"
)

// Format writes every figure that has data as figures/NAME.png, for a light
// background, and figures/NAME-dark.png, for a dark one.
func Format() reports.Format {
	return reports.Format{
		Name:   "png",
		Doc:    "every figure as figures/NAME.png and figures/NAME-dark.png",
		Render: render,
	}
}

func render(a *stats.Analysis, write reports.Write) error {
	for _, f := range All(a) {
		if f.Missing != "" {
			continue
		}
		for _, drawn := range []struct {
			palette chart.Palette
			ending  string
		}{{chart.Light(), ".png"}, {chart.Dark(), "-dark.png"}} {
			err := write("figures/"+f.Name+drawn.ending, func(w io.Writer) error { return f.PNG(w, drawn.palette) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}
