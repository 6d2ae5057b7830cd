package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"servebench/targets/reference/clock"
)

// clockCatalogue also has the model clock.
func clockCatalogue() Catalogue {
	cat := testCatalogue()
	cat.Models = append(cat.Models, Model{Name: clock.Name, Options: clock.Config{}, OptionsDoc: "How the reference server's model clock takes its time, so that it is known in advance what its response times have to be.", OptionsSource: clock.KeySource})
	return cat
}

func clocked(config string) []byte {
	return []byte(strings.Replace(minimal, "model: credit}", "model: clock, clock: "+config+"}", 1))
}

func TestClock(t *testing.T) {
	defaults := clock.Default()
	stalls := defaults
	stalls.Distribution, stalls.Service, stalls.Workers, stalls.Queues, stalls.Seed = "exponential", 20*time.Millisecond, 0, 50, 7
	stalls.Stall, stalls.Every = time.Second, 8*time.Second
	for config, want := range map[string]*clock.Config{
		"none": nil,
		"{}":   &defaults,
		"{distribution: exponential, service: 20ms, workers: 0, queues: 50, stall: 1s, every: 8s, seed: 7}": &stalls,
	} {
		got, err := Parse("f", clocked(config), clockCatalogue())
		if err != nil {
			t.Errorf("%s: %v", config, err)
			continue
		}
		timed, _ := got.Workload.Options[clock.Name].(*clock.Config)
		if diff := cmp.Diff(want, timed); diff != "" {
			t.Errorf("%s (-want +got):\n%s", config, diff)
		}
		text, err := got.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("f", text, clockCatalogue())
		if err != nil {
			t.Fatalf("the resolved text of %s: %v", config, err)
		}
		if diff := difference(got, again); diff != "" {
			t.Errorf("%s, written and read again (-want +got):\n%s", config, diff)
		}
	}
}

func TestClockFaults(t *testing.T) {
	for config, want := range map[string]string{
		"{distribution: x}":      `f:3:67: workload.clock.distribution: unknown distribution "x"; want one of constant, uniform, exponential, lognormal`,
		"{queues: 0}":            `f:3:61: workload.clock.queues: 0 is below 1; want a whole number from 1 to 10000`,
		"{stall: 1s}":            `workload.clock.every: stalls of 1s have no end in between; want a time above the stall`,
		"{stall: 1s, every: 1s}": `f:3:71: workload.clock.every: stalls of 1s have no end in between; want a time above the stall`,
		"{every: 1s}":            `f:3:60: workload.clock.every: there is no stall; want a stall beside it, or none`,
		"{}, image: x":           `workload.server: another server is given by command, image or build; want one or the other`,
	} {
		if _, err := Parse("f", clocked(config), clockCatalogue()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", config, err, want)
		}
	}
	other := strings.Replace(string(clocked("{}")), "model: clock", "model: credit", 1)
	want := `f:3:53: workload.clock: nothing asks the reference server's model clock; want server: reference with model: clock, or none`
	if _, err := Parse("f", []byte(other), clockCatalogue()); err == nil || err.Error() != want {
		t.Errorf("another model: %v, want %s", err, want)
	}
}
