package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// wrk is wrk, a package of Debian. It has closed loops alone, and plays the stall
// with one.
func wrk() tool {
	return tool{
		name:    "wrk",
		find:    findWrk,
		can:     func(l load) bool { return l.rate == 0 || l.stall != nil },
		command: wrkCommand,
		read: func(_ context.Context, s said) (reading, error) {
			if s.code != 0 {
				return reading{}, s.failure()
			}
			return parseWrk(s.stdout)
		},
	}
}

func findWrk(string) (program, error) {
	path, err := installed("wrk", "apt-get install wrk does that")
	if err != nil {
		return program{}, err
	}
	text, _ := exec.Command(path, "-v").Output() // it ends with 1
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return program{}, fmt.Errorf("%s -v says no version", path)
	}
	return program{path: path, version: string(fields[1])}, nil
}

func wrkCommand(l load, dir string) ([]string, error) {
	args := []string{
		"-t", "1", "-c", strconv.Itoa(closedConnections),
		"-d", fmt.Sprintf("%ds", int(l.duration.Seconds())), "--latency",
	}
	if l.body == nil {
		return append(args, l.url), nil
	}
	const script = "post.lua"
	text := fmt.Sprintf("wrk.method = \"POST\"\nwrk.body = %q\n", l.body)
	return append(args, "-s", script, l.url), os.WriteFile(filepath.Join(dir, script), []byte(text), 0o600)
}

// parseWrk reads wrk's report, which is text.
func parseWrk(text []byte) (reading, error) {
	sent := regexp.MustCompile(`(?m)^ +(\d+) requests in `).FindSubmatch(text)
	p99 := regexp.MustCompile(`(?m)^ +99% +([0-9.]+)(us|ms|s|m|h)$`).FindSubmatch(text)
	if sent == nil || p99 == nil {
		return reading{}, errors.New("read wrk's report: no requests or no 99th percentile in it")
	}
	var r reading
	var err error
	if r.Sent, err = count(sent[1]); err != nil {
		return reading{}, fmt.Errorf("read wrk's report: %w", err)
	}
	if r.P99, err = time.ParseDuration(string(p99[1]) + string(p99[2])); err != nil {
		return reading{}, fmt.Errorf("read wrk's report: %w", err)
	}
	for _, failed := range regexp.MustCompile(`(?:connect|read|write|timeout|responses:) (\d+)`).FindAllSubmatch(text, -1) {
		n, err := count(failed[1])
		if err != nil {
			return reading{}, fmt.Errorf("read wrk's report: %w", err)
		}
		r.Failed += n
	}
	return r, nil
}
