package attack

import (
	"cmp"
	"runtime"
	"slices"
	"time"

	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// seconds sorts what is measured into the slices of the schedule, by due time: these
// are seconds, longer ones of a long load. Only slices with requests outstanding are
// open; the rest of them went to the log, and of those a record.Slice is kept.
type seconds struct {
	span    time.Duration
	steps   []record.Step
	slices  []record.Slice // as far as the load has come, without gaps
	open    []*second      // of consecutive slices; the first is at index first
	first   int
	settled time.Duration // every request due before was booked
	out     *sink[*second]
	spare   chan *second // written and empty
	names   []string     // of the classes of a mix
}

const spareSeconds = 8

func newSeconds(cfg Config) *seconds {
	classes := cfg.Corpus.Classes()
	s := &seconds{span: cfg.Span, steps: cfg.Steps, spare: make(chan *second, spareSeconds), names: classes}
	// Most runs have two seconds open at once and a third at the log. Their
	// histograms are made now rather than under load.
	for range 3 {
		ready := newSecond(classes)
		ready.prepareHistograms(cfg.FirstByte)
		s.spare <- ready
	}
	return s
}

func (s *seconds) end() time.Duration {
	if n := len(s.slices); n > 0 {
		return s.slices[n-1].End()
	}
	return 0
}

func (s *seconds) extendTo(due time.Duration) {
	for start := s.end(); start <= due; start = s.end() {
		end := record.SliceEnd(start, record.SliceLength(start), s.steps)
		if start < s.span {
			end = min(end, s.span)
		}
		s.slices = append(s.slices, record.Slice{Start: start, Length: end - start})
	}
}

func (s *seconds) sliceIndex(due time.Duration) int {
	after, _ := slices.BinarySearchFunc(s.slices, due, func(slice record.Slice, due time.Duration) int {
		if slice.Start <= due {
			return -1
		}
		return cmp.Compare(slice.Start, due)
	})
	return after - 1
}

func (s *seconds) sliceOf(due time.Duration) *record.Slice {
	s.extendTo(due)
	return &s.slices[s.sliceIndex(due)]
}

// secondOf returns the histograms of the slice in which due lies, which is open until
// due is settled.
func (s *seconds) secondOf(due time.Duration) *second {
	s.extendTo(due)
	if len(s.open) == 0 {
		s.first = max(s.first, s.sliceIndex(s.settled))
	}
	index := s.sliceIndex(due)
	for s.first+len(s.open) <= index {
		s.open = append(s.open, s.freshSecond(s.first+len(s.open)))
	}
	return s.open[index-s.first]
}

func (s *seconds) freshSecond(index int) *second {
	var fresh *second
	select {
	case fresh = <-s.spare:
	default:
		fresh = newSecond(s.names)
	}
	fresh.start, fresh.end = s.slices[index].Start, s.slices[index].End()
	return fresh
}

func (s *seconds) flushSettled(settled time.Duration) {
	s.settled = settled
	for len(s.open) > 0 && s.slices[s.first].End() <= settled {
		s.flush()
	}
}

func (s *seconds) flushAll() {
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

type tag int

const (
	tagResponse tag = iota
	tagService
	tagLag
	tagFirstByte
	tagFailed
	tagCensored
	tags
)

// name is the tag in the interval log.
func (t tag) name() string {
	return [tags]string{record.TagResponse, record.TagService, record.TagLag, record.TagFirstByte, record.TagFailed, record.TagCensored}[t]
}

// second holds what was measured of the requests due in one slice of the
// schedule, a second long unless the load is a long one. Its histograms are made when
// they are first needed, and kept for later seconds.
type second struct {
	start, end time.Duration
	histograms [tags]*hdrhistogram.Histogram
	names      []string                  // of the classes of a mix
	classes    []*hdrhistogram.Histogram // their response times
}

func newSecond(classes []string) *second {
	return &second{names: classes, classes: make([]*hdrhistogram.Histogram, len(classes))}
}

func (s *second) prepareHistograms(firstByte bool) {
	for t := range s.histograms {
		if tag(t) < tagFirstByte || tag(t) == tagFirstByte && firstByte {
			s.histograms[t] = record.NewHistogram()
		}
	}
	for i := range s.classes {
		s.classes[i] = record.NewHistogram()
	}
}

// record adds a value and reports whether the histogram could hold it.
func (s *second) record(t tag, value time.Duration) bool { return add(&s.histograms[t], value) }

// recordClass adds a response time to those of a class, which record has as well
// and answers for; class -1 is none.
func (s *second) recordClass(class int, value time.Duration) {
	if class >= 0 {
		add(&s.classes[class], value)
	}
}

func add(to **hdrhistogram.Histogram, value time.Duration) bool {
	if *to == nil {
		*to = record.NewHistogram()
	}
	return (*to).RecordValue(int64(value)) == nil
}

// writeTo writes what the second holds and empties it. Encoding a histogram
// takes up to a millisecond; between two of them it gives way to the sending,
// which may have only this processor.
func (s *second) writeTo(log IntervalLog) error {
	var failed error
	write := func(name string, h *hdrhistogram.Histogram) {
		if h == nil || h.TotalCount() == 0 {
			return
		}
		if err := log.Interval(name, s.start, s.end, h); err != nil && failed == nil {
			failed = err
		}
		h.Reset()
		runtime.Gosched()
	}
	for t, h := range s.histograms {
		write(tag(t).name(), h)
	}
	for i, h := range s.classes {
		write(record.TagOfClass(s.names[i]), h)
	}
	return failed
}
