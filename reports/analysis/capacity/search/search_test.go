package search

import (
	"math"
	"testing"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
)

// second is one with so many requests within the limit, over it, and failed.
func second(within, over, failed int64) stat.Tally {
	h := hdrhistogram.New(1000, int64(time.Minute), 2)
	_ = h.RecordValues(int64(time.Millisecond), within)
	_ = h.RecordValues(int64(time.Second), over)
	return stat.NewTally(h).With(failed)
}

// server says which shares of its requests are over the limit and fail at a rate, and
// whether it falls behind.
type server func(rate float64) (over, failed float64, ended bool)

// cliff holds everything up to a rate, and nothing above.
func cliff(capacity float64) server {
	return func(rate float64) (float64, float64, bool) { return 0, 0, rate > capacity }
}

func (s server) play(step record.SearchStep, limits []Limit) Outcome {
	o := Outcome{SearchStep: step}
	over, failed, ended := s(step.Rate)
	o.Ended = ended
	for range limits {
		var seconds []stat.Tally
		for range int(step.Duration.Seconds()) {
			n := func(share float64) int64 { return int64(math.Round(share * step.Rate)) }
			seconds = append(seconds, second(n(1-over-failed), n(over), n(failed)))
		}
		o.Seconds = append(o.Seconds, seconds)
	}
	return o
}

var (
	p99      = Limit{"p99 response time", 0.01, int64(50 * time.Millisecond)}
	failures = Limit{"error rate", 0.001, stat.Never - 1}
)

// follow plays a search to its end.
func follow(t *testing.T, plan Plan, s server) (Result, []Outcome) {
	t.Helper()
	searched := New(plan)
	var all []Outcome
	for step, more := searched.Next(); more; step, more = searched.Next() {
		o := s.play(step, plan.Limits)
		searched.Add(o)
		if all = append(all, o); len(all) > 40 {
			t.Fatalf("%d steps, the last of them %+v", len(all), step)
		}
	}
	return searched.Result(), all
}

func TestSearch(t *testing.T) {
	for _, tt := range []struct {
		name        string
		plan        Plan
		server      server
		least, most float64 // certified
		breaks      float64 // at most so much
	}{
		{"a cliff", Plan{100, 1e6, []Limit{p99}}, cliff(730), 640, 730, 800},
		{"a cliff below the first rate", Plan{100, 1e6, []Limit{p99}}, cliff(7.3), 6.4, 7.3, 8},
		{"a slow server", Plan{0.1, 1e6, []Limit{{"p50", 0.5, p99.At}}}, cliff(0.73), 0.64, 0.73, 0.8},
		{"a fast server", Plan{5000, 1e6, []Limit{p99, failures}}, cliff(73_000), 64_000, 73_000, 80_000},
		{"more than may be asked", Plan{100, 500, []Limit{p99}}, cliff(730), 500, 500, 0},
		{"nothing holds", Plan{100, 1e6, []Limit{p99}}, cliff(0), 0, 0, 100.0 / 16},
		{"failures are a limit", Plan{100, 1e6, []Limit{p99, failures}}, func(rate float64) (float64, float64, bool) {
			return 0, max(0, rate-400) / 1e4, false
		}, 320, 410, 1000},
		{"slow answers are a limit", Plan{100, 1e6, []Limit{failures, p99}}, func(rate float64) (float64, float64, bool) {
			return max(0, rate-400) / 1e3, 0, false
		}, 320, 410, 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, steps := follow(t, tt.plan, tt.server)
			if r.Certified < tt.least || r.Certified > tt.most || r.Breaks > tt.breaks || (r.Breaks == 0) != (tt.breaks == 0) || r.Probes > mostProbes {
				t.Errorf("%+v in %d steps, want %g to %g, and broken by %g", r, len(steps), tt.least, tt.most, tt.breaks)
			}
			if r.Breaks > 0 && r.Breaks <= r.Certified {
				t.Errorf("%+v: it breaks at what is certified", r)
			}
		})
	}
}

// TestCertificateIsOfFreshRounds: probes are no part of one, and its first rounds settle
// longer.
func TestCertificateIsOfFreshRounds(t *testing.T) {
	_, steps := follow(t, Plan{100, 1e6, []Limit{p99}}, cliff(730))
	certifying := 0
	for i, o := range steps {
		if o.Kind != record.Certify {
			continue
		}
		if certifying++; o.Part != certifying || o.Attempt != 1 || o.Settle != settleRound || o.Duration < leastRound {
			t.Errorf("step %d: %+v", i+1, o.SearchStep)
		}
	}
	if certifying < 2 {
		t.Errorf("%d rounds", certifying)
	}
}

// TestSearchGoesTheSameWay: a search that is told what another was is where that was.
func TestSearchGoesTheSameWay(t *testing.T) {
	plan := Plan{100, 1e6, []Limit{p99, failures}}
	_, steps := follow(t, plan, func(rate float64) (float64, float64, bool) { return rate / 6e4, 0, rate > 900 })
	again := New(plan)
	for i, o := range steps {
		if next, more := again.Next(); !more || next != o.SearchStep {
			t.Fatalf("step %d: %+v, %t, want %+v", i+1, next, more, o.SearchStep)
		}
		again.Add(o)
	}
	whole := New(plan)
	for _, o := range steps {
		whole.Add(o)
	}
	if d := cmp.Diff(whole.Result(), again.Result()); d != "" {
		t.Error(d)
	}
}

// TestInvalidStepEndsTheSearch: what the generator could not send tells nothing of the
// server.
func TestInvalidStepEndsTheSearch(t *testing.T) {
	plan := Plan{100, 1e6, []Limit{p99}}
	s := New(plan)
	for range 3 {
		step, _ := s.Next()
		o := cliff(1e6).play(step, plan.Limits)
		o.Invalid = step.Rate == 400
		s.Add(o)
	}
	if step, more := s.Next(); more || !s.Result().Invalid || s.Result().Certified > 0 {
		t.Errorf("%+v after %+v", step, s.Result())
	}
}

// TestDoubtIsNoCertificate: as many requests over as the limit just allows are played to the
// end of every attempt, and none is given.
func TestDoubtIsNoCertificate(t *testing.T) {
	r, _ := follow(t, Plan{100, 1e6, []Limit{p99}}, func(rate float64) (float64, float64, bool) { return 0.01, 0, rate > 500 })
	if r.Certified > 0 || r.Attempts != len(aims()) {
		t.Errorf("%+v", r)
	}
}

// TestStepsOfADamagedRecord: attempts that no search makes are left out.
func TestStepsOfADamagedRecord(t *testing.T) {
	plan := Plan{100, 1e6, []Limit{p99}}
	for _, attempt := range []int{-1, 0, 2, 5, 1 << 40} {
		s := New(plan)
		s.Add(cliff(1000).play(record.SearchStep{Kind: record.Certify, Rate: 100, Duration: 2 * time.Second, Attempt: attempt, Part: 1}, plan.Limits))
		if step, more := s.Next(); !more || step.Kind != record.Probe || s.Result() != (Result{}) {
			t.Errorf("attempt %d: %+v, then %+v", attempt, s.Result(), step)
		}
	}
}

// TestBreaksAfterTwoRounds: a queue that grows tells in one round no more than that requests
// were slow together, and in two that the server cannot keep up.
func TestBreaksAfterTwoRounds(t *testing.T) {
	grows := Outcome{
		SearchStep: record.SearchStep{Kind: record.Probe, Rate: 1000},
		Seconds:    [][]stat.Tally{{second(1000, 0, 0), second(950, 50, 0), second(750, 250, 0)}},
	}
	s := New(Plan{1000, 1000, []Limit{p99}})
	s.Add(grows)
	if r := s.Result(); r.Breaks != 0 {
		t.Errorf("after a round with 10 %% over a p99: %+v", r)
	}
	if step, more := s.Next(); !more || step.Rate != 1000 || step.Duration < leastAgain {
		t.Errorf("plays %+v, %t; want 1000/s again", step, more)
	}
	s.Add(grows)
	if r := s.Result(); r.Breaks != 1000 || r.Probes != 2 {
		t.Errorf("after two rounds: %+v", r)
	}
	if step, more := s.Next(); !more || step.Rate != 500 {
		t.Errorf("plays %+v, %t; want half of the rate that is shown to break", step, more)
	}
}

// TestOneStallIsNoLimit: what held the server up for a moment in the first probe does not end
// the search below a fraction of the capacity.
func TestOneStallIsNoLimit(t *testing.T) {
	plan := Plan{200, 1e6, []Limit{p99}}
	s, server := New(plan), cliff(2400)
	first, _ := s.Next()
	s.Add(Outcome{SearchStep: first, Seconds: [][]stat.Tally{{second(200, 0, 0), second(182, 18, 0), second(200, 0, 0)}}})
	for step, more := s.Next(); more; step, more = s.Next() {
		s.Add(server.play(step, plan.Limits))
	}
	if r := s.Result(); r.Certified < 2000 || r.Certified > 2400 {
		t.Errorf("%+v, want nearly 2400/s", r)
	}
}

// TestNotHeld: a rate that did not hold by chance, as far as was seen, is told beside one that
// is shown to break, and the highest rate asked for is told as such.
func TestNotHeld(t *testing.T) {
	s := New(Plan{From: 100, Most: 400, Limits: []Limit{p99}})
	add := func(kind record.SearchKind, rate float64, over int64, attempt int) {
		s.Add(Outcome{SearchStep: record.SearchStep{Kind: kind, Rate: rate, Attempt: attempt}, Seconds: [][]stat.Tally{{second(1000-over, over, 0)}}})
	}
	add(record.Probe, 100, 0, 0)
	add(record.Probe, 120, 12, 0)
	add(record.Probe, 140, 15, 0)
	if r := s.Result(); r.NotHeld != 120 || r.Breaks != 0 || r.Capped {
		t.Errorf("%+v; want 120/s not held, and none shown to break", r)
	}
	if r, _ := follow(t, Plan{100, 500, []Limit{p99}}, cliff(730)); !r.Capped || r.NotHeld != 0 {
		t.Errorf("%+v; want the highest rate", r)
	}
	if r, _ := follow(t, Plan{100, 1e6, []Limit{p99}}, cliff(730)); r.Capped || r.NotHeld <= r.Certified || r.NotHeld > r.Breaks {
		t.Errorf("%+v; want a rate not held up to that which breaks", r)
	}
}
