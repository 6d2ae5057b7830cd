package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// own is servebench's name among the tools.
const own = "servebench"

// servebench is this project's own: a scenario with a template, whose every answer
// is compared with the right one. Its CPU is that of the whole command, from reading
// the scenario to writing the record and the summary.
func servebench() tool {
	return tool{
		name: own,
		find: func(bin string) (string, string, error) {
			return findBuilt(filepath.Join(bin, own), "make build")
		},
		can:     func(load) bool { return true },
		command: servebenchCommand,
		alsoOK:  servebenchInvalid,
		parse:   parseServebench,
	}
}

func servebenchCommand(l load) ([]string, []file) {
	const scenario = "scenario.yaml"
	return []string{
		"run", scenario, "--set", "endpoint.url=" + l.url,
		"--format", "json", "-o", "json", "--progress", "none",
	}, []file{{scenario, servebenchScenario(l)}}
}

// servebenchScenario is the scenario of a load.
func servebenchScenario(l load) string {
	method, body := "GET", ""
	if l.body != nil {
		method, body = "POST", ", body: "+strconv.Quote(string(l.body))
	}
	shape := fmt.Sprintf("concurrency: %d", l.connections)
	if l.rate > 0 {
		arrivals := "constant"
		if l.poisson {
			arrivals = "poisson"
		}
		shape = fmt.Sprintf("arrivals: %s, rate: %d", arrivals, l.rate)
	}
	return fmt.Sprintf(`name: peers
targets: [endpoint]
protocol: template
template: {method: %s, path: /%s, expect: {body: %q}}
load: [{name: load, %s, duration: %s}]
rounds: 1
`, method, body, l.answer, shape, l.duration)
}

// servebenchSummary is what is read of servebench's summary.
type servebenchSummary struct {
	Validity    string `json:"validity"`
	Diagnostics []struct {
		Rule     string `json:"rule"`
		Severity string `json:"severity"`
	} `json:"diagnostics"`
	Targets []struct {
		Sent     int64               `json:"sent"`
		Failed   int64               `json:"failed"`
		Censored int64               `json:"censored"`
		Response servebenchLatencies `json:"response_ms"`
		Lag      servebenchLatencies `json:"lag_ms"`
	} `json:"targets"`
}

// servebenchLatencies are in milliseconds.
type servebenchLatencies struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// servebenchInvalid is the exit code of a run that is not to be believed; its
// summary is whole.
const servebenchInvalid = 12

func parseServebench(text []byte) (reading, error) {
	var summary servebenchSummary
	if err := json.Unmarshal(text, &summary); err != nil {
		return reading{}, fmt.Errorf("read the summary: %w", err)
	}
	if len(summary.Targets) != 1 {
		return reading{}, fmt.Errorf("read the summary: %d rows, want 1", len(summary.Targets))
	}
	row := summary.Targets[0]
	return reading{
		Sent: row.Sent, Failed: row.Failed + row.Censored,
		P99:    milliseconds(row.Response.P99),
		Lag:    &ownLag{P50: milliseconds(row.Lag.P50), P99: milliseconds(row.Lag.P99)},
		Remark: summary.remark(),
	}, nil
}

// remark says why the run is not VALID; "" when it is.
func (s *servebenchSummary) remark() string {
	if s.Validity == "VALID" {
		return ""
	}
	var rules []string
	for _, d := range s.Diagnostics {
		if d.Severity == "error" {
			rules = append(rules, d.Rule)
		}
	}
	return s.Validity + ": " + strings.Join(rules, ", ")
}
