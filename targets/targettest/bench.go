package targettest

import (
	"context"
	"slices"
	"testing"
	"time"

	"servebench/targets"
)

// Benchmark measures cold starts of the test server: the median of each stage
// in milliseconds, of what Deploy does after the last one, and of Close.
func Benchmark(b *testing.B, s Suite) {
	if err := s.Kind.Check(b.Context(), s.Options); err != nil {
		b.Skipf("%s cannot run here: %v", s.Kind.Name, err)
	}
	target, err := s.Kind.Open(targets.Config{Options: s.Options, Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	w := targets.Workload{Command: []string{Build(b)}, Ready: "/ready"}
	times := map[string][]time.Duration{}
	for b.Loop() {
		d, err := target.Deploy(b.Context(), w)
		if err != nil {
			b.Fatal(err)
		}
		returned := time.Since(d.Began)
		for _, stage := range d.Stages {
			times[stage.Name] = append(times[stage.Name], stage.At)
		}
		times["after-ready"] = append(times["after-ready"], returned-d.Stages[len(d.Stages)-1].At)
		closing := time.Now()
		if err := d.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
		times["close"] = append(times["close"], time.Since(closing))
	}
	for name, all := range times {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2])/float64(time.Millisecond), name+"-ms")
	}
}
