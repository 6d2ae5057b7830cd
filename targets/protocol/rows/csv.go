package rows

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
)

// ReadCSV reads a body of comma-separated numbers, a row for each line. A first line that
// holds no number names the columns, in any order.
func ReadCSV(m *protocol.Served, b *protocol.Batch) error {
	r := NewReader(m, b)
	r.begin("csv")
	lines := csv.NewReader(bytes.NewReader(b.Body))
	lines.ReuseRecord, lines.TrimLeadingSpace = true, true
	var columns []string
	for i := 0; ; i++ {
		cells, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("body is not valid CSV: %w", err)
		}
		if i == 0 && !isNumber(cells[0]) {
			columns = append(columns, cells...)
			continue
		}
		r.csvRow(i, cells)
	}
	r.reorder("csv", columns)
	if fault := m.Fault(int64(b.Rows), int64(r.width)); fault != "" && len(r.Faults) == 0 {
		r.Fault("csv: %s", fault)
	}
	return r.Problem()
}

func isNumber(cell string) bool {
	_, err := strconv.ParseFloat(cell, 32)
	return err == nil || cell == "" || errors.Is(err, strconv.ErrRange)
}

// csvRow reads a line. An empty cell is a missing value.
func (r *Reader) csvRow(i int, cells []string) {
	if r.width == 0 {
		r.width = len(cells)
	}
	if len(cells) != r.width {
		r.Fault("line %d: %d features in a row, want %d", i+1, len(cells), r.width)
	}
	for _, cell := range cells {
		v, err := math.NaN(), error(nil)
		if cell != "" {
			v, err = strconv.ParseFloat(cell, 32)
		}
		if err != nil {
			r.Fault("line %d: %q is not a number of FP32", i+1, jsonbody.Shorten([]byte(cell)))
		}
		r.batch.Features = append(r.batch.Features, float32(v))
	}
	r.batch.Rows++
}

// AppendLines appends what a model says to rows as lines of CSV: the probability of class
// 1 of two, the label of more, the value of a regression.
func AppendLines(dst []byte, m *protocol.Served, scores []float32) []byte {
	width := m.Scores()
	for i := 0; i < len(scores); i += width {
		switch row := scores[i : i+width]; len(m.Schema.Classes) {
		case 0:
			dst = jsonbody.AppendFloat(dst, row[0])
		case 2:
			dst = jsonbody.AppendFloat(dst, row[1])
		default:
			dst = jsonbody.AppendInt(dst, generators.MostLikely(row))
		}
		dst = append(dst, '\n')
	}
	return dst
}
