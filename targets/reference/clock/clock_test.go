package clock

import (
	"sync"
	"testing"
	"time"
)

// TestServesAtTheTime holds the clock to what its station says: nobody is served
// before the time, and one worker serves one after the other.
func TestServesAtTheTime(t *testing.T) {
	config := Default()
	config.Service = 5 * time.Millisecond
	k, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	const rows = 8
	model, start := k.Model(), time.Now()
	var all sync.WaitGroup
	for range rows {
		all.Go(func() {
			if a := model.Answer(nil); a.Label != 0 || a.Probabilities[1] != 0 {
				t.Errorf("the answer is %+v", a)
			}
		})
	}
	all.Wait()
	if took := time.Since(start); took < rows*config.Service {
		t.Errorf("%d rows of %v took %v", rows, config.Service, took)
	}
}

// TestOvertakes lets a later row go before an earlier one that takes longer: the
// timer waits for the earlier one already.
func TestOvertakes(t *testing.T) {
	config := Default()
	config.Distribution, config.Service, config.Workers = "exponential", time.Hour, 0
	k, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	long := k.arrive()
	k.mu.Lock()
	k.station.config.Service = time.Nanosecond
	k.mu.Unlock()
	k.Serve()
	select {
	case <-long.served:
		t.Error("the row that takes hours was served")
	default:
	}
}

func TestCloseLetsGo(t *testing.T) {
	config := Default()
	config.Service = time.Hour
	k, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	r := k.arrive()
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	<-r.served
	k.Serve() // and all later ones at once
}

// BenchmarkServe reports how late a row of a millisecond is served.
func BenchmarkServe(b *testing.B) {
	config := Default()
	config.Workers = 0
	k, err := New(config)
	if err != nil {
		b.Fatal(err)
	}
	defer k.Close()
	var late time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		k.Serve()
		late += time.Since(start) - config.Service
	}
	b.ReportMetric(float64(late.Nanoseconds())/float64(b.N)/1e3, "late-µs")
}
