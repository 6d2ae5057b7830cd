package attack

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

// TestSinkCountsStalls fills the queue of a writer that does not get on.
func TestSinkCountsStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		var written []int
		s := newSink(2, func(v int) error {
			<-free
			written = append(written, v)
			return nil
		}, func() { t.Error("onError called without an error") })
		s.put(0)
		synctest.Wait() // the writer holds it
		s.put(1)
		s.put(2)
		if s.stalls != 0 {
			t.Errorf("%d stalls with room in the queue", s.stalls)
		}
		go func() {
			synctest.Wait() // put waits
			close(free)
		}()
		s.put(3)
		if s.stalls != 1 {
			t.Errorf("%d stalls, want the one of a full queue", s.stalls)
		}
		if err := s.close(); err != nil || !slices.Equal(written, []int{0, 1, 2, 3}) {
			t.Errorf("wrote %v with error %v, want everything in order", written, err)
		}
	})
}

func TestSinkStopsAtTheFirstError(t *testing.T) {
	full := errors.New("disk full")
	writes, told := 0, 0
	s := newSink(10, func(int) error { writes++; return full }, func() { told++ })
	for k := range 5 {
		s.put(k)
	}
	if err := s.close(); !errors.Is(err, full) || writes != 1 || told != 1 {
		t.Errorf("%d writes, told %d times, error %v; want one each and the first error", writes, told, err)
	}
}
