package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// tool is a load generator, or one way to run it.
type tool struct {
	name string
	// find returns its executable, with the version.
	find func(bin string) (path, version string, err error)
	// can says whether it has a load of that kind.
	can func(load) bool
	// command returns its arguments for a load, and the files that have to lie in the
	// folder it runs in beside bodyFile, which holds the load's body.
	command func(load) ([]string, []file)
	// alsoOK is an exit code, besides 0, of a complete report.
	alsoOK int
	// report returns what it reported, after c ran; nil: that is what it printed.
	report func(ctx context.Context, c child) ([]byte, error)
	parse  func(report []byte) (reading, error)
}

// file is a small file of text.
type file struct{ name, text string }

// bodyFile is the file that holds a load's body.
const bodyFile = "body"

// installed is a tool that was found.
type installed struct {
	tool
	path string
}

// reading is what a tool reports of a load.
type reading struct {
	Sent   int64         `json:"sent"` // requests of the load itself; 0: it does not say
	Failed int64         `json:"failed"`
	P99    time.Duration `json:"p99_ns"` // of its latencies
	// Lag is the tool's own account of sent − due, where it keeps one.
	Lag *ownLag `json:"own_lag,omitempty"`
	// Remark is what the tool itself says against its figures.
	Remark string `json:"remark,omitempty"`
}

// ownLag are quantiles of the lag.
type ownLag struct {
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
}

// tools are all that are compared, in the order of the table.
func tools() []tool {
	return []tool{servebench(), vegeta(0), vegeta(fewWorkers), bombardier(), fortio(), hey(), k6(), wrk()}
}

func toolNames() []string {
	var names []string
	for _, t := range tools() {
		names = append(names, t.name)
	}
	return names
}

// builtPeer finds a program that make peers builds into the folder peers.
func builtPeer(name string) func(bin string) (path, version string, err error) {
	return func(bin string) (string, string, error) {
		return findBuilt(filepath.Join(bin, "peers", name), "make peers")
	}
}

// findBuilt finds a Go program, which how builds.
func findBuilt(path, how string) (absolute, version string, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return "", "", err
	}
	info, err := buildinfo.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", "", fmt.Errorf("%s is not there; %s builds it", path, how)
	}
	if err != nil {
		return "", "", fmt.Errorf("read the version of %s: %w", path, err)
	}
	return path, info.Main.Version, nil
}

// constantOrClosed reports whether a load has no gaps, or constant ones.
func constantOrClosed(l load) bool { return !l.poisson }

// closedOrStall reports whether a tool without an open loop plays the load, the stall
// as near as it can.
func closedOrStall(l load) bool { return l.rate == 0 || l.stall != nil }

// maxCount bounds a number of requests that a report tells.
const maxCount = 1 << 40

// parseCount reads a number of requests.
func parseCount(digits []byte) (int64, error) {
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err == nil && n > maxCount {
		err = fmt.Errorf("%d requests is out of range", n)
	}
	return n, err
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
