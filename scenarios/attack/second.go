package attack

import (
	"runtime"
	"time"

	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// tag numbers the histograms of a second.
type tag int

const (
	tagResponse tag = iota
	tagService
	tagLag
	tagFailed
	tagCensored
	tags
)

// name is the tag in the interval log.
func (t tag) name() string {
	return [tags]string{record.TagResponse, record.TagService, record.TagLag, record.TagFailed, record.TagCensored}[t]
}

// second holds what was measured of the requests due in one second of the
// schedule. The histograms of failures are made when they are first needed; all
// are kept for later seconds.
type second struct {
	index      int
	histograms [tags]*hdrhistogram.Histogram
}

// newSecond returns a second with the histograms that every second needs.
func newSecond() *second {
	s := &second{}
	for _, t := range []tag{tagResponse, tagService, tagLag} {
		s.histograms[t] = record.NewHistogram()
	}
	return s
}

// record adds a value and reports whether the histogram could hold it.
func (s *second) record(t tag, value time.Duration) bool {
	if s.histograms[t] == nil {
		s.histograms[t] = record.NewHistogram()
	}
	return s.histograms[t].RecordValue(int64(value)) == nil
}

// writeTo writes what the second holds and empties it. Encoding a histogram
// takes up to a millisecond; between two of them it gives way to the sending,
// which may have only this processor.
func (s *second) writeTo(log IntervalLog, span time.Duration) error {
	start := time.Duration(s.index) * time.Second
	end := start + time.Second
	if start < span {
		end = min(end, span)
	}
	var failed error
	for t, h := range s.histograms {
		if h == nil || h.TotalCount() == 0 {
			continue
		}
		if err := log.Interval(tag(t).name(), start, end, h); err != nil && failed == nil {
			failed = err
		}
		h.Reset()
		runtime.Gosched()
	}
	return failed
}
