package scenarios

import (
	"strings"
	"testing"

	"servebench/reports/record"

	"github.com/google/go-cmp/cmp"
)

const watched = "monitor: {detectors: [adwin]}\n"

// TestRetrain reads a policy alone, in a mapping, and one of a sweep.
func TestRetrain(t *testing.T) {
	for text, want := range map[string]Retrain{
		"retrain: on_alarm\n":                                {On: "on_alarm", Rows: 5000},
		"retrain: every   90s\n":                             {On: "every 1m30s", Rows: 5000},
		"retrain: {on: never}\n":                             {On: "never", Rows: 5000},
		"retrain: {on: every 2s, rows: 100, command: [a]}\n": {On: "every 2s", Rows: 100, Command: []string{"a"}},
	} {
		s, err := Parse("f", []byte(minimal+watched+text), testCatalogue())
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, *s.Retrain); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if got := s.Retrain.Record().Policy(); got != want.On {
			t.Errorf("%s: the record has %q", text, got)
		}
	}
	for _, base := range []string{"", "retrain: every 3s\n", "retrain: {on: every 3s, rows: 700}\n"} {
		s, err := Parse("f", []byte(sweptScenario("physical, endpoint", "retrain: [never, every 10s, on_alarm]")+watched+base), testCatalogue())
		if err != nil {
			t.Fatalf("%s: %v", base, err)
		}
		want := []string{"physical@retrain=never", "physical@retrain=every-10s", "physical@retrain=on_alarm", "endpoint@retrain=never", "endpoint@retrain=every-10s", "endpoint@retrain=on_alarm"}
		if diff := cmp.Diff(want, namesOf(s)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", base, diff)
		}
		p := s.Points[1]
		rows := 5000
		if strings.Contains(base, "700") {
			rows = 700
		}
		if p.Scenario.Retrain.Rows != rows || p.Scenario.Retrain.On != "every 10s" {
			t.Errorf("%s: %+v, want every 10s with %d rows", base, p.Scenario.Retrain, rows)
		}
		if diff := cmp.Diff([]record.Setting{{Key: "retrain", Value: "every 10s"}}, p.Values); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
	}
}

func TestRetrainFaults(t *testing.T) {
	own := strings.Replace(minimal, "server: reference, ", "command: [./server], ", 1)
	for _, x := range []struct{ text, want string }{
		{minimal + "retrain: on_alarm\n", "f:7:10: retrain: the answers are not watched, so that no outcomes are known; want monitor beside it"},
		{minimal + "monitor: {}\nretrain: on_alarm\n", "f:8:10: retrain.on: no detector raises an alarm; want monitor.detectors, such as [adwin], or every 60s"},
		{minimal + watched + "retrain: every 100ms\n", "retrain.on: 100ms is shorter than 1s; want on_alarm, never, or every and a time of at least 1s, such as every 60s"},
		{minimal + watched + "retrain: every\n", `retrain.on: "every" is no policy; want on_alarm, never`},
		{minimal + watched + "retrain: every 5\n", "retrain.on: 5 has no unit; want on_alarm"},
		{minimal + watched + "retrain: sometimes\n", `retrain.on: "sometimes" is no policy; want on_alarm, never`},
		{minimal + watched + "retrain: [never]\n", "retrain: a list is not a single value or a mapping; want on_alarm, never"},
		{minimal + watched + "retrain: {rows: 5, comand: [x]}\n", "retrain.rows: 5 is below 100"},
		{minimal + watched + "retrain: {rows: 5, comand: [x]}\n", `retrain.comand: unknown key (did you mean "command"?)`},
		{minimal + watched + "retrain: {rows: 5, comand: [x]}\n", "retrain.on: missing"},
		{own + watched + "retrain: every 60s\n", "retrain.command: missing; want the program that trains the model of your server, such as [python3, retrain.py]"},
		{strings.Replace(minimal, "model: credit", "model: noop", 1) + watched + "retrain: every 60s\n", "retrain: model noop is not trained; want model: credit, or a model_file"},
		{strings.Replace(minimal, "model: credit", "model: credit, restart: true", 1) + watched + "retrain: every 60s\n", "retrain: a server that starts again has the model that it began with"},
		{strings.Replace(minimal, "[physical]", "[physical, lambda]", 1) + watched + "retrain: every 60s\n", "targets[1]: lambda runs several replicas, and a model is swapped in one of them"},
	} {
		cat := testCatalogue()
		cat.Models[1].Untrained = true
		_, err := Parse("f", []byte(x.text), cat)
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s\n%v\nwant %s", x.text, err, x.want)
		}
	}
	if _, err := Parse("f", []byte(own+watched+"retrain: never\n"), testCatalogue()); err != nil {
		t.Errorf("never needs no command: %v", err)
	}
}
