package attack

import (
	"time"

	"servebench/reports/record"
)

// seconds sorts what is measured into the seconds of the schedule, by due time.
// Only seconds with requests outstanding are open; the rest of them went to the
// log, and of those a record.Slice is kept.
type seconds struct {
	slices []record.Slice
	open   []*second // of consecutive indices; the first is at index first
	first  int
	out    *sink[*second]
	spare  chan *second // written and empty
	names  []string     // of the classes of a mix
}

// spareSeconds is how many emptied seconds are kept for another use.
const spareSeconds = 8

func newSeconds(cfg Config) *seconds {
	classes := cfg.Corpus.Classes()
	s := &seconds{spare: make(chan *second, spareSeconds), names: classes}
	s.extend(int((cfg.Span - 1) / time.Second))
	// Most runs have two seconds open at once and a third at the log. Their
	// histograms are made now rather than under load.
	for range 3 {
		s.spare <- newSecond(always(cfg), classes)
	}
	return s
}

func (s *seconds) extend(index int) {
	for len(s.slices) <= index {
		s.slices = append(s.slices, record.Slice{Start: time.Duration(len(s.slices)) * time.Second})
	}
}

// slice returns the counts of the second in which due lies.
func (s *seconds) slice(due time.Duration) *record.Slice {
	index := int(due / time.Second)
	s.extend(index)
	return &s.slices[index]
}

// second returns the histograms of the second in which due lies, which is open
// until due is settled.
func (s *seconds) second(due time.Duration) *second {
	index := int(due / time.Second)
	for s.first+len(s.open) <= index {
		s.open = append(s.open, s.fresh(s.first+len(s.open)))
	}
	return s.open[index-s.first]
}

func (s *seconds) fresh(index int) *second {
	select {
	case old := <-s.spare:
		old.index = index
		return old
	default:
		fresh := emptySecond(s.names)
		fresh.index = index
		return fresh
	}
}

// settle sends the seconds that end at or before settled to the log.
func (s *seconds) settle(settled time.Duration) {
	index := int(settled / time.Second)
	for len(s.open) > 0 && s.first < index {
		s.flush()
	}
	if len(s.open) == 0 {
		s.first = max(s.first, index)
	}
}

// finish sends what is left.
func (s *seconds) finish() {
	for len(s.open) > 0 {
		s.flush()
	}
}

func (s *seconds) flush() {
	s.out.put(s.open[0])
	s.open[0] = nil
	s.open = s.open[1:]
	s.first++
}

// reuse takes back a second that was written. It is for the writing goroutine.
func (s *seconds) reuse(emptied *second) {
	select {
	case s.spare <- emptied:
	default:
	}
}
