package scenarios

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"servebench/reports/record"
	"servebench/scenarios/decode"

	"github.com/google/go-cmp/cmp"
)

// sweptScenario is the minimal scenario with a sweep.
func sweptScenario(targets, sweep string) string {
	return strings.Replace(minimal, "targets: [physical]", "targets: ["+targets+"]", 1) + "sweep: {" + sweep + "}\n"
}

// TestSweepExpands makes a variant at every point of the grid, in which each value stands
// where a setting would put it.
func TestSweepExpands(t *testing.T) {
	text := sweptScenario("physical, container, endpoint", "workload.env.WORKERS: [1, 2], limits.cpus: [0.5, 1], limits.memory: [0.5GiB], container.network: [host, bridge]")
	text = strings.Replace(text, "model: credit}", "model: credit, env: [A=b, WORKERS=9]}", 1) + "limits: {cpus: 3}\ncontainer: {runtime: /bin/crun}\n"
	s, err := Parse("f", []byte(text), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range s.Points {
		names = append(names, p.Target)
	}
	want := []string{
		"physical@cpus=0.5+memory=512MiB+WORKERS=1", "physical@cpus=0.5+memory=512MiB+WORKERS=2",
		"physical@cpus=1+memory=512MiB+WORKERS=1", "physical@cpus=1+memory=512MiB+WORKERS=2",
		"container@network=host+cpus=0.5+memory=512MiB+WORKERS=1", "container@network=host+cpus=0.5+memory=512MiB+WORKERS=2",
		"container@network=host+cpus=1+memory=512MiB+WORKERS=1", "container@network=host+cpus=1+memory=512MiB+WORKERS=2",
		"container@network=bridge+cpus=0.5+memory=512MiB+WORKERS=1", "container@network=bridge+cpus=0.5+memory=512MiB+WORKERS=2",
		"container@network=bridge+cpus=1+memory=512MiB+WORKERS=1", "container@network=bridge+cpus=1+memory=512MiB+WORKERS=2",
		"endpoint",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Fatalf("names (-want +got):\n%s", diff)
	}
	p := s.Points[10]
	if diff := cmp.Diff([]record.Setting{{Key: "container.network", Value: "bridge"}, {Key: "limits.cpus", Value: "1"}, {Key: "limits.memory", Value: "512MiB"}, {Key: "workload.env.WORKERS", Value: "1"}}, p.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"A=b", "WORKERS=1"}, p.Scenario.Workload.Env); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]map[string]string{p.Target: {"network": "bridge", "runtime": "/bin/crun"}}, p.Scenario.Options); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if l := p.Scenario.Limits; l.CPUs != 1 || l.Memory.String() != "512MiB" || p.Of != "container" || s.Limits.CPUs != 3 || p.Scenario.Sweep != nil || s.WholeCPUs() != 3 {
		t.Errorf("limits %v of a point of %s, and %v of the scenario; %d CPUs for the largest", l, p.Of, s.Limits, s.WholeCPUs())
	}
	if s.MoveTo("/elsewhere"); s.Dir != "/elsewhere" || s.Points[0].Scenario.Dir != "/elsewhere" {
		t.Errorf("servers run in %s and %s, want /elsewhere", s.Dir, s.Points[0].Scenario.Dir)
	}
	if s.Points[12].Values != nil || s.Points[12].Scenario.Limits.CPUs != 3 {
		t.Errorf("a server that runs already is given a size: %v", s.Points[12].Values)
	}
}

// TestSweepIsWritten reads back what is written, and each point, which is a scenario of its
// own, as well.
func TestSweepIsWritten(t *testing.T) {
	text := sweptScenario("physical, container", `workload.env.N: [1e3, "007", yes], limits.cpus: [1, 2]`)
	s, err := Parse("f", []byte(text), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	for i, one := range append([]*Scenario{s}, scenariosOf(s)...) {
		resolved, err := one.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("f", resolved, testCatalogue())
		if err != nil {
			t.Fatalf("%d: %v\n%s", i, err, resolved)
		}
		if got, err := again.YAML(); err != nil || string(got) != string(resolved) {
			t.Errorf("%d: read back %v\n%s", i, err, cmp.Diff(string(resolved), string(got)))
		}
		if diff := cmp.Diff(namesOf(one), namesOf(again)); diff != "" {
			t.Errorf("%d: points (-want +got):\n%s", i, diff)
		}
	}
}

func scenariosOf(s *Scenario) (all []*Scenario) {
	for _, p := range s.Points {
		all = append(all, p.Scenario)
	}
	return all
}

func namesOf(s *Scenario) (all []string) {
	for _, p := range s.Deployed() {
		all = append(all, p.Target)
	}
	return all
}

// TestSweepBySettings sets keys of a sweep, whose dots are a part of them.
func TestSweepBySettings(t *testing.T) {
	for name, set := range map[string]decode.Setting{
		"a key that there is": {Key: "sweep.limits.cpus", Value: "[1, 2, 4]"},
		"a key more":          {Key: "sweep.workload.env.WORKERS", Value: "[1]"},
		"one item":            {Key: "sweep.limits.cpus[0]", Value: "3"},
		"all":                 {Key: "sweep", Value: "{container.network: [host, bridge]}"},
		"none":                {Key: "sweep", Value: "none"},
		"another target":      {Key: "targets", Value: "[container@bridge]"},
	} {
		s, err := Parse("f", []byte(sweptScenario("container", "limits.cpus: [1, 2]")), testCatalogue(), set)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := map[string][]string{
			"a key that there is": {"container@cpus=1", "container@cpus=2", "container@cpus=4"},
			"a key more":          {"container@cpus=1+WORKERS=1", "container@cpus=2+WORKERS=1"},
			"one item":            {"container@cpus=3", "container@cpus=2"},
			"all":                 {"container@network=host", "container@network=bridge"},
			"none":                {"container"},
			"another target":      {"container@bridge+cpus=1", "container@bridge+cpus=2"},
		}[name]
		if diff := cmp.Diff(want, namesOf(s)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestSweepOfVariants multiplies the variants of a target that have its option, and not those
// that have one of their own.
func TestSweepOfVariants(t *testing.T) {
	text := sweptScenario("container, container@a, container@b", "container.network: [host, bridge], container@b.runtime: [/bin/runc]") + "container@b: {network: host}\n"
	s, err := Parse("f", []byte(text), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"container@network=host", "container@network=bridge", "container@a+network=host", "container@a+network=bridge", "container@b+runtime=-bin-runc"}
	if diff := cmp.Diff(want, namesOf(s)); diff != "" {
		t.Errorf("points (-want +got):\n%s", diff)
	}
	if o := s.Points[3].Scenario.Options["container@a+network=bridge"]; o["network"] != "bridge" {
		t.Errorf("options of a variant's point: %v", o)
	}
	sized, err := Parse("f", []byte(sweptScenario("physical, lambda", "limits.cpus: [1, 2], lambda.memory: [512, 1024, 1769]")), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	want = []string{"physical@cpus=1", "physical@cpus=2", "lambda@memory=512", "lambda@memory=1024", "lambda@memory=1769"}
	if diff := cmp.Diff(want, namesOf(sized)); diff != "" {
		t.Errorf("points of a target with a size of its own (-want +got):\n%s", diff)
	}
	ignored, err := Parse("f", []byte(sweptScenario("physical", "container.network: [host, bridge]")), testCatalogue())
	if err != nil || ignored.Points != nil {
		t.Errorf("a sweep of a target that is not there makes %v, %v", namesOf(ignored), err)
	}
}

func TestSweepFaults(t *testing.T) {
	for sweep, want := range map[string]string{
		"rate: [1, 2]":                                "f:7:9: sweep.rate: it cannot be swept; want limits.cpus, limits.memory, data.batch, retrain, workload.env.NAME, or an option of a target, such as lambda.memory",
		"load.steady.rate: [1, 2]":                    "sweep.load.steady.rate: it cannot be swept; want limits.cpus",
		"workload.env: [A=1]":                         "sweep.workload.env: it cannot be swept",
		"workload.env.A B: [1]":                       `sweep.workload.env.A B: "A B" is no name of a variable; want workload.env.NAME`,
		"workload.env.API_KEY: [a]":                   "sweep.workload.env.API_KEY: API_KEY sounds like a secret, and the values of a sweep are shown in reports; want another key",
		"container.netwok: [host]":                    `sweep.container.netwok: container has no option "netwok" (did you mean "network"?); want one of network, runtime`,
		"lamda.memory: [1]":                           "sweep.lamda.memory: it cannot be swept",
		"vm.memory: [1]":                              "sweep.vm.memory: it cannot be swept",
		"limits.cpus: 2":                              "f:7:22: sweep.limits.cpus: 2 is not a list; want a list of values for each key, such as {limits.cpus: [1, 2]}",
		"limits.cpus: []":                             "sweep.limits.cpus: the list is empty; want a list",
		"limits.cpus: [1, 0, 2]":                      "f:7:26: limits.cpus: 0 is below 0.01; want a number from 0.01 to 1024",
		`limits.cpus: [1, "2"]`:                       `f:7:26: limits.cpus: "2" is text, not a number`,
		"limits.memory: [512]":                        "f:7:25: limits.memory: 512 has no unit; want for example 512MiB",
		"limits.memory: [1GiB, 1024MiB]":              "f:7:31: sweep.limits.memory[1]: 1GiB is in the list already; want each value once",
		"limits.cpus: [1, 1.0]":                       "sweep.limits.cpus[1]: 1 is in the list already",
		"container.network: [host, none]":             `container.network: unknown network "none"; want one of host, bridge`,
		"workload.env.A: [a/b, 'a:b']":                `sweep.workload.env.A[1]: "a/b" and "a:b" make the same name, a-b; want values that differ in letters or digits`,
		"workload.env.A: [${HOME}]":                   "sweep.workload.env.A[0]: ${HOME} comes from the environment, and the values of a sweep are shown in reports; want the value",
		"workload.env.A: [" + strings.Repeat("a", 70): "sweep: its values make a name of 72 letters, A=aaa",
		"data.batch: [1, 2000], limits.cpus: [1]":     "data.corpus: 10000 requests of 2000 examples are 20000000 examples to hold in memory; want at most 10000000",
		"limits.cpus: [1, 2, 3, 4, 5], workload.env.A: [1, 2, 3, 4, 5]": "sweep: it makes 26 variants, 5 × 5 of container and 1 of endpoint; want at most 24",
	} {
		if strings.Contains(sweep, "aaa") {
			sweep += "]"
		}
		targets := "container"
		if strings.Contains(want, "endpoint") {
			targets, sweep = "container, endpoint", sweep+", data.batch: [1]"
			want = strings.ReplaceAll(want, "5 × 5 of container and 1 of endpoint", "1 × 5 × 5 of container and 1 of endpoint")
		}
		cat := testCatalogue()
		cat.Environment = func(string) (string, bool) { return "/home", true }
		_, err := Parse("f", []byte(sweptScenario(targets, sweep)), cat)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", sweep, err, want)
		} else if n := strings.Count(err.Error(), "\n"); n > 0 {
			t.Errorf("%s: %d faults more than one:\n%v", sweep, n, err)
		}
	}
	_, err := Parse("f", []byte(sweptScenario("lambda", "limits.cpus: [1, 2]")), testCatalogue())
	if want := "sweep.limits.cpus: the memory and the CPUs of the target follow from lambda.memory; want lambda.memory"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("CPUs of a target with a size of its own: %v", err)
	}
	for _, key := range []string{"limits.cpus", "workload.env.A"} {
		text := strings.Replace(sweptScenario("endpoint", key+": [1, 2]"), "targets", "endpoint: {url: http://127.0.0.1:1}\ntargets", 1)
		if _, err := Parse("f", []byte(text), testCatalogue()); err == nil || !strings.Contains(err.Error(), "the server of every target runs already") {
			t.Errorf("%s of a server that runs already: %v", key, err)
		}
	}
}

// TestSweepIsAGrid draws sweeps: there are as many points as the product of the values, no
// two of them have the same values or the same name, and each has those that its name says.
func TestSweepIsAGrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		all := map[string][]string{
			"limits.cpus": {"0.25", "1", "2", "4"}, "limits.memory": {"128MiB", "1GiB", "2GiB"}, "data.batch": {"1", "8"},
			"workload.env.W": {"a", "b", "c"}, "container.network": {"host", "bridge"},
		}
		var written []string
		size := map[string]int{"physical": 1, "container": 1}
		swept := map[string]bool{}
		for _, key := range slices.Sorted(maps.Keys(all)) {
			n := rng.IntN(len(all[key]) + 1)
			if n == 0 {
				continue
			}
			written = append(written, key+": ["+strings.Join(all[key][:n], ", ")+"]")
			for target := range size {
				if key != "container.network" || target == "container" {
					size[target] *= n
					swept[target] = true
				}
			}
		}
		total := 0
		for target := range swept {
			total += size[target]
		}
		s, err := Parse("f", []byte(sweptScenario("physical, container", strings.Join(written, ", "))), testCatalogue())
		if total > mostPoints {
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("it makes %d variants", total)) {
				t.Errorf("%v makes %d points: %v", written, total, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%v: %v", written, err)
		}
		points, values := map[string]bool{}, map[string]bool{}
		for _, p := range s.Deployed() {
			points[p.Target], values[fmt.Sprint(p.Of, p.Values)] = true, true
			if kind, known := testCatalogue().Target(p.Target); !known || kind.Name != p.Target {
				t.Errorf("no target is called %s", p.Target)
			}
			for _, v := range p.Values {
				if !strings.Contains(p.Target, "="+v.Value) || !slices.Contains(all[v.Key], v.Value) {
					t.Errorf("%s has %s", p.Target, v)
				}
			}
		}
		if n := size["physical"] + size["container"]; len(points) != n || len(values) != n {
			t.Errorf("%v makes %d names and %d points, want %d", written, len(points), len(values), n)
		}
	}
}
