package attack

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// turns notes how often somebody else ran before each interval.
type turns struct {
	others atomic.Int64
	before []int64
}

func (l *turns) Interval(string, time.Duration, time.Duration, *hdrhistogram.Histogram) error {
	l.before = append(l.before, l.others.Load())
	return nil
}

// TestWritingGivesWay expects another goroutine to have its turn on the only
// processor between two histograms.
func TestWritingGivesWay(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	s := newSecond(nil)
	for _, tag := range []tag{tagResponse, tagService, tagLag} {
		s.record(tag, time.Millisecond)
	}
	log := &turns{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 3 {
			log.others.Add(1)
			runtime.Gosched()
		}
	}()
	if err := s.writeTo(log); err != nil {
		t.Fatal(err)
	}
	<-done
	for i := 1; i < len(log.before); i++ {
		if log.before[i] == log.before[i-1] {
			t.Fatalf("turns of others before each of three histograms: %v, want one between each", log.before)
		}
	}
}
