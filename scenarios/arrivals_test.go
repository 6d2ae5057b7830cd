package scenarios

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"servebench/scenarios/arrivals"
)

// arrivalsPhases has one phase for each arrival process, without its name.
func arrivalsPhases() []string {
	return []string{
		"arrivals: constant, rate: 100, duration: 2s",
		"rate: 100, duration: 2s",
		"arrivals: gamma, rate: 100, duration: 2s, burstiness: 0.25",
		"arrivals: ramp, rate: 100, to: 300, duration: 2s",
		"arrivals: steps, rate: 100, to: 300, steps: 2, duration: 2s, gaps: constant",
		"arrivals: ramp, rate: 0, to: 400, duration: 2s",
		"arrivals: ramp, rate: 400, to: 0, duration: 2s",
		"arrivals: steps, rate: 0, to: 400, steps: 2, duration: 2s",
		"arrivals: spike, rate: 0, to: 400, at: 0s, for: 1s, duration: 2s",
		"arrivals: spike, rate: 100, to: 300, at: 0s, for: 1s, duration: 2s",
		"arrivals: sine, rate: 100, amplitude: 100, period: 1s, duration: 2s",
		"arrivals: spike, rate: 100, to: 300, at: 500ms, for: 1s, duration: 2s",
		"arrivals: trace, trace: {file: counts.txt, counts: 1s, speed: 2}",
		"arrivals: trace, rate: 50, duration: 2s, trace: {file: times.txt}",
	}
}

func parsePhase(t *testing.T, phase string) *Scenario {
	t.Helper()
	s, err := Parse("f", []byte(strings.Replace(minimal, "rate: 100, duration: 10s", phase, 1)), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEveryArrivalProcess opens every arrival process from a scenario, and again from the resolved one.
func TestEveryArrivalProcess(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "counts.txt", "30\n70\n")
	writeFile(t, "times.txt", "0\n0.5\n1\n9\n")
	want := map[string]int64{"gamma": 200, "ramp": 400, "steps": 400, "spike": 400, "trace": 100}
	seen := map[string]bool{}
	for _, phase := range arrivalsPhases() {
		s := parsePhase(t, phase)
		resolved, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("f", resolved, testCatalogue())
		if err != nil {
			t.Fatalf("%s: resolved text is not taken: %v\n%s", phase, err, resolved)
		}
		if diff := difference(s, again); diff != "" {
			t.Errorf("%s: resolved text is another scenario:\n%s", phase, diff)
		}
		processes, err := s.ArrivalProcesses()
		if err != nil {
			t.Errorf("%s: %v", phase, err)
			continue
		}
		name := s.Load[0].Arrivals
		seen[name] = true
		if n, ok := want[name]; ok && processes[0].Shape().Arrivals != n {
			t.Errorf("%s: %d arrivals, want %d", phase, processes[0].Shape().Arrivals, n)
		}
	}
	if len(seen) != len(arrivals.Kinds()) {
		t.Errorf("%d arrival processes tried of %d", len(seen), len(arrivals.Kinds()))
	}
}

func TestGapsAreFilledIn(t *testing.T) {
	for phase, want := range map[string]string{
		"arrivals: ramp, rate: 100, to: 300, duration: 2s":                 "poisson",
		"arrivals: ramp, rate: 100, to: 300, duration: 2s, gaps: constant": "constant",
		"arrivals: trace, trace: {file: x, counts: 1s}":                    "poisson",
		"arrivals: trace, trace: {file: x}":                                "",
		"rate: 100, duration: 1s":                                          "",
		"concurrency: 3, duration: 1s":                                     "",
	} {
		if got := parsePhase(t, phase).Load[0].Gaps; got != want {
			t.Errorf("%s: gaps %q, want %q", phase, got, want)
		}
	}
}

// TestArrivalsFaults lists everything wrong with what a scenario's traces hold.
func TestArrivalsFaults(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "bad.txt", "1\nx\n0.5\n")
	writeFile(t, "empty.txt", "# nothing\n")
	writeFile(t, "many.txt", "1\n99999999999\n")
	writeFile(t, "few.txt", "1\n0\n")
	writeFile(t, "long.txt", "5\n"+strings.Repeat("0\n", 1000))
	for _, m := range []struct{ phase, want string }{
		{"arrivals: trace, trace: {file: none.txt}", "f:6:51: load[0].trace.file: there is no file none.txt; want one of bad.txt, empty.txt, few.txt, long.txt, many.txt in that folder, or another path"},
		{"arrivals: trace, trace: {file: bad.txt}", `bad.txt:2:1: load[0].trace: "x" is not a time; want a time in seconds, such as 1.25, or like 2026-01-31T12:00:00.25Z` + "\n" +
			"bad.txt:3:1: load[0].trace: 0.5 is before the time on the line before; want times that do not fall"},
		{"arrivals: trace, trace: {file: bad.txt, counts: 1s}", `bad.txt:2:1: load[0].trace: "x" is not a number of arrivals; want a whole number, such as 17` + "\n" +
			`bad.txt:3:1: load[0].trace: "0.5" is not a number of arrivals; want a whole number, such as 17`},
		{"arrivals: trace, trace: {file: many.txt, counts: 1s}", "many.txt:2:1: load[0].trace: 99999999999 arrivals are more than one machine sends in the interval; want at most 10000000"},
		{"arrivals: trace, trace: {file: many.txt, counts: 1s, speed: 2, scale: 4}", "many.txt:2:1: load[0].trace: 99999999999 arrivals are more than one machine sends in the interval; want at most 2500000"},
		{"arrivals: trace, trace: {file: /dev/zero}", "f:6:51: load[0].trace.file: /dev/zero is a device, not a file; want a file with one arrival, or one count, on each line"},
		{"arrivals: trace, trace: {file: empty.txt}", "f:6:44: load[0].trace: empty.txt: the trace is empty, want one entry per line"},
		{"arrivals: trace, duration: 9s, trace: {file: few.txt, counts: 1s}", "f:6:47: load[0].duration: 9s, which is beyond the end of the trace; want at most 2s"},
		{"arrivals: trace, rate: 5, trace: {file: few.txt, counts: 1s, scale: 2}", "f:6:43: load[0].rate: the trace's rate is set by its scale already; want one or the other"},
		{"arrivals: trace, trace: {file: few.txt, counts: 1s, scale: 0.1}", "f:6:5: load[0]: 2s at 0.05 per second is no request at all; want a longer phase or a higher rate"},
		{"arrivals: trace, trace: {file: long.txt, counts: 24h, scale: 1}", "f:6:3: load: 3 rounds on 1 target take 72072h in all; want at most 720h"},
	} {
		_, err := parsePhase(t, m.phase).ArrivalProcesses()
		if err == nil || strings.ReplaceAll(err.Error(), absolute(t, ".")+"/", "") != m.want {
			t.Errorf("%s:\n%v\nwant\n%s", m.phase, err, m.want)
		}
	}
}

// TestArrivalsOfClosedLoops has none for workers.
func TestArrivalsOfClosedLoops(t *testing.T) {
	processes, err := parsePhase(t, "concurrency: 3, duration: 1s").ArrivalProcesses()
	if err != nil || len(processes) != 1 || processes[0] != nil {
		t.Errorf("%v, %v, want no arrival process", processes, err)
	}
}

// TestParseOfParameters carries every parameter to the arrival process.
func TestParseOfParameters(t *testing.T) {
	got := parsePhase(t, "arrivals: spike, rate: 100, to: 300, at: 500ms, for: 1s, duration: 2s").Load[0]
	want := Phase{Name: "steady", Model: "credit", Arrivals: "spike", Measure: true, Config: arrivals.Config{Rate: 100, To: 300, At: 500 * time.Millisecond, For: time.Second, Duration: 2 * time.Second, Gaps: "poisson"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("phase (-want +got):\n%s", diff)
	}
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
