package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// fewWorkers is a small cap on vegeta's workers.
const fewWorkers = 10

// vegetaResults is the file that vegeta writes its results into.
const vegetaResults = "results.bin"

// vegeta is the command line of vegeta as it comes. With a cap on its workers it
// is a tool of its own, for the stall alone. Its CPU is that of the attack, which
// writes the results to a file; making the report of them is left out.
func vegeta(workers int) tool {
	t := tool{
		name: "vegeta",
		find: inFolder("peers", "vegeta", "make peers"),
		can:  constantOrClosed,
		command: func(l load, dir string) ([]string, error) {
			return vegetaCommand(l, workers, dir)
		},
		read: readVegeta,
	}
	if workers > 0 {
		t.name = fmt.Sprintf("vegeta-%d-workers", workers)
		t.can = func(l load) bool { return l.stall != nil }
	}
	return t
}

func vegetaCommand(l load, workers int, dir string) ([]string, error) {
	method := "GET"
	if l.body != nil {
		method = "POST"
	}
	const targets = "targets"
	if err := os.WriteFile(filepath.Join(dir, targets), []byte(method+" "+l.url+"\n"), 0o600); err != nil {
		return nil, err
	}
	args := []string{
		"attack", "-targets", targets, "-output", vegetaResults,
		"-rate", strconv.Itoa(l.rate), "-duration", l.duration.String(),
	}
	body, err := writeBody(l, dir)
	if body != "" {
		args = append(args, "-body", body)
	}
	switch {
	case workers > 0:
		args = append(args, "-max-workers", strconv.Itoa(workers))
	case l.rate == 0:
		n := strconv.Itoa(l.connections)
		args = append(args, "-workers", n, "-max-workers", n)
	}
	return args, err
}

func readVegeta(ctx context.Context, s said) (reading, error) {
	if s.code != 0 {
		return reading{}, s.failure()
	}
	const patience = time.Minute
	made, err := child{
		path: s.program.path, args: []string{"report", "-type", "json", vegetaResults}, dir: s.dir,
	}.run(ctx, patience)
	if err != nil {
		return reading{}, fmt.Errorf("make vegeta's report: %w", err)
	}
	return parseVegeta(made.stdout)
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
