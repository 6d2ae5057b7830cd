package search

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"
	"servebench/scenarios/oracle/queueing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// service is the mean service time of the simulated servers: they answer 1,000 requests a
// second at most.
const service = time.Millisecond

// queue is a server with one worker, whose capacity at a limit is known in closed form: the
// utilisation at which the quantile is the limit.
type queue struct {
	name        string
	exponential bool // its service times; else they are all alike
	q           float64
	utilisation float64
}

func (k queue) truth() float64 { return k.utilisation / service.Seconds() }

func (k queue) limit() Limit {
	quantile := queueing.MD1
	if k.exponential {
		quantile = queueing.MM1
	}
	return Limit{Name: "response time", Room: 1 - k.q, At: int64(quantile(k.q, service, k.utilisation))}
}

// play simulates a step: D. V. Lindley's recursion (1952). As a driver would, it ends a load
// whose server has fallen behind: most of a second's requests took twice the limit.
func (k queue) play(rng *rand.Rand, s record.SearchStep, limit Limit) (o Outcome, played time.Duration) {
	o.SearchStep = s
	second := hdrhistogram.New(1000, int64(10*time.Minute), 2)
	var seconds []stat.Tally
	var due, free float64 // in seconds
	for end := s.Settle.Seconds() + 1; end <= (s.Settle+s.Duration).Seconds() && !o.Ended; end++ {
		second.Reset()
		var behind int64
		for ; due < end; due += rng.ExpFloat64() / s.Rate {
			took := service.Seconds()
			if k.exponential {
				took *= rng.ExpFloat64()
			}
			free = max(free, due) + took
			if due < s.Settle.Seconds() {
				continue
			}
			response := int64((free - due) * 1e9)
			if response > 2*limit.At {
				behind++
			}
			_ = second.RecordValue(response) // which holds ten minutes
		}
		o.Ended = 2*behind > second.TotalCount()
		seconds = append(seconds, stat.NewTally(second))
		played = time.Duration(end) * time.Second
	}
	o.Seconds = [][]stat.Tally{seconds}
	return o, played
}

// found is what a search of a queue came to.
type found struct {
	Result
	load time.Duration // of all its steps
}

// search searches once.
func (k queue) search(seed uint64, plain bool) found {
	rng := rand.New(rand.NewPCG(seed, uint64(1000*k.utilisation)))
	limit := k.limit()
	s := New(Plan{From: math.Round(50 * math.Pow(2, rng.Float64())), Most: 1e6, Limits: []Limit{limit}})
	if plain {
		s.share = plainShare
	}
	var f found
	for step, more := s.Next(); more; step, more = s.Next() {
		o, played := k.play(rng, step, limit)
		f.load += played
		s.Add(o)
	}
	f.Result = s.Result()
	return f
}

// shares are of many searches alike.
type shares struct {
	false, none, few float64       // certified above the truth; none certified; at the first attempt
	median, low      float64       // certified, and the 5 % quantile, in units of the truth
	breaks           float64       // said to break below the truth
	high             float64       // the median of the rates that break, in units of the truth
	most             int           // probes
	load, long       time.Duration // median and 90 % quantile
}

func (k queue) searches(n int, plain bool) (s shares) {
	var certified, breaks []float64
	var load []time.Duration
	for seed := range n {
		f := k.search(uint64(seed+1), plain)
		certified = append(certified, f.Certified/k.truth())
		breaks = append(breaks, f.Breaks/k.truth())
		load = append(load, f.load)
		count := func(share *float64, is bool) {
			if is {
				*share += 1 / float64(n)
			}
		}
		count(&s.false, f.Certified > k.truth())
		count(&s.none, f.Certified == 0)
		count(&s.few, f.Certified > 0 && f.Attempts == 1)
		count(&s.breaks, f.Breaks > 0 && f.Breaks < k.truth())
		s.most = max(s.most, f.Probes)
	}
	slices.Sort(certified)
	slices.Sort(breaks)
	slices.Sort(load)
	s.high = breaks[n/2]
	s.median, s.low, s.load, s.long = certified[n/2], certified[n/20], load[n/2], load[n*9/10]
	return s
}

// queues are those that are simulated, with a limit of p99.9 only where there is time.
func queues(n int) (all []queue) {
	designs := []struct{ q, utilisation float64 }{
		{0.99, 0.5}, {0.99, 0.6}, {0.99, 0.7}, {0.99, 0.8}, {0.99, 0.9}, {0.9, 0.7}, {0.9, 0.9},
	}
	if n > usualSimulations {
		designs = append(designs, struct{ q, utilisation float64 }{0.999, 0.7})
	}
	for _, name := range []string{"M/D/1", "M/M/1"} {
		for _, d := range designs {
			all = append(all, queue{name, name == "M/M/1", d.q, d.utilisation})
		}
	}
	return all
}

const usualSimulations = 40

// simulations is how many searches of each queue are simulated; 2,000 take a quarter of an
// hour.
func simulations(t *testing.T) int {
	const variable = "SERVEBENCH_SEARCHES"
	if raceDetector {
		t.Skip("takes minutes under the race detector, which finds nothing in one goroutine: run it without -race")
	}
	text, set := os.LookupEnv(variable)
	if !set {
		return usualSimulations
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < usualSimulations {
		t.Fatalf("%s=%s: want a number of searches, at least %d", variable, text, usualSimulations)
	}
	return n
}

// atMost says that a share that was seen in n simulations may be no more than that.
func atMost(most, seen float64, n int) bool {
	return stat.NewProportion(int64(math.Round(seen*float64(n))), int64(n)).Low <= most
}

// TestCertificates simulates whole searches: at most 5 % certify more than the truth, and
// most of them more than 90 % of it. That is less at p99 of M/M/1 at utilisation 0.5 and
// 0.6, where the share over grows slowest with the rate, and at p99.9, which is seldom.
func TestCertificates(t *testing.T) {
	n := simulations(t)
	var all shares
	var medians []float64
	for _, k := range queues(n) {
		s := k.searches(n, false)
		t.Logf("%s p%-4g at utilisation %.1f: false %.1f %%, certified median %.3f, 5 %% of them below %.3f, none %.1f %%; at the first attempt %.0f %%; said to break at %.2f of it, too low %.1f %%; %d probes at most; load %v, 90 %% within %v",
			k.name, 100*k.q, k.utilisation, 100*s.false, s.median, s.low, 100*s.none, 100*s.few, s.high, 100*s.breaks, s.most, s.load, s.long)
		if !atMost(0.05, s.false, n) || !atMost(0.05, s.breaks, n) || s.most > mostProbes {
			t.Errorf("%+v: %+v, want at most 5 %% false certificates, 5 %% that break too low, and %d probes", k, s, mostProbes)
		}
		if k.q < 0.999 && (s.median < 0.8 || s.load > 180*time.Second || !atMost(0.02, s.none, n)) {
			t.Errorf("%+v: certified %.3f of the truth, within %v, and none %.2f", k, s.median, s.load, s.none)
		}
		all.false += s.false
		medians = append(medians, s.median)
	}
	slices.Sort(medians)
	queues := len(medians)
	if all.false /= float64(queues); !atMost(0.02, all.false, n*queues) || medians[queues/2] < 0.9 {
		t.Errorf("false certificates %.3f, certified %.3f of the truth, want at most 0.02 and at least 0.9", all.false, medians[queues/2])
	}
}

// certifiedAtTruth is how often one attempt certifies the very rate at which the limit is
// just reached, were all of the error its own.
func (k queue) certifiedAtTruth(n int, plain bool) (share float64) {
	limit := k.limit()
	for seed := range n {
		rng := rand.New(rand.NewPCG(uint64(seed), uint64(2000*k.utilisation)))
		s := New(Plan{Limits: []Limit{limit}})
		if plain {
			s.share = plainShare
		}
		a := newPlayed(k.truth(), s.plan.Limits)
		for round := 1; s.result.Certified == 0 && !a.failed; round++ {
			o, _ := k.play(rng, s.certify(a.rate, 1, round), limit)
			a.add(o)
			s.judge(a, 1-Confidence)
		}
		if s.result.Certified > 0 {
			share += 1 / float64(n)
		}
	}
	return share
}

// plainShare takes requests for independent.
func plainShare(sample *stat.Sample, l Limit) stat.Proportion {
	p := sample.Over(l.At)
	return stat.NewProportion(p.K, p.N)
}

// TestBound: at the truth itself a certificate is wrong in at most 5 % of attempts, and in
// many times as many where requests are taken for independent.
func TestBound(t *testing.T) {
	n := simulations(t)
	var ours, plain float64
	all := queues(n)
	for _, k := range all {
		one, independent := k.certifiedAtTruth(n, false), k.certifiedAtTruth(n, true)
		t.Logf("%s p%-4g at utilisation %.1f: certified at the truth: %.1f %%; as independent requests: %.1f %%", k.name, 100*k.q, k.utilisation, 100*one, 100*independent)
		if !atMost(0.06, one, n) {
			t.Errorf("%+v: certified at the truth in %.3f of the attempts, want 0.05", k, one)
		}
		ours, plain = ours+one/float64(len(all)), plain+independent/float64(len(all))
	}
	if !atMost(0.05, ours, n*len(all)) || atMost(0.15, plain, n*len(all)) {
		t.Errorf("certified at the truth in %.3f of all attempts, want 0.05; as independent requests in %.3f, want more than 0.15", ours, plain)
	}
}

// TestPlainBoundFails: searches whose bound takes requests for independent certify too much
// where queues are long.
func TestPlainBoundFails(t *testing.T) {
	n := simulations(t)
	worst := 0.0
	for _, k := range queues(n) {
		s := k.searches(n, true)
		t.Logf("%s p%-4g at utilisation %.1f: false %.1f %%, certified median %.3f, load %v", k.name, 100*k.q, k.utilisation, 100*s.false, s.median, s.load)
		worst = max(worst, s.false)
	}
	if n > usualSimulations && atMost(0.05, worst, n) {
		t.Errorf("%.3f false certificates at most: the test of ours would pass anything", worst)
	}
}

// TestRemaining: no search plays more steps, or longer, than it said before that it may, and most
// take about as long as they said that they probably do.
func TestRemaining(t *testing.T) {
	var took []float64 // of what was likely before the first step and halfway
	for _, k := range []queue{{"M/D/1", false, 0.99, 0.8}, {"M/M/1", true, 0.99, 0.5}, {"M/M/1", true, 0.9, 0.9}} {
		for seed := range uint64(10) {
			rng := rand.New(rand.NewPCG(seed, 1))
			limit := k.limit()
			s := New(Plan{From: math.Round(50 * math.Pow(64, rng.Float64())), Most: 1e6, Limits: []Limit{limit}})
			var most, likely, played []record.Ahead
			for step, more := s.Next(); more; step, more = s.Next() {
				most, likely, played = append(most, s.Remaining()), append(likely, s.Likely()), append(played, record.Ahead{})
				o, _ := k.play(rng, step, limit)
				s.Add(o)
				for i := range played {
					played[i] = played[i].Plus(times(1, step))
				}
			}
			if most, likely := s.Remaining(), s.Likely(); most.Steps != 0 || most.Load != 0 || likely != most {
				t.Errorf("%+v, likely %+v to come of a search that is over", most, likely)
			}
			for i, b := range most {
				if played[i].Steps > b.Steps || played[i].Load > b.Load {
					t.Errorf("%+v, seed %d: before step %d of %d it said %+v, and played %+v", k, seed, i+1, len(most), b, played[i])
				}
				if likely[i].Steps > b.Steps || likely[i].Load > b.Load {
					t.Errorf("%+v, seed %d: before step %d of %d %+v is likely, and %+v the most", k, seed, i+1, len(most), likely[i], b)
				}
			}
			for _, i := range []int{0, len(likely) / 2} {
				took = append(took, float64(played[i].Load)/float64(likely[i].Load))
			}
		}
	}
	slices.Sort(took)
	if low, median, high := took[len(took)/10], took[len(took)/2], took[len(took)*9/10]; low < 0.4 || median < 0.7 || median > 1.4 || high > 2.5 {
		t.Errorf("searches took %.2f to %.2f of what was likely, %.2f in the median", low, high, median)
	} else {
		t.Logf("searches took %.2f to %.2f of what was likely, %.2f in the median", low, high, median)
	}
}
