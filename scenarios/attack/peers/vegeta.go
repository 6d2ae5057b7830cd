package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// fewWorkers is a small cap on vegeta's workers.
const fewWorkers = 10

// vegetaResults is the file that vegeta writes its results into.
const vegetaResults = "results.bin"

// vegeta is the command line of vegeta as it comes. With a cap on its workers it
// is another tool, for the stall alone. Its CPU is that of the attack, which
// writes the results to a file; making the report of them is left out.
func vegeta(workers int) tool {
	t := tool{
		name: "vegeta",
		find: builtPeer("vegeta"),
		can:  constantOrClosed,
		command: func(l load) ([]string, []file) {
			return vegetaCommand(l, workers)
		},
		report: vegetaReport,
		parse:  parseVegeta,
	}
	if workers > 0 {
		t.name = fmt.Sprintf("vegeta-%d-workers", workers)
		t.can = func(l load) bool { return l.stall != nil }
	}
	return t
}

func vegetaCommand(l load, workers int) ([]string, []file) {
	const targets = "targets"
	method := "GET"
	args := []string{
		"attack", "-targets", targets, "-output", vegetaResults,
		"-rate", strconv.Itoa(l.rate), "-duration", l.duration.String(),
	}
	if l.body != nil {
		method = "POST"
		args = append(args, "-body", bodyFile)
	}
	switch {
	case workers > 0:
		args = append(args, "-max-workers", strconv.Itoa(workers))
	case l.rate == 0:
		n := strconv.Itoa(l.connections)
		args = append(args, "-workers", n, "-max-workers", n)
	}
	return args, []file{{targets, method + " " + l.url + "\n"}}
}

// vegetaReport has vegeta make a report of the results.
func vegetaReport(ctx context.Context, c child) ([]byte, error) {
	const patience = time.Minute
	made, err := child{path: c.path, args: []string{"report", "-type", "json", vegetaResults}, dir: c.dir}.run(ctx, patience)
	if err != nil {
		return nil, fmt.Errorf("make vegeta's report: %w", err)
	}
	return made.stdout, nil
}

func parseVegeta(text []byte) (reading, error) {
	var report struct {
		Requests  int64            `json:"requests"`
		Statuses  map[string]int64 `json:"status_codes"`
		Latencies struct {
			P99 time.Duration `json:"99th"`
		} `json:"latencies"`
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return reading{}, fmt.Errorf("read vegeta's report: %w", err)
	}
	return reading{
		Sent: report.Requests, Failed: report.Requests - report.Statuses["200"], P99: report.Latencies.P99,
	}, nil
}
