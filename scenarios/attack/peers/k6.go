package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// k6Summary is the file that k6 writes its summary into.
const k6Summary = "summary.json"

// k6 is k6 with a script that makes one request. Its open loop may use up to
// k6MaxUsers virtual users.
func k6() tool {
	return tool{
		name:    "k6",
		find:    builtPeer("k6"),
		can:     constantOrClosed,
		command: k6Command,
		report: func(_ context.Context, c child) ([]byte, error) {
			return os.ReadFile(filepath.Join(c.dir, k6Summary))
		},
		parse: parseK6,
	}
}

const k6MaxUsers = 2000

func k6Command(l load) ([]string, []file) {
	const script = "script.js"
	return []string{
		"run", "--quiet", "--no-color", "--no-usage-report", "--address", "",
		"--summary-export", k6Summary, "--summary-trend-stats", "p(99)", script,
	}, []file{{script, k6Script(l)}}
}

// k6Script is the script of a load.
func k6Script(l load) string {
	executor := fmt.Sprintf("executor: 'constant-vus', vus: %d", l.connections)
	if l.rate > 0 {
		executor = fmt.Sprintf("executor: 'constant-arrival-rate', rate: %d, timeUnit: '1s', preAllocatedVUs: %d, maxVUs: %d",
			l.rate, l.connections, k6MaxUsers)
	}
	request := fmt.Sprintf("http.get(%q)", l.url)
	if l.body != nil {
		request = fmt.Sprintf("http.post(%q, %q)", l.url, l.body)
	}
	return fmt.Sprintf(`import http from 'k6/http';
export const options = {scenarios: {load: {%s, duration: '%s'}}};
export default function () { %s; }
`, executor, l.duration, request)
}

func parseK6(text []byte) (reading, error) {
	var summary struct {
		Metrics struct {
			Requests struct {
				Count int64 `json:"count"`
			} `json:"http_reqs"`
			Failed struct {
				Passes int64 `json:"passes"` // requests of which "failed" is true
			} `json:"http_req_failed"`
			Duration struct {
				P99 float64 `json:"p(99)"`
			} `json:"http_req_duration"`
			Dropped struct {
				Count int64 `json:"count"`
			} `json:"dropped_iterations"`
		} `json:"metrics"`
	}
	if err := json.Unmarshal(text, &summary); err != nil {
		return reading{}, fmt.Errorf("read k6's summary: %w", err)
	}
	m := summary.Metrics
	r := reading{Sent: m.Requests.Count, Failed: m.Failed.Passes, P99: milliseconds(m.Duration.P99)}
	if m.Dropped.Count > 0 {
		r.Remark = fmt.Sprintf("%d iterations dropped", m.Dropped.Count)
	}
	return r, nil
}
