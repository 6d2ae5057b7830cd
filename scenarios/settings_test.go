package scenarios

import (
	"strings"
	"testing"
	"time"

	"servebench/scenarios/decode"

	"github.com/google/go-cmp/cmp"

	"servebench/targets"
)

func parseSettings(t *testing.T, texts ...string) []decode.Setting {
	t.Helper()
	var set []decode.Setting
	for _, text := range texts {
		s, err := decode.ParseSetting(text)
		if err != nil {
			t.Fatal(err)
		}
		set = append(set, s)
	}
	return set
}

func TestSettings(t *testing.T) {
	text := minimal + "  - {name: spike, rate: 900, duration: 1s}\nlimits:\n  memory: 1GiB\n"
	for _, tt := range []struct {
		name string
		set  []string
		want func(*Scenario)
	}{
		{"item by name", []string{"load.steady.rate=500"}, func(s *Scenario) { s.Load[0].Rate = 500 }},
		{"item by index", []string{"load[1].duration=3s"}, func(s *Scenario) { s.Load[1].Duration = 3 * time.Second }},
		{"item of a list of texts", []string{"targets[0]=container"}, func(s *Scenario) {
			s.Targets = []string{"container"}
			s.Options = map[string]map[string]string{"container": {"network": "host", "runtime": ""}}
		}},
		{"name changed before it is used", []string{"load.steady.name=calm", "load.calm.rate=1"}, func(s *Scenario) { s.Load[0].Name, s.Load[0].Rate = "calm", 1 }},
		{"last one counts", []string{"rounds=7", "rounds=2"}, func(s *Scenario) { s.Rounds = 2 }},
		{"key that is missing", []string{"limits.cpus=2"}, func(s *Scenario) { s.Limits.CPUs = 2 }},
		{"mapping that is missing", []string{"slo.p99=10ms"}, func(s *Scenario) { s.SLO.P99 = 10 * time.Millisecond }},
		{"none", []string{"limits.memory=none"}, func(s *Scenario) { s.Limits.Memory = 0 }},
		{"size", []string{"limits.memory=2GB"}, func(s *Scenario) { s.Limits.Memory = targets.Bytes(2e9) }},
		{"parameter", []string{"data.noise=0.1"}, func(s *Scenario) { s.Data.Params["noise"] = 0.1 }},
		{"truth", []string{"load.steady.measure=false"}, func(s *Scenario) { s.Load[0].Measure = false }},
		{"text like a number", []string{"description=7"}, func(s *Scenario) { s.Description = "7" }},
		{"text with YAML's characters", []string{"description=a: b # c"}, func(s *Scenario) { s.Description = "a: b # c" }},
		{"text in quotes", []string{`description="[1]"`}, func(s *Scenario) { s.Description = "[1]" }},
		{"empty text", []string{"description="}, func(s *Scenario) { s.Description = "" }},
		{"list", []string{"targets=[container]", "container.network=bridge"}, func(s *Scenario) {
			s.Targets = []string{"container"}
			s.Options = map[string]map[string]string{"container": {"network": "bridge", "runtime": ""}}
		}},
		{"mapping", []string{"workload={command: [./x, a=b], model: m}"}, func(s *Scenario) {
			s.Workload.Server, s.Workload.Command, s.Workload.Model = "", []string{absolute(t, "x"), "a=b"}, "m"
			s.Load[0].Model, s.Load[1].Model = "m", "m"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want, err := Parse("f", []byte(text), testCatalogue())
			if err != nil {
				t.Fatal(err)
			}
			tt.want(want)
			got, err := Parse("f", []byte(text), testCatalogue(), parseSettings(t, tt.set...)...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := difference(want, got); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
		})
	}
}

// TestVariablesOfSettings sets one variable of the server and keeps the others.
func TestVariablesOfSettings(t *testing.T) {
	for _, tt := range []struct {
		env  string
		set  []string
		want []string
	}{
		{"", []string{"workload.env.A=1"}, []string{"A=1"}},
		{"env: []", []string{"workload.env.A=1", "workload.env.B=two words", "workload.env.A=3"}, []string{"A=3", "B=two words"}},
		{"env:", []string{"workload.env.A="}, []string{"A="}},
		{"env: [A=1, AB=2]", []string{"workload.env.AB=x=y"}, []string{"A=1", "AB=x=y"}},
		{"env: [A=1]", []string{`workload.env.A={"json": [1]}`, `workload.env.B=" space "`}, []string{`A={"json": [1]}`, "B= space "}},
		{"env: [A=1]", []string{"workload.env=[B=2]", "workload.env.spring.port=${PORT}"}, []string{"B=2", "spring.port=80"}},
	} {
		cat := testCatalogue()
		cat.Environment = func(string) (string, bool) { return "80", true }
		text := strings.Replace(minimal, "workload: {server: reference, model: credit}", "workload:\n  server: reference\n  model: credit\n  "+tt.env, 1)
		got, err := Parse("f", []byte(text), cat, parseSettings(t, tt.set...)...)
		if err != nil {
			t.Errorf("%s with %s: %v", tt.env, tt.set, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got.Workload.Env); diff != "" {
			t.Errorf("%s with %s (-want +got):\n%s", tt.env, tt.set, diff)
		}
	}
}

// TestVariableOfSettingIsSecret keeps a value from faults and the written scenario.
func TestVariableOfSettingIsSecret(t *testing.T) {
	set := parseSettings(t, "workload.env.API_KEY=hunter22", "rounds=0")
	_, err := Parse("f", []byte(minimal), testCatalogue(), set...)
	if err == nil || strings.Contains(err.Error(), "hunter22") {
		t.Errorf("the fault of another key: %v", err)
	}
	s, err := Parse("f", []byte(minimal), testCatalogue(), set[0])
	if err != nil {
		t.Fatal(err)
	}
	if text, err := s.YAML(); err != nil || strings.Contains(string(text), "hunter22") || !strings.Contains(string(text), "API_KEY=${secret:") {
		t.Errorf("written (%v):\n%s", err, text)
	}
}

func TestFaultsOfSettings(t *testing.T) {
	for _, tt := range []struct{ set, want string }{
		{"load.steady.rate=abc", `load[0].rate: "abc" is not a number; want a rate per second, such as 200`},
		{"load.steady.rate=-1", `load[0].rate: -1 is not above 0; want a rate per second, such as 200`},
		{"load.steady.rate=", `load[0].rate: "" is not a number; want a rate per second, such as 200`},
		{"load.stady.rate=1", `load: has no item "stady" (did you mean "steady"?); want steady`},
		{"load[1].rate=1", `load: has no item 1; want an index below 1`},
		{"load.rate=1", `load: is a list; rate is a key of its items; want one of load.steady.rate, load[0].rate`},
		{"targets.physical=x", `targets: has no item "physical"; want an index, such as targets[0]`},
		{"lod.steady.rate=1", `lod: unknown key (did you mean "load"?); want one of name, description, targets, workload, protocol, template, http, data, load, faults, abort_on, overhead, rounds, reruns, cold_starts, attackers, awake, seed, timeout, limits, sweep, scaling, monitor, retrain, slo, cost, regression, container, lambda, endpoint`},
		{"limits.cpu=1", `limits.cpu: unknown key (did you mean "cpus"?); want one of cpus, memory`},
		{"name.first=x", `name: is a single value, so it has no key "first"; want its key alone`},
		{"name[0]=x", `name: is not a list, so it has no item 0; want its key alone`},
		{"limits[0]=x", `limits: is not a list, so it has no item 0; want its key alone`},
		{"targets=physical", `targets: "physical" is not a list; want a list of targets, such as [physical]`},
		{"targets=[phsical]", `targets[0]: unknown target "phsical" (did you mean "physical"?); want one of physical, container, vm, lambda, kubernetes, endpoint`},
		{"targets=[physical", `not YAML: a list that begins with [ is not closed; want a ] at its end, and commas between its items`},
		{"limits=[]", `limits: a list is not a mapping; want keys with their values`},
		{"slo.p99=1m", `slo.p99: 1m is above the timeout, 10s, so that no answer could miss it; want a limit below the timeout`},
		{"timeout=10", `timeout: 10 has no unit; want for example 10s`},
		{"limits.memory=512M", `limits.memory: "512M" may mean either of two sizes; want 512MiB (1024 × 1024) or 512MB (1000 × 1000)`},
		{"name=a\x82", `not text in UTF-8`},
		{"workload.env.A B=1", `workload.env[0]: "A B=1" sets no variable; want KEY=VALUE`},
		{`workload.env.A="x`, `not YAML: a quote is opened here and not closed; want a closing quote, or text without quotes`},
		{"a..b=1", `"a..b" leads nowhere; want keys with dots between them, such as load.steady.rate or load[1].rate`},
		{"load[x]=1", `"load[x]" leads nowhere; want keys with dots between them, such as load.steady.rate or load[1].rate`},
		{"load[0=1", `"load[0" leads nowhere; want keys with dots between them, such as load.steady.rate or load[1].rate`},
	} {
		t.Run(tt.set, func(t *testing.T) {
			text := minimal + "limits: {cpus: 1}\n"
			_, err := Parse("f", []byte(text), testCatalogue(), parseSettings(t, tt.set)...)
			if want := "--set " + tt.set + ": " + tt.want; err == nil || err.Error() != want {
				t.Errorf("Parse:\n%v\nwant\n%s", err, want)
			}
		})
	}
}

// TestFaultsOfFlags names the flag that a setting stands for.
func TestFaultsOfFlags(t *testing.T) {
	_, err := Parse("f", []byte(minimal), testCatalogue(), decode.Setting{Key: "rounds", Value: "0", Flag: "--rounds 0"})
	if want := "--rounds 0: rounds: 0 is below 1; want a whole number from 1 to 1000"; err == nil || err.Error() != want {
		t.Errorf("Parse: %v\nwant %s", err, want)
	}
}

// TestFaultsInOrder has those of the file first, then those of the settings.
func TestFaultsInOrder(t *testing.T) {
	_, err := Parse("f", []byte(minimal+"seed: x\nrounds: 0\n"), testCatalogue(), parseSettings(t, "limits.cpus=0", "timeout=0s")...)
	var order []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		place, _, _ := strings.Cut(line, ": ")
		order = append(order, place)
	}
	if diff := cmp.Diff([]string{"f:7:7", "f:8:9", "--set limits.cpus=0", "--set timeout=0s"}, order); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

// TestSettingsThatLeadNowhereHideNothing wants the faults of values beside those of
// settings that changed none.
func TestSettingsThatLeadNowhereHideNothing(t *testing.T) {
	for _, nowhere := range []string{"load.zz.rate=3", "load[9].rate=3", "a..b=1", "load.steady.rate.x=1", "load=[{name"} {
		_, err := Parse("f", []byte(minimal), testCatalogue(), parseSettings(t, nowhere, "load.steady.arrivals=ramp")...)
		if err == nil || !strings.Contains(err.Error(), "load[0].to: missing") || !strings.Contains(err.Error(), "--set "+nowhere+": ") {
			t.Errorf("beside %s:\n%v", nowhere, err)
		}
	}
}

func TestParseSettingFaults(t *testing.T) {
	for _, text := range []string{"", "rounds", "=2", " = "} {
		if s, err := decode.ParseSetting(text); err == nil {
			t.Errorf("decode.ParseSetting(%q) = %+v, want an error", text, s)
		}
	}
}
