package figures

import (
	"errors"
	"fmt"

	"servebench/reports"
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

func render(a *stats.Analysis, open reports.Open) error {
	for _, f := range All(a) {
		if f.Missing != "" {
			continue
		}
		if err := write(f, Light(), open, "figures/"+f.Name+".png"); err != nil {
			return err
		}
		if err := write(f, Dark(), open, "figures/"+f.Name+"-dark.png"); err != nil {
			return err
		}
	}
	return nil
}

func write(f Figure, p Palette, open reports.Open, name string) error {
	w, err := open(name)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	return errors.Join(f.PNG(w, p), w.Close())
}
