package retrain

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"servebench/generators"
	"servebench/scenarios/monitor"
)

// labelColumn is the column of the outcomes.
const labelColumn = "label"

// writeRows writes examples as `servebench generate` does: a header, the features in the order of
// the schema, with categories by their names and nothing where a value is missing, and the outcome.
func writeRows(path string, schema generators.Schema, rows []monitor.Row) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the examples: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := csv.NewWriter(file)
	var cells []string
	for _, f := range schema.Features {
		cells = append(cells, f.Name)
	}
	_ = w.Write(append(cells, labelColumn)) // Error tells
	for _, row := range rows {
		cells = cells[:0]
		for i, f := range schema.Features {
			cells = append(cells, cell(f, row.Features[i]))
		}
		_ = w.Write(append(cells, row.Outcome))
		runtime.Gosched() // the sending may have only this processor
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("write the examples: %w", err)
	}
	return nil
}

func cell(f generators.Feature, v float32) string {
	switch i := int(v); {
	case v-v != 0: // missing
		return ""
	case i >= 0 && i < len(f.Categories) && float32(i) == v:
		return f.Categories[i]
	}
	return strconv.FormatFloat(float64(v), 'g', -1, 32)
}
