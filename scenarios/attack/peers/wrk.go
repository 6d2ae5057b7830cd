package main

import (
	"bytes"
	"errors"
	"fmt"
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
		can:     closedOrStall,
		command: wrkCommand,
		parse:   parseWrk,
	}
}

func findWrk(string) (path, version string, err error) {
	if path, err = exec.LookPath("wrk"); err != nil {
		return "", "", errors.New("wrk is not installed; apt-get install wrk does that")
	}
	text, _ := exec.Command(path, "-v").Output() // it ends with 1
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return "", "", fmt.Errorf("%s -v says no version", path)
	}
	path, err = filepath.Abs(path)
	return path, string(fields[1]), err
}

func wrkCommand(l load) ([]string, []file) {
	args := []string{
		"-t", "1", "-c", strconv.Itoa(closedConnections),
		"-d", fmt.Sprintf("%ds", int(l.duration.Seconds())), "--latency",
	}
	if l.body == nil {
		return append(args, l.url), nil
	}
	const script = "post.lua"
	text := fmt.Sprintf("wrk.method = \"POST\"\nwrk.body = %q\n", l.body)
	return append(args, "-s", script, l.url), []file{{script, text}}
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
	if r.Sent, err = parseCount(sent[1]); err != nil {
		return reading{}, fmt.Errorf("read wrk's report: %w", err)
	}
	if r.P99, err = time.ParseDuration(string(p99[1]) + string(p99[2])); err != nil {
		return reading{}, fmt.Errorf("read wrk's report: %w", err)
	}
	for _, failed := range regexp.MustCompile(`(?:connect|read|write|timeout|responses:) (\d+)`).FindAllSubmatch(text, -1) {
		n, err := parseCount(failed[1])
		if err != nil {
			return reading{}, fmt.Errorf("read wrk's report: %w", err)
		}
		r.Failed += n
	}
	return r, nil
}
