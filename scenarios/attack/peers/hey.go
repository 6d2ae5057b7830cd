package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// heyWorkers is how many workers share a rate, which hey sets for each.
const heyWorkers = 10

// hey is hey. It has no open loop: its rate is a bound for each worker, which waits
// for its answers, so that it plays the stall as near as it can.
func hey() tool {
	return tool{
		name:    "hey",
		find:    builtPeer("hey"),
		can:     closedOrStall,
		command: heyCommand,
		parse:   parseHey,
	}
}

func heyCommand(l load) ([]string, []file) {
	args := []string{"-z", l.duration.String()}
	if l.rate > 0 {
		args = append(args, "-c", strconv.Itoa(heyWorkers), "-q", strconv.Itoa(l.rate/heyWorkers))
	} else {
		args = append(args, "-c", strconv.Itoa(l.connections))
	}
	if l.body != nil {
		args = append(args, "-m", "POST", "-D", bodyFile)
	}
	return append(args, l.url), nil
}

// parseHey reads hey's summary, which is text: answers by their status, then the
// errors of requests that got none.
func parseHey(text []byte) (reading, error) {
	var r reading
	answers, errs, _ := bytes.Cut(text, []byte("\nError distribution:\n"))
	for _, m := range regexp.MustCompile(`(?m)^ +\[(\d+)\]\t(\d+) responses$`).FindAllSubmatch(answers, -1) {
		n, err := parseCount(m[2])
		if err != nil {
			return reading{}, fmt.Errorf("read hey's summary: %w", err)
		}
		r.Sent += n
		if string(m[1]) != "200" {
			r.Failed += n
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^ +\[(\d+)\]\t`).FindAllSubmatch(errs, -1) {
		n, err := parseCount(m[1])
		if err != nil {
			return reading{}, fmt.Errorf("read hey's summary: %w", err)
		}
		r.Sent, r.Failed = r.Sent+n, r.Failed+n
	}
	if r.Sent == 0 {
		return reading{}, errors.New("read hey's summary: it tells of no request")
	}
	if p99 := regexp.MustCompile(`(?m)^ +99%+ in ([0-9.]+) secs$`).FindSubmatch(answers); p99 != nil {
		seconds, err := time.ParseDuration(string(p99[1]) + "s")
		if err != nil {
			return reading{}, fmt.Errorf("read hey's summary: %w", err)
		}
		r.P99 = seconds
	}
	return r, nil
}
