// Package oci runs servers in containers by runc or crun alone, without an
// engine and its daemon: each is carried by a runtime's process in the foreground, has an
// overlay of the image's files that package image keeps, and is in this machine's network
// and in a cgroup of the caller's. The
// targets that need such containers are built on it; it stands above package
// local, which starts and watches the runtime, and below the targets, which
// choose ports and wait until a server is ready.
//
// The way: FindRuntime and Ask, image.Open, NewRoot, then Root.Start as
// often as containers are wanted, Container.Remove for each, Root.Remove in the
// end, and Leftovers for what a killed process could not remove.
package oci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"servebench/targets"
)

// cleanTime bounds each call of a runtime that removes something.
const cleanTime = 30 * time.Second

// Runtime is runc or crun.
type Runtime struct {
	Version string // "runc 1.1.5"
	path    string
	// keeps says that it can keep an ended container, whose cgroup says if it
	// ran out of memory.
	keeps bool
}

// FindRuntime returns the path of runc or, without it, crun.
func FindRuntime() (string, *targets.Unavailable) {
	for _, name := range []string{"runc", "crun"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if os.Geteuid() != 0 {
			return "", &targets.Unavailable{Why: "running " + path + " without an engine needs root", Fix: targets.AsRoot(targets.Program() + " run")}
		}
		return path, nil
	}
	return "", &targets.Unavailable{Why: "neither runc nor crun is in PATH", Fix: targets.Install("runc", "runc")}
}

// Ask asks the runtime at the path what it is and what it can do.
func Ask(ctx context.Context, path string) (Runtime, error) {
	version, err := output(ctx, path, "--version")
	if err != nil {
		return Runtime{}, err
	}
	help, err := output(ctx, path, "run", "--help")
	if err != nil {
		return Runtime{}, err
	}
	first, _, _ := strings.Cut(version, "\n")
	return Runtime{Version: strings.Replace(first, " version", "", 1), path: path, keeps: strings.Contains(help, "--keep")}, nil
}

// drain is how long the output of a runtime that has ended or was cancelled is waited
// for: what it started may hold it open.
const drain = time.Second

// output runs the runtime and returns what it prints.
func output(ctx context.Context, path string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = drain
	text, err := cmd.CombinedOutput()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return "", fmt.Errorf("%s %s: %w: %s", filepath.Base(path), strings.Join(args, " "), cmp.Or(context.Cause(ctx), err), strings.TrimSpace(string(text)))
	}
	return string(text), nil
}
