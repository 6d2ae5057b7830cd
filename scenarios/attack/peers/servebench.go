package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// servebench is this project's own: a scenario with a template, whose every answer
// is compared with the right one. Its CPU is that of the whole command, from reading
// the scenario to writing the record and the summary.
func servebench() tool {
	return tool{
		name:    "servebench",
		find:    inFolder("", "servebench", "make build"),
		can:     func(load) bool { return true },
		command: servebenchCommand,
		read:    readServebench,
	}
}

func servebenchCommand(l load, dir string) ([]string, error) {
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(servebenchScenario(l)), 0o600); err != nil {
		return nil, err
	}
	return []string{
		"run", "scenario.yaml", "--set", "endpoint.url=" + l.url,
		"--format", "json", "-o", "json", "--progress", "none",
	}, nil
}

// servebenchScenario is the scenario of a load.
func servebenchScenario(l load) string {
	method, body := "GET", ""
	if l.body != nil {
		method, body = "POST", ", body: "+strconv.Quote(string(l.body))
	}
	shape := fmt.Sprintf("callers: %d", l.connections)
	if l.rate > 0 {
		process := "constant"
		if l.poisson {
			process = "poisson"
		}
		shape = fmt.Sprintf("arrivals: %s, rate: %d", process, l.rate)
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
		Sent     int64              `json:"sent"`
		Failed   int64              `json:"failed"`
		Censored int64              `json:"censored"`
		Response map[string]float64 `json:"response_ms"`
		Lag      map[string]float64 `json:"lag_ms"`
	} `json:"targets"`
}

// servebenchInvalid is the exit code of a run that is not to be believed; its
// summary is whole.
const servebenchInvalid = 12

func readServebench(_ context.Context, s said) (reading, error) {
	if s.code != 0 && s.code != servebenchInvalid {
		return reading{}, s.failure()
	}
	return parseServebench(s.stdout)
}

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
		P99:    milliseconds(row.Response["p99"]),
		Lag:    &ownLag{P50: milliseconds(row.Lag["p50"]), P99: milliseconds(row.Lag["p99"])},
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

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
