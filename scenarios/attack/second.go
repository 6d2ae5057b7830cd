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
// schedule, a second long unless the load is a long one. The histograms of failures are made when they are first needed; all
// are kept for later seconds.
type second struct {
	start, end time.Duration
	histograms [tags]*hdrhistogram.Histogram
	names      []string                  // of the classes of a mix
	classes    []*hdrhistogram.Histogram // their response times
}

// always are the histograms that every second needs.
func always(cfg Config) []tag {
	all := []tag{tagResponse, tagService, tagLag}
	if cfg.FirstByte {
		all = append(all, tagFirstByte)
	}
	return all
}

// newSecond returns a second with histograms of the tags and classes.
func newSecond(tags []tag, classes []string) *second {
	s := emptySecond(classes)
	for i := range classes {
		s.classes[i] = record.NewHistogram()
	}
	for _, t := range tags {
		s.histograms[t] = record.NewHistogram()
	}
	return s
}

// emptySecond returns a second without histograms.
func emptySecond(classes []string) *second {
	return &second{names: classes, classes: make([]*hdrhistogram.Histogram, len(classes))}
}

// recordClass adds a response time to those of a class, which record has as well
// and answers for; class -1 is none.
func (s *second) recordClass(class int, value time.Duration) {
	if class < 0 {
		return
	}
	if s.classes[class] == nil {
		s.classes[class] = record.NewHistogram()
	}
	_ = s.classes[class].RecordValue(int64(value))
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
