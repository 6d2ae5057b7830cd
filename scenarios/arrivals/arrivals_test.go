package arrivals

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func newProcess(t testing.TB, name string, c Config) Process {
	t.Helper()
	l, err := kind(t, name).New(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func kind(t testing.TB, name string) Kind {
	t.Helper()
	for _, k := range Kinds() {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("no arrival process %q", name)
	return Kind{}
}

// example is a process with a configuration that it keeps.
type example struct {
	process string
	config  Config
	// expected is Λ(t), the integral of the rate up to t.
	expected func(t time.Duration) float64
}

func (e example) String() string {
	return fmt.Sprintf("%s/%v_per_s/%v/%s", e.process, e.config.Rate, e.config.Duration, e.config.Gaps)
}

// examples are all processes in many shapes.
func examples() []example {
	var all []example
	for _, c := range []Config{
		{Rate: 100, Duration: 2 * time.Second},
		{Rate: 1, Duration: time.Second},
		{Rate: 0.3, Duration: time.Second}, // rounds to no arrival
		{Rate: 0.5, Duration: time.Second}, // rounds to one
		{Rate: 333.333, Duration: 7 * time.Second},
		{Rate: 1e6, Duration: 20 * time.Millisecond},
		{Rate: 5e9, Duration: 10 * time.Microsecond}, // gaps below the clock's unit
		{Rate: 2.5, Duration: time.Hour},
		{Rate: 1000, Duration: 1500 * time.Microsecond}, // n = 2, from 1.5
	} {
		for _, gaps := range []string{"", ConstantGaps} {
			c.Gaps = gaps
			all = append(all, changing(c)...)
		}
		c.Gaps = ""
		all = append(all, steady("constant", c), steady("poisson", c))
		for _, burstiness := range []float64{0.01, 0.25, 1, 4, 100} {
			c.Burstiness = burstiness
			all = append(all, steady("gamma", c))
		}
	}
	return append(all, traces()...)
}

func steady(process string, c Config) example {
	return example{process, c, func(t time.Duration) float64 { return c.Rate * t.Seconds() }}
}

// changing are the processes whose rate changes, from the rate of a configuration.
func changing(c Config) []example {
	length := c.Duration.Seconds()
	ramp := func(from, to float64) example {
		c := c
		c.Rate, c.To = from, to
		return example{"ramp", c, func(t time.Duration) float64 {
			x := t.Seconds()
			return from*x + (to-from)*x*x/length/2
		}}
	}
	sine := func(amplitude float64, period time.Duration) example {
		c.Amplitude, c.Period = amplitude, period
		omega := 2 * math.Pi / period.Seconds()
		return example{"sine", c, func(t time.Duration) float64 {
			return c.Rate*t.Seconds() + amplitude/omega*(1-math.Cos(omega*t.Seconds()))
		}}
	}
	spike := c
	spike.To, spike.At, spike.For = 5*c.Rate, c.Duration/4, c.Duration/2
	early, beside := spike, spike
	early.At, beside.Rate = 0, 0
	all := []example{
		ramp(c.Rate, 3*c.Rate), ramp(c.Rate, c.Rate), ramp(c.Rate, c.Rate/50), ramp(0, c.Rate), ramp(c.Rate, 0), sine(c.Rate, c.Duration/3), sine(c.Rate/2, 10*c.Duration),
		{"spike", spike, func(t time.Duration) float64 {
			return c.Rate * (t.Seconds() + 4*min(max(t-spike.At, 0), spike.For).Seconds())
		}},
		{"spike", early, func(t time.Duration) float64 {
			return c.Rate * (t.Seconds() + 4*min(t, early.For).Seconds())
		}},
		{"spike", beside, func(t time.Duration) float64 {
			return beside.To * min(max(t-beside.At, 0), beside.For).Seconds()
		}},
	}
	if c.Duration%(2*time.Second) != 0 {
		return all
	}
	steps := c
	steps.To, steps.Steps = 3*c.Rate, 2
	up, down := steps, steps
	up.Rate, down.To = 0, 0
	return append(all, example{"steps", steps, func(t time.Duration) float64 {
		return c.Rate * (t.Seconds() + 2*max(t-c.Duration/2, 0).Seconds())
	}}, example{"steps", up, func(t time.Duration) float64 {
		return up.To * max(t-c.Duration/2, 0).Seconds()
	}}, example{"steps", down, func(t time.Duration) float64 {
		return down.Rate * min(t, c.Duration/2).Seconds()
	}})
}

// traces are recordings, replayed in several ways.
func traces() []example {
	counts := &Trace{Counts: []int64{0, 50, 7, 0, 0, 300, 1}, Interval: time.Second, Speed: 2, Scale: 1.5}
	all := []example{
		{"trace", Config{Trace: counts}, nil},
		{"trace", Config{Trace: counts, Gaps: ConstantGaps, Duration: 1700 * time.Millisecond}, nil},
		{"trace", Config{Trace: &Trace{Counts: []int64{3, 4}, Interval: time.Millisecond}, Rate: 2000}, nil},
	}
	var times []time.Duration
	for k := range 400 {
		times = append(times, time.Hour+time.Duration(k/2*k)*time.Millisecond) // pairs of equal ones
	}
	slices.Sort(times)
	for _, scale := range []float64{0, 0.001, 0.3, 1, 2, 7.77} {
		all = append(all,
			example{"trace", Config{Trace: &Trace{Times: times, Scale: scale}}, nil},
			example{"trace", Config{Trace: &Trace{Times: times, Scale: scale, Speed: 31}, Duration: time.Second}, nil})
	}
	return append(all, example{"trace", Config{Trace: &Trace{Times: times[:1]}, Duration: time.Second, Rate: 20}, nil})
}

// TestProcessProperties holds every process to the contract of Process for many shapes.
func TestProcessProperties(t *testing.T) {
	for i, e := range examples() {
		t.Run(fmt.Sprint(i, "/", e), func(t *testing.T) {
			t.Parallel()
			l := newProcess(t, e.process, e.config)
			shape := l.Shape()
			if e.expected != nil {
				if want := int64(math.Round(e.expected(e.config.Duration))); shape.Arrivals != want || shape.Duration != e.config.Duration {
					t.Errorf("shape %+v, want %d arrivals in %v", shape, want, e.config.Duration)
				}
			}
			if n := shape.Rate * shape.Duration.Seconds(); math.Abs(n-float64(shape.Arrivals)) > 0.5+1e-9*n || shape.Peak < shape.Rate*(1-1e-9) {
				t.Errorf("shape %+v, want a rate of its arrivals and a peak not below it", shape)
			}
			for seed := range uint64(5) {
				got := slices.Collect(l.Arrivals(rng(seed)))
				if len(got) != int(shape.Arrivals) {
					t.Errorf("%d arrivals, want %d", len(got), shape.Arrivals)
				}
				if !slices.IsSorted(got) {
					t.Error("not ascending")
				}
				if n := len(got); n > 0 && (got[0] < 0 || got[n-1] >= shape.Duration) {
					t.Errorf("arrivals from %v to %v, want them in [0, %v)", got[0], got[n-1], shape.Duration)
				}
				if again := slices.Collect(l.Arrivals(rng(seed))); !slices.Equal(got, again) {
					t.Error("the same seed gave another schedule")
				}
			}
		})
	}
}

// TestRateInWindows counts arrivals in windows and holds them to the integral of
// the rate: exactly with equal gaps, and within six standard deviations with
// random ones.
func TestRateInWindows(t *testing.T) {
	const windows = 20
	for i, e := range examples() {
		if e.expected == nil || e.process == "gamma" && e.config.Burstiness != 1 {
			continue
		}
		t.Run(fmt.Sprint(i, "/", e), func(t *testing.T) {
			t.Parallel()
			equal := e.process == "constant" || e.config.Gaps == ConstantGaps
			got := slices.Collect(newProcess(t, e.process, e.config).Arrivals(rng(7)))
			for w := range windows {
				from, to := e.config.Duration*time.Duration(w)/windows, e.config.Duration*time.Duration(w+1)/windows
				first, _ := slices.BinarySearch(got, from)
				end, _ := slices.BinarySearch(got, to)
				want := e.expected(to) - e.expected(from)
				limit := 2.0 // an arrival at either end
				if !equal {
					limit += 6*math.Sqrt(want) + 2
				}
				if n := float64(end - first); math.Abs(n-want) > limit {
					t.Errorf("%v arrivals from %v to %v, want %.1f ± %.1f", n, from, to, want, limit)
				}
			}
		})
	}
}

// TestSeedsDiffer checks that a random process follows its seed, and one of equal
// gaps does not.
func TestSeedsDiffer(t *testing.T) {
	for _, e := range examples() {
		l := newProcess(t, e.process, e.config)
		if l.Shape().Arrivals < 2 || e.config.Duration < time.Millisecond && e.config.Duration > 0 {
			continue
		}
		constant := e.process == "constant" || e.config.Gaps == ConstantGaps
		if trace := e.config.Trace; trace != nil && trace.Times != nil {
			constant = e.config.Rate == 0 && (trace.Scale == 0 || trace.Scale == 1)
		}
		a, b := slices.Collect(l.Arrivals(rng(1))), slices.Collect(l.Arrivals(rng(2)))
		if slices.Equal(a, b) != constant {
			t.Errorf("%v: two seeds gave the same schedule: %t, want %t", e, !constant, constant)
		}
	}
}

func TestArrivalsCanBeIteratedTwice(t *testing.T) {
	for _, e := range examples() {
		seq := newProcess(t, e.process, e.config).Arrivals(rng(3))
		if a, b := slices.Collect(seq), slices.Collect(seq); !slices.Equal(a, b) {
			t.Errorf("%v: the second iteration differs", e)
		}
	}
}

func TestArrivalsStopEarly(t *testing.T) {
	for _, e := range examples() {
		l := newProcess(t, e.process, e.config)
		want := int(min(l.Shape().Arrivals, 10))
		n := 0
		for range l.Arrivals(rng(3)) {
			if n++; n == 10 {
				break
			}
		}
		if n != want {
			t.Errorf("%v: %d arrivals before the break, want %d", e, n, want)
		}
	}
}

// TestMistakes gives each process what it cannot keep.
func TestMistakes(t *testing.T) {
	mistakes := map[string]func(*Config){
		"rate: 0 per second":      func(c *Config) { c.Rate = 0 },
		"rate: -3 per second":     func(c *Config) { c.Rate = -3 },
		"rate: NaN per second":    func(c *Config) { c.Rate = math.NaN() },
		"rate: +Inf per second":   func(c *Config) { c.Rate = math.Inf(1) },
		"duration: 0s":            func(c *Config) { c.Duration = 0 },
		"duration: -1s":           func(c *Config) { c.Duration = -time.Second },
		"arrivals, want at most":  func(c *Config) { c.Rate, c.Duration = 1e15, time.Hour },
		"burstiness: 0, want":     func(c *Config) { c.Burstiness = 0 },
		"to: -1 per second":       func(c *Config) { c.To = -1 },
		"steps: 1, want at least": func(c *Config) { c.Steps = 1 },
		"duration: 4 steps of 10s in all are 2.5s each, want steps of whole seconds, such as 12s in all": func(c *Config) { c.Steps = 4 },
		"amplitude: 0 per second":   func(c *Config) { c.Amplitude = 0 },
		"amplitude: 101 per second": func(c *Config) { c.Amplitude = 101 },
		"period: 0s":                func(c *Config) { c.Period = 0 },
		"at: -1s":                   func(c *Config) { c.At = -time.Second },
		"at: 10s of 10s":            func(c *Config) { c.At = 10 * time.Second },
		"for: 0s":                   func(c *Config) { c.For = 0 },
		"for: 8.5s from 2s on is beyond the end of the load, want at most 8s": func(c *Config) { c.For = 8500 * time.Millisecond },
		`gaps: unknown gaps "even", want poisson or constant`:                 func(c *Config) { c.Gaps = "even" },
	}
	for text, spoil := range mistakes {
		param, _, _ := strings.Cut(text, ":")
		if param == "arrivals, want at most" {
			param = ParamRate
		}
		for _, k := range Kinds() {
			fromZero := text == "rate: 0 per second" && k.Takes(ParamTo) // the rate may be 0 there
			if k.Name == "trace" || !k.Takes(param) || fromZero || strings.Contains(text, "steps of") && k.Name != "steps" {
				continue
			}
			c := Config{Rate: 100, Duration: 10 * time.Second, Burstiness: 1, To: 200, Steps: 5, Amplitude: 10, Period: time.Second, At: 2 * time.Second, For: time.Second}
			spoil(&c)
			_, err := k.New(c)
			if err == nil || !strings.Contains(err.Error(), text) || !strings.HasPrefix(err.Error(), k.Name+" arrivals: ") {
				t.Errorf("%s %+v: error %v, want one that says %q", k.Name, c, err, text)
			}
		}
	}
}

func TestKindsAreDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if k.Name == "" || !strings.HasSuffix(k.Doc, ".") || seen[k.Name] || !k.Takes(ParamRate) || !k.Takes(ParamDuration) {
			t.Errorf("kind %+v: want a name of its own, a sentence, a rate and a duration", k)
		}
		seen[k.Name] = true
	}
	if got := TakenBy(ParamTo); !slices.Equal(got, []string{"ramp", "steps", "spike"}) {
		t.Errorf("to is taken by %v", got)
	}
}

// tenMillion are all processes, each with ten million arrivals.
func tenMillion() []example {
	c := Config{
		Rate: 1e6, Duration: 10 * time.Second, Burstiness: 0.25, To: 1e6, Steps: 10,
		Amplitude: 5e5, Period: time.Second, At: 2 * time.Second, For: time.Second,
		Trace: &Trace{Counts: slices.Repeat([]int64{10_000}, 1000), Interval: 10 * time.Millisecond},
	}
	var all []example
	for _, k := range Kinds() {
		all = append(all, example{process: k.Name, config: c})
	}
	times := make([]time.Duration, 5_000_000)
	for k := range times {
		times[k] = time.Duration(k) * time.Microsecond
	}
	c.Rate, c.Duration, c.Trace = 0, 0, &Trace{Times: times, Scale: 2}
	return append(all, example{process: "trace", config: c})
}

// BenchmarkArrivals makes ten million arrivals.
func BenchmarkArrivals(b *testing.B) {
	for _, e := range tenMillion() {
		b.Run(e.process, func(b *testing.B) {
			l := newProcess(b, e.process, e.config)
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for range l.Arrivals(rng(1)) {
					n++
				}
				if n != 10_000_000 {
					b.Fatal(n)
				}
			}
		})
	}
}

// BenchmarkPull makes ten million arrivals for a reader that asks for each.
func BenchmarkPull(b *testing.B) {
	for _, e := range tenMillion() {
		b.Run(e.process, func(b *testing.B) {
			l := newProcess(b, e.process, e.config)
			b.ReportAllocs()
			for b.Loop() {
				next, stop := Pull(l.Arrivals(rng(1)))
				n := 0
				for _, ok := next(); ok; _, ok = next() {
					n++
				}
				stop()
				if n != 10_000_000 {
					b.Fatal(n)
				}
			}
		})
	}
}
