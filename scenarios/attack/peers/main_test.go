package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"servebench/cmd/cli"
)

// TestMain lets the test's binary be the server that a trial starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{{"--rounds", "0"}, {"--tools", "ab"}, {"extra"}, {"--nonesuch"}} {
		var stdout, stderr bytes.Buffer
		if code := run(context.Background(), args, nil, &stdout, &stderr); code != cli.Usage {
			t.Errorf("%v: exit %d, want %d", args, code, cli.Usage)
		}
		if stdout.Len() > 0 || !strings.Contains(stderr.String(), "run 'benchpeers --help' for usage") {
			t.Errorf("%v: said %q and %q", args, stdout.String(), stderr.String())
		}
	}
}

// TestCompare plays a second of both closed loops with every tool that is there;
// those that are missing are told of.
func TestCompare(t *testing.T) {
	if _, err := splitCPUs(); err != nil {
		t.Skip("needs two CPUs of a Linux machine: " + err.Error())
	}
	if testing.Short() {
		t.Skip("plays every load generator for seconds; run without -short")
	}
	out := t.TempDir()
	var stdout, stderr bytes.Buffer
	args := []string{"--bin", built(t), "--out", out, "--rounds", "1", "--duration", "1s", "--loads", "closed"}
	if code := run(context.Background(), args, nil, &stdout, &stderr); code != cli.OK {
		t.Fatalf("exit %d: %s", code, stderr.String())
	}
	c := saved(t, out)
	for _, f := range c.Tools {
		if f.Missing != "" {
			t.Logf("not tried: %s", f.Missing)
		}
		alone := strings.HasPrefix(f.Name, "vegeta-") // plays the stall alone
		if told := strings.Contains(stdout.String(), "! "+f.Name+" took no part: "+f.Missing); told != (f.Missing != "" && !alone) {
			t.Errorf("%s is missing: %q; the table tells of it: %t", f.Name, f.Missing, told)
		}
	}
	for _, r := range c.Trials {
		if r.Failed != "" || r.Requests == 0 || r.CPU <= 0 {
			t.Errorf("%s, %s: %d requests, %v of CPU, %s", r.Tool, r.Load, r.Requests, r.CPU, r.Failed)
		}
	}
}

// repository is the root of servebench's module, below which this one lies.
const repository = "../../.."

// built is a folder with servebench, built from what is tested, and the other tools,
// where somebody built them.
func built(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	if text, err := exec.Command("go", "build", "-C", repository, "-o", bin, "./cmd/servebench").CombinedOutput(); err != nil {
		t.Fatalf("build servebench: %v: %s", err, text)
	}
	peers, err := filepath.Abs(filepath.Join(repository, "bin", "peers"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(peers, filepath.Join(bin, "peers")); err != nil {
		t.Fatal(err)
	}
	return bin
}

// saved reads the one comparison in a folder.
func saved(t *testing.T, out string) comparison {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(out, "*", "peers.json"))
	if len(files) != 1 {
		t.Fatalf("results in %v, want one file", files)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var c comparison
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPlayInterrupted has a cancelled comparison end without a trial, and say so.
func TestPlayInterrupted(t *testing.T) {
	split, err := splitCPUs()
	if err != nil {
		t.Skip("needs two CPUs of a Linux machine: " + err.Error())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := made()
	c.Trials = nil
	steps := []step{{round: 1, tool: installed{tool: wrk()}, load: loads(closed, time.Second)[0]}}
	err = c.play(ctx, steps, split, io.Discard)
	if !errors.Is(err, context.Canceled) || !c.Interrupted || len(c.Trials) > 0 {
		t.Errorf("error %v, interrupted %t, %d trials; want one that says so, and none", err, c.Interrupted, len(c.Trials))
	}
	if !strings.Contains(textReport(c), "INTERRUPTED") {
		t.Error("the report does not say that the rounds are not complete")
	}
}

// TestNoTool has a comparison of tools that are all missing fail with how each is
// to be had.
func TestNoTool(t *testing.T) {
	if _, err := splitCPUs(); err != nil {
		t.Skip("needs two CPUs of a Linux machine: " + err.Error())
	}
	var stdout, stderr bytes.Buffer
	args := []string{"--bin", t.TempDir(), "--out", t.TempDir(), "--tools", "servebench,k6"}
	code := run(context.Background(), args, nil, &stdout, &stderr)
	for _, want := range []string{"make build builds it", "make peers builds it"} {
		if code != cli.Runtime || !strings.Contains(stderr.String(), want) {
			t.Errorf("exit %d, %q; want %d and %q", code, stderr.String(), cli.Runtime, want)
		}
	}
}
