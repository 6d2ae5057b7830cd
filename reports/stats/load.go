package stats

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// cell is a measured cell with its interval log, read once.
type cell struct {
	*record.Cell
	merged  map[string]*hdrhistogram.Histogram // by tag
	slices  []slice
	dropped int64 // values that the merged histograms could not hold
	unread  error // why the log of a cell that Failed was read only in part
	// What right and good answers per second are counted over.
	okOver, goodOver time.Duration
}

// slice is one second of a cell.
type slice struct {
	Slice
	response, service, ttft tally
}

// load reads the measured cells of a run that were not set aside: by their
// rounds, since a visit that was played again comes out of its turn, and within a
// round in the order they were run.
func load(run *record.Run) ([]*cell, error) {
	var cells []*cell
	for i := range run.Cells {
		if !run.Cells[i].Measured || run.Cells[i].SetAside != "" {
			continue
		}
		c, err := loadCell(run, &run.Cells[i])
		if err != nil {
			return nil, fmt.Errorf("analyse %s, phase %s, round %d: %w",
				run.Cells[i].Target, run.Cells[i].Phase, run.Cells[i].Round, err)
		}
		c.time(run)
		cells = append(cells, c)
	}
	slices.SortStableFunc(cells, func(a, b *cell) int { return cmp.Compare(a.Round, b.Round) })
	return cells, nil
}

// loadCell reads what can be read of a cell whose record is known to be
// incomplete; of any other, the whole.
func loadCell(run *record.Run, rc *record.Cell) (*cell, error) {
	c, err := readCell(run, rc)
	if err != nil && rc.Failed == "" {
		return nil, err
	}
	c.unread = err
	return c, nil
}

// readCell returns beside an error what it read before.
func readCell(run *record.Run, rc *record.Cell) (*cell, error) {
	c := &cell{Cell: rc, merged: make(map[string]*hdrhistogram.Histogram)}
	at := make(map[time.Duration]int) // a slice's start → its index
	for i, s := range rc.Slices {
		at[s.Start] = i
		c.slices = append(c.slices, slice{Slice: Slice{Round: rc.Round, Slice: s}})
	}
	for interval, err := range run.Scan(rc) {
		if err != nil {
			return c, err
		}
		i, known := at[interval.Start]
		if !known {
			return c, fmt.Errorf("log %s: an interval starts at %v, where the record has no slice", rc.Log, interval.Start)
		}
		if t := newTally(interval.Histogram); len(t) > 0 {
			c.merge(interval.Tag, t)
			c.slices[i].add(interval.Tag, t)
		}
	}
	return c, nil
}

func (c *cell) merge(tag string, t tally) {
	if c.merged[tag] == nil {
		c.merged[tag] = record.NewHistogram()
	}
	for _, b := range t {
		if c.merged[tag].RecordValues(b.value, b.count) != nil {
			c.dropped += b.count
		}
	}
}

// count is how many values the log holds of a tag.
func (c *cell) count(tag string) int64 {
	if h := c.merged[tag]; h != nil {
		return h.TotalCount()
	}
	return 0
}

// add takes over what one interval says of the slice. A log may hold several
// intervals of one tag and second.
func (s *slice) add(tag string, t tally) {
	switch tag {
	case record.TagResponse:
		s.response = sum([]tally{s.response, t})
		s.Response = s.response.display()
	case record.TagService:
		s.service = sum([]tally{s.service, t})
	case record.TagTTFT:
		s.ttft = sum([]tally{s.ttft, t})
	case record.TagLag:
		if s.Lag != nil {
			t = sum([]tally{t, newTally(s.Lag)})
		}
		s.Lag = t.display()
	}
}

// display is the tally as a small histogram of two digits (1 %) above a
// microsecond: enough for a cell of a heat map or a point of a time line, in a
// thirtieth of the memory, of which a long run has thousands.
func (t tally) display() *hdrhistogram.Histogram {
	const digits = 2
	lowest := int64(time.Microsecond)
	h := hdrhistogram.New(lowest, max(2*lowest, t[len(t)-1].value), digits)
	for _, b := range t {
		// Cannot fail: the histogram was made for the largest value.
		_ = h.RecordValues(b.value, b.count)
	}
	return h
}
