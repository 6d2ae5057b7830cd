package sample

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// CutShort says that the sending was ended before the schedule did, which is no
// fault of its speed.
func (c *Cell) CutShort() bool { return c.Stopped || c.Aborted != "" || c.Failed != "" }

// Cell is a measured cell with its interval log, read once.
type Cell struct {
	*record.Cell
	Merged  map[string]*hdrhistogram.Histogram // by tag
	Seconds []LoggedSlice
	Dropped int64 // values that the merged histograms could not hold
	Unread  error // why the log of a cell that Failed was read only in part
	// What right and good answers per second are counted over.
	OKOver, goodOver time.Duration
}

// Load reads the measured cells of a run that were not discarded: by their
// rounds, since a trial that was rerun comes out of its turn, and within a
// round in the order they were run.
func Load(run *record.Run) ([]*Cell, error) {
	var cells []*Cell
	for i := range run.Cells {
		if !run.Cells[i].Measured || run.Cells[i].Discarded != "" {
			continue
		}
		c, err := LoadCell(run, &run.Cells[i])
		if err != nil {
			return nil, err
		}
		cells = append(cells, c)
	}
	slices.SortStableFunc(cells, func(a, b *Cell) int { return cmp.Compare(a.Round, b.Round) })
	return cells, nil
}

// LoadCell reads what can be read of a cell whose record is known to be
// incomplete; of any other, the whole.
func LoadCell(run *record.Run, rc *record.Cell) (*Cell, error) {
	c, err := readCell(run, rc)
	if err != nil && rc.Failed == "" {
		return nil, fmt.Errorf("%s, phase %s, round %d: %w", rc.Target, rc.Phase, rc.Round, err)
	}
	c.Unread = err
	c.time(run)
	return c, nil
}

// readCell returns beside an error what it read before.
func readCell(run *record.Run, rc *record.Cell) (*Cell, error) {
	c := &Cell{Cell: rc, Merged: make(map[string]*hdrhistogram.Histogram)}
	at := c.slice(run.Phase(rc.Phase).Steps)
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
			c.Seconds[i].add(interval.Tag, t)
		}
	}
	return c, nil
}

func (c *Cell) merge(tag string, t stat.Tally) {
	if c.Merged[tag] == nil {
		c.Merged[tag] = record.NewHistogram()
	}
	for _, b := range t {
		if c.Merged[tag].RecordValues(b.Value, b.Count) != nil {
			c.Dropped += b.Count
		}
	}
}

// Count is how many values the log holds of a tag.
func (c *Cell) Count(tag string) int64 {
	if h := c.Merged[tag]; h != nil {
		return h.TotalCount()
	}
	return 0
}

// slice makes slices of the cell's, which are the longer the later they begin, as many
// of them together as are about as long as the longest. It returns which of them each
// of the cell's is in, by its start.
func (c *Cell) slice(steps []record.Step) map[time.Duration]int {
	longest := time.Second
	for _, s := range c.Slices {
		longest = max(longest, s.Length)
	}
	at := make(map[time.Duration]int, len(c.Slices))
	var end time.Duration
	for _, s := range c.Slices {
		if n := len(c.Seconds); n > 0 && s.Start < end {
			c.Seconds[n-1].Slice.Slice = joined(c.Seconds[n-1].Slice.Slice, s)
		} else {
			c.Seconds = append(c.Seconds, LoggedSlice{Slice: Slice{Round: c.Round, Slice: s}})
			end = record.SliceEnd(s.Start, longest, steps)
		}
		at[s.Start] = len(c.Seconds) - 1
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
func (s *LoggedSlice) add(tag string, t stat.Tally) {
	switch tag {
	case record.TagResponse:
		s.Responses = stat.Merge([]stat.Tally{s.Responses, t})
	case record.TagService:
		s.Services = stat.Merge([]stat.Tally{s.Services, t})
	case record.TagFirstByte:
		s.FirstBytes = stat.Merge([]stat.Tally{s.FirstBytes, t})
	case record.TagLag:
		s.lag = stat.Merge([]stat.Tally{s.lag, t})
	}
}

// display makes of the tallies what the slices show.
func (c *Cell) display() {
	for i := range c.Seconds {
		s := &c.Seconds[i]
		s.Response, s.Lag, s.lag = s.Responses.Display(), s.lag.Display(), nil
	}
}

// Slice is a stretch of one round: a second, longer in a long one.
type Slice struct {
	Round int
	record.Slice
	// Response and Lag are coarse, to two significant digits; nil when nothing
	// was OK, or nothing sent.
	Response *hdrhistogram.Histogram
	Lag      *hdrhistogram.Histogram
}

// LoggedSlice is a stretch of a cell, of one length in all of it but for its end and those
// of its steps: a second, longer in a long one.
type LoggedSlice struct {
	Slice
	Responses, Services, FirstBytes, lag stat.Tally
}

// Ledger of one second. In the second in which the load was ended, what was not
// sent any more was not due any more either.
func (s *LoggedSlice) Ledger(c *Cell) record.Ledger {
	l := record.Ledger{Scheduled: s.Scheduled, Sent: s.Sent, OK: s.OK, Failed: s.Failed, Censored: s.Censored}
	if c.CutShort() && s.End() > c.Window {
		l.Scheduled = l.Sent
	}
	return l
}
