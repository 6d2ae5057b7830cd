package attack

import (
	"testing"
	"time"
)

func TestWaiterIsNeverEarly(t *testing.T) {
	w, err := newWaiter()
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for _, d := range []time.Duration{-time.Second, 0, 1, time.Microsecond, 300 * time.Microsecond, 3 * time.Millisecond} {
		for range 20 {
			until := time.Now().Add(d)
			w.wait(until)
			if early := time.Until(until); early > 0 {
				t.Fatalf("wait of %v was %v early", d, early)
			}
		}
	}
}

func TestWaiterInterrupt(t *testing.T) {
	w, err := newWaiter()
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	woken := make(chan struct{})
	go func() {
		defer close(woken)
		w.wait(time.Now().Add(time.Hour))
		w.wait(time.Now().Add(time.Hour)) // and every later one
	}()
	time.Sleep(10 * time.Millisecond)
	w.interrupt()
	<-woken
}

// BenchmarkWait waits for points a millisecond apart and reports how late it
// came, beside what the runtime's own sleep does.
func BenchmarkWait(b *testing.B) {
	w, err := newWaiter()
	if err != nil {
		b.Fatal(err)
	}
	defer w.close()
	for _, c := range []struct {
		name string
		wait func(time.Time)
	}{
		{"waiter", w.wait},
		{"time.Sleep", func(until time.Time) { time.Sleep(time.Until(until)) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := newSecond()
			b.ReportAllocs()
			for b.Loop() {
				until := time.Now().Add(time.Millisecond)
				c.wait(until)
				s.record(tagLag, time.Since(until))
			}
			b.ReportMetric(float64(s.histograms[tagLag].ValueAtPercentile(50))/1e3, "late-p50-µs")
			b.ReportMetric(float64(s.histograms[tagLag].ValueAtPercentile(99))/1e3, "late-p99-µs")
		})
	}
}
