package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// bombardier is bombardier with its default client, fasthttp.
func bombardier() tool {
	return tool{
		name:    "bombardier",
		find:    builtPeer("bombardier"),
		can:     constantOrClosed,
		command: bombardierCommand,
		parse:   parseBombardier,
	}
}

func bombardierCommand(l load) ([]string, []file) {
	args := []string{
		"--connections", strconv.Itoa(l.connections), "--duration", l.duration.String(),
		"--latencies", "--print", "result", "--format", "json",
	}
	if l.rate > 0 {
		args = append(args, "--rate", strconv.Itoa(l.rate))
	}
	if l.body != nil {
		args = append(args, "--method", "POST", "--body-file", bodyFile)
	}
	return append(args, l.url), nil
}

func parseBombardier(text []byte) (reading, error) {
	var report struct {
		Result struct {
			OK      int64 `json:"req2xx"`
			Info    int64 `json:"req1xx"`
			Moved   int64 `json:"req3xx"`
			Client  int64 `json:"req4xx"`
			Server  int64 `json:"req5xx"`
			Others  int64 `json:"others"`
			Latency struct {
				Percentiles map[string]float64 `json:"percentiles"` // microseconds
			} `json:"latency"`
		} `json:"result"`
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return reading{}, fmt.Errorf("read bombardier's report: %w", err)
	}
	r := report.Result
	failed := r.Info + r.Moved + r.Client + r.Server + r.Others
	return reading{
		Sent: r.OK + failed, Failed: failed,
		P99: time.Duration(r.Latency.Percentiles["99"] * float64(time.Microsecond)),
	}, nil
}
