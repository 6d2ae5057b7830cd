package main

import (
	"bytes"
	"context"
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
		find:    inFolder("peers", "hey", "make peers"),
		can:     func(l load) bool { return l.rate == 0 || l.stall != nil },
		command: heyCommand,
		read: func(_ context.Context, s said) (reading, error) {
			if s.code != 0 {
				return reading{}, s.failure()
			}
			return parseHey(s.stdout)
		},
	}
}

func heyCommand(l load, dir string) ([]string, error) {
	args := []string{"-z", l.duration.String()}
	if l.rate > 0 {
		args = append(args, "-c", strconv.Itoa(heyWorkers), "-q", strconv.Itoa(l.rate/heyWorkers))
	} else {
		args = append(args, "-c", strconv.Itoa(l.connections))
	}
	body, err := writeBody(l, dir)
	if body != "" {
		args = append(args, "-m", "POST", "-D", body)
	}
	return append(args, l.url), err
}

// parseHey reads hey's summary, which is text: answers by their status, then the
// errors of requests that got none.
func parseHey(text []byte) (reading, error) {
	var r reading
	answers, errs, _ := bytes.Cut(text, []byte("\nError distribution:\n"))
	for _, m := range regexp.MustCompile(`(?m)^ +\[(\d+)\]\t(\d+) responses$`).FindAllSubmatch(answers, -1) {
		n, err := count(m[2])
		if err != nil {
			return reading{}, fmt.Errorf("read hey's summary: %w", err)
		}
		r.Sent += n
		if string(m[1]) != "200" {
			r.Failed += n
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^ +\[(\d+)\]\t`).FindAllSubmatch(errs, -1) {
		n, err := count(m[1])
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

// mostCount bounds a number of requests that a report tells.
const mostCount = 1 << 40

// count reads a number of requests.
func count(digits []byte) (int64, error) {
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err == nil && n > mostCount {
		err = fmt.Errorf("%d requests cannot be", n)
	}
	return n, err
}
