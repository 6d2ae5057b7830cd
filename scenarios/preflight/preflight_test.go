package preflight

import (
	"strings"
	"testing"
	"time"

	"servebench/scenarios"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/host"
	"servebench/targets"
)

func TestDescriptors(t *testing.T) {
	open, closed := scenarios.Phase{Name: "steady", Config: arrivals.Config{Rate: 1e6}}, scenarios.Phase{Name: "c500", Concurrency: 500}
	for _, tt := range []struct {
		phase     scenarios.Phase
		openFiles uint64
		want      string // the threshold; "": enough
		action    string
	}{
		{open, 96, "", ""},
		{open, 95, "≥ 96", "raise the limit in the shell before (ulimit -n 96)"},
		{closed, 532, "", ""},
		{closed, 64, "≥ 532", "raise the limit in the shell before (ulimit -n 532), or ask for a concurrency of at most 32 in phase c500"},
		{closed, 32, "≥ 532", "raise the limit in the shell before (ulimit -n 532)"},
	} {
		found := checkOpenFiles(tt.phase, tt.openFiles)
		switch {
		case (len(found) == 0) != (tt.want == ""):
			t.Errorf("%s with %d files: %+v", tt.phase.Name, tt.openFiles, found)
		case tt.want != "" && (found[0].Threshold != tt.want || found[0].Action != tt.action || found[0].Rule != "descriptors"):
			t.Errorf("%s with %d files: %+v, want %s, %s", tt.phase.Name, tt.openFiles, found[0], tt.want, tt.action)
		}
	}
}

func TestLocalPorts(t *testing.T) {
	ports := host.Ports{First: 1000, Last: 1099, Taken: 50}
	if found := checkPorts(scenarios.Phase{Concurrency: 100}, 100, ports); found != nil {
		t.Errorf("concurrency 100 and 100 ports: %+v", found)
	}
	found := checkPorts(scenarios.Phase{Name: "c", Concurrency: 101}, 101, ports)
	if len(found) != 1 || found[0].Rule != "ports" || found[0].Figure != "100 ports" || !strings.HasSuffix(found[0].Action, "a concurrency of at most 100 in phase c") {
		t.Errorf("concurrency 101 and 100 ports: %+v", found)
	}
}

// TestPortsWithoutKeepAlive counts the ports that closed connections keep.
func TestPortsWithoutKeepAlive(t *testing.T) {
	ports := host.Ports{First: 1000, Last: 2999, Reused: 2}
	for _, tt := range []struct {
		url  string
		rate float64
		want bool
	}{
		{"http://127.0.0.1:1", 1900, false}, // a second's connections, and those in use
		{"http://127.0.0.1:1", 2000, true},
		{"http://[::1]:1", 1900, false},
		{"http://model.example", 190, false}, // 10 s of them
		{"http://model.example", 200, true},
	} {
		l := Load{Catalogue: scenarios.Catalogue{Targets: []targets.Kind{{Name: "endpoint", Running: true}}}}
		l.Scenario = &scenarios.Scenario{
			Targets: []string{"endpoint"}, Options: map[string]map[string]string{"endpoint": {"url": tt.url}},
			Load: []scenarios.Phase{{Name: "steady", Arrivals: "constant", Config: arrivals.Config{Rate: tt.rate, Duration: 10 * time.Second}}},
		}
		var err error
		if l.Processes, err = l.Scenario.ArrivalProcesses(); err != nil {
			t.Fatal(err)
		}
		found := l.checkClosedPorts(ports)
		if (len(found) > 0) != tt.want {
			t.Errorf("%g/s to %s with 2,000 ports: %+v", tt.rate, tt.url, found)
		}
	}
}

func TestCPUSet(t *testing.T) {
	if found := checkCPUs(1, host.Split{Generator: []int{0}, Shared: true}); found != nil {
		t.Errorf("one attacker: %+v", found)
	}
	if found := checkCPUs(3, host.Split{Generator: []int{0, 1}}); len(found) != 1 || found[0].Rule != "cpu-set" || found[0].Threshold != "≥ 3" {
		t.Errorf("three attackers on two CPUs: %+v", found)
	}
}

// TestConnectionsOfHTTP2 wants workers that share connections to be let through.
func TestConnectionsOfHTTP2(t *testing.T) {
	for version, want := range map[string]bool{scenarios.HTTP1: true, scenarios.HTTP2: false} {
		l := Load{OpenFiles: 100, Scenario: &scenarios.Scenario{
			Load: []scenarios.Phase{{Name: "c500", Concurrency: 500}}, HTTP: scenarios.HTTP{Version: version},
		}}
		if found := l.checkConnections(); (len(found) > 0) != want {
			t.Errorf("concurrency 500 over HTTP/%s with 100 files: %+v", version, found)
		}
	}
}

func TestMaxInFlight(t *testing.T) {
	for _, tc := range []struct {
		rate      float64
		openFiles uint64
		want      int
	}{
		{10, 20_000, 125},
		{1, 20_000, 64},
		{400, 20_000, 5000},
		{5000, 20_000, 8192},
		{5000, 1024, 992},
		{5000, 64, 32},
		{5000, 8, 1},
	} {
		if got := MaxInFlight(tc.rate, 10*time.Second, tc.openFiles); got != tc.want {
			t.Errorf("at %g/s with %d files: %d, want %d", tc.rate, tc.openFiles, got, tc.want)
		}
	}
}
