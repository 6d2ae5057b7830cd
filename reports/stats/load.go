package stats

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"servebench/reports/analysis/stat"
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

// slice is a stretch of a cell, of one length in all of it but for its end and those
// of its steps: a second, longer in a long one.
type slice struct {
	Slice
	response, service, firstByte, lag stat.Tally
}

// load reads the measured cells of a run that were not discarded: by their
// rounds, since a trial that was rerun comes out of its turn, and within a
// round in the order they were run.
func load(run *record.Run) ([]*cell, error) {
	var cells []*cell
	for i := range run.Cells {
		if !run.Cells[i].Measured || run.Cells[i].Discarded != "" {
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
	at := c.slice(phaseNamed(run, rc.Phase).Steps)
	defer c.display()
	for interval, err := range run.Scan(rc) {
		if err != nil {
			return c, err
		}
		i, known := at[interval.Start]
		if !known {
			return c, fmt.Errorf("log %s: an interval starts at %v, where the record has no slice", rc.Log, interval.Start)
		}
		if t := stat.NewTally(interval.Histogram); len(t) > 0 {
			c.merge(interval.Tag, t)
			c.slices[i].add(interval.Tag, t)
		}
	}
	return c, nil
}

func (c *cell) merge(tag string, t stat.Tally) {
	if c.merged[tag] == nil {
		c.merged[tag] = record.NewHistogram()
	}
	for _, b := range t {
		if c.merged[tag].RecordValues(b.Value, b.Count) != nil {
			c.dropped += b.Count
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

// slice makes slices of the cell's, which are the longer the later they begin, as many
// of them together as are about as long as the longest. It returns which of them each
// of the cell's is in, by its start.
func (c *cell) slice(steps []record.Step) map[time.Duration]int {
	longest := time.Second
	for _, s := range c.Slices {
		longest = max(longest, s.Length)
	}
	at := make(map[time.Duration]int, len(c.Slices))
	var end time.Duration
	for _, s := range c.Slices {
		if n := len(c.slices); n > 0 && s.Start < end {
			c.slices[n-1].Slice.Slice = joined(c.slices[n-1].Slice.Slice, s)
		} else {
			c.slices = append(c.slices, slice{Slice: Slice{Round: c.Round, Slice: s}})
			end = record.SliceEnd(s.Start, longest, steps)
		}
		at[s.Start] = len(c.slices) - 1
	}
	return at
}

// joined is two slices that follow each other as one.
func joined(a, b record.Slice) record.Slice {
	return record.Slice{
		Start: a.Start, Length: b.End() - a.Start, InFlight: max(a.InFlight, b.InFlight),
		Scheduled: a.Scheduled + b.Scheduled, Sent: a.Sent + b.Sent,
		OK: a.OK + b.OK, Failed: a.Failed + b.Failed, Censored: a.Censored + b.Censored,
	}
}

// add takes over what one interval says of the slice, which may be in several.
func (s *slice) add(tag string, t stat.Tally) {
	switch tag {
	case record.TagResponse:
		s.response = stat.Merge([]stat.Tally{s.response, t})
	case record.TagService:
		s.service = stat.Merge([]stat.Tally{s.service, t})
	case record.TagFirstByte:
		s.firstByte = stat.Merge([]stat.Tally{s.firstByte, t})
	case record.TagLag:
		s.lag = stat.Merge([]stat.Tally{s.lag, t})
	}
}

// display makes of the tallies what the slices show.
func (c *cell) display() {
	for i := range c.slices {
		s := &c.slices[i]
		s.Response, s.Lag, s.lag = s.response.Display(), s.lag.Display(), nil
	}
}
