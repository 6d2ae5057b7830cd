package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// fortioConnections is fortio's default. In an open loop it makes one gap less than
// there are requests for each connection and stretches the others, so that more
// connections are less punctual.
const fortioConnections = 4

// fortio is fortio with its own fast client, its connections taking turns so that
// together they send at constant gaps.
func fortio() tool {
	return tool{
		name:    "fortio",
		find:    builtPeer("fortio"),
		can:     constantOrClosed,
		command: fortioCommand,
		parse:   parseFortio,
	}
}

func fortioCommand(l load) ([]string, []file) {
	connections := l.connections
	if l.rate > 0 {
		connections = fortioConnections
	}
	args := []string{
		"load", "-c", strconv.Itoa(connections), "-t", l.duration.String(),
		"-qps", strconv.Itoa(l.rate), "-uniform", "-p", "99", "-quiet", "-json", "-",
	}
	if l.body != nil {
		args = append(args, "-payload-file", bodyFile)
	}
	return append(args, l.url), nil
}

func parseFortio(text []byte) (reading, error) {
	var report struct {
		Codes     map[string]int64 `json:"RetCodes"`
		Durations struct {
			Count       int64
			Percentiles []struct{ Percentile, Value float64 } // seconds
		} `json:"DurationHistogram"`
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return reading{}, fmt.Errorf("read fortio's report: %w", err)
	}
	r := reading{Sent: report.Durations.Count, Failed: report.Durations.Count - report.Codes["200"]}
	for _, p := range report.Durations.Percentiles {
		if p.Percentile == 99 {
			r.P99 = time.Duration(p.Value * float64(time.Second))
		}
	}
	return r, nil
}
