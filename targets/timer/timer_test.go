package timer

import (
	"slices"
	"testing"
	"time"
)

func TestTimerIsNeverEarly(t *testing.T) {
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, d := range []time.Duration{-time.Second, 0, 1, time.Microsecond, 300 * time.Microsecond, 3 * time.Millisecond} {
		for range 20 {
			until := time.Now().Add(d)
			w.Wait(until)
			if early := time.Until(until); early > 0 {
				t.Fatalf("wait of %v was %v early", d, early)
			}
		}
	}
}

func TestInterrupt(t *testing.T) {
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	woken := make(chan struct{})
	go func() {
		defer close(woken)
		w.Wait(time.Now().Add(time.Hour))
		w.Wait(time.Now().Add(time.Hour)) // and every later one
	}()
	time.Sleep(10 * time.Millisecond)
	w.Interrupt()
	<-woken
}

// TestHasten brings the running wait forward, and the next one when none runs.
func TestHasten(t *testing.T) {
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, before := range []time.Duration{0, 20 * time.Millisecond} { // 0: as likely before as after Wait began
		soon := time.Now().Add(50 * time.Millisecond)
		go func() {
			time.Sleep(before)
			w.Hasten(soon.Add(time.Hour)) // changes nothing
			w.Hasten(soon)
		}()
		w.Wait(soon.Add(time.Minute))
		if late := time.Since(soon); late < 0 || late > 30*time.Second {
			t.Errorf("returned %v after what it was hastened to", late)
		}
	}
	soon := time.Now().Add(time.Millisecond)
	w.Hasten(soon)
	w.Wait(soon.Add(time.Minute))
	if time.Since(soon) > 30*time.Second {
		t.Error("the next wait was not hastened")
	}
	soon = time.Now().Add(20 * time.Millisecond)
	w.Wait(soon) // and this one is its own again
	if early := time.Until(soon); early > 0 {
		t.Errorf("a wait that nobody hastened was %v early", early)
	}
}

// BenchmarkWait waits for points a millisecond apart and reports how late it
// came, beside what the runtime's own sleep does.
func BenchmarkWait(b *testing.B) {
	w, err := New()
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	for _, c := range []struct {
		name string
		wait func(time.Time)
	}{
		{"timer", w.Wait},
		{"time.Sleep", func(until time.Time) { time.Sleep(time.Until(until)) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var late []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				until := time.Now().Add(time.Millisecond)
				c.wait(until)
				late = append(late, time.Since(until))
			}
			slices.Sort(late)
			b.ReportMetric(float64(late[len(late)/2].Nanoseconds())/1e3, "late-p50-µs")
			b.ReportMetric(float64(late[len(late)*99/100].Nanoseconds())/1e3, "late-p99-µs")
		})
	}
}
