package targettest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/targettest/artifact"
)

// Build builds the test server as one static binary, which every target can
// run, under a name that no other process has. It skips the test where there
// is no go command.
func Build(tb testing.TB) string {
	tb.Helper()
	return build(tb, "servebench/targets/targettest/testserver", fmt.Sprintf("testserver-%d", os.Getpid()))
}

// programVariable and a program's name is the variable that tells a victim
// where the process that started it built the program: what a victim builds,
// nobody would remove.
const programVariable = "TARGETTEST_PROGRAM_"

// Program builds one of servebench's programs, a package below cmd, as one
// static binary. It skips the test where there is no go command.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	if isVictim() {
		return os.Getenv(programVariable + name)
	}
	path := build(tb, "servebench/cmd/"+name, name)
	if err := os.Setenv(programVariable+name, path); err != nil {
		tb.Fatal(err)
	}
	return path
}

// processFolder is the variable with the folder that Main made for the process.
const processFolder = "TARGETTEST_PROCESS_FOLDER"

// Main runs the tests with a cache of their process and with a folder for what they build,
// instead of one for each test. A caller's SERVEBENCH_CACHE stays.
func Main(m *testing.M) int {
	if os.Getenv(processFolder) != "" {
		return m.Run() // a victim
	}
	folder, err := os.MkdirTemp("", "servebench-test-")
	if err == nil {
		defer os.RemoveAll(folder)
		err = os.Setenv(processFolder, folder)
	}
	if users, own := "", filepath.Join(folder, "cache"); err == nil && os.Getenv("SERVEBENCH_CACHE") == "" {
		users, err = targets.CacheDir("")
		err = errors.Join(err, os.Mkdir(own, 0o755), artifact.LinkCache(users, own), os.Setenv("SERVEBENCH_CACHE", own))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

var building sync.Mutex

func build(tb testing.TB, pkg, name string) string {
	tb.Helper()
	goTool, err := exec.LookPath("go")
	if err != nil {
		tb.Skipf("the go command is not in PATH, %s is built with it: %v", name, err)
	}
	folder := os.Getenv(processFolder)
	if folder == "" {
		folder = tb.TempDir()
	}
	path := filepath.Join(folder, name)
	building.Lock()
	defer building.Unlock()
	if _, err := os.Stat(path); err == nil {
		return path // built for another test of the process
	}
	cmd := exec.CommandContext(tb.Context(), goTool, "build", "-trimpath", "-ldflags=-s -w", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return path
}

// Benchmark measures cold starts of the test server: the median of each stage
// in milliseconds, of what Deploy does after the last one, and of Close.
func Benchmark(b *testing.B, s Suite) {
	if err := s.Kind.Check(b.Context(), s.Options); err != nil {
		b.Skipf("%s cannot run here: %v", s.Kind.Name, err)
	}
	ownCache(b)
	target, err := s.Kind.Open(targets.Config{Options: s.Options, Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer target.Close(context.Background())
	w := targets.Workload{Command: []string{Build(b)}, Ready: "/ready"}
	times := map[string][]time.Duration{}
	for b.Loop() {
		d, err := target.Deploy(b.Context(), w)
		if err != nil {
			b.Fatal(err)
		}
		returned := time.Since(d.Began)
		for _, stage := range d.Stages {
			times[stage.Name] = append(times[stage.Name], stage.At)
		}
		times["after-ready"] = append(times["after-ready"], returned-d.Stages[len(d.Stages)-1].At)
		closing := time.Now()
		if err := d.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
		times["close"] = append(times["close"], time.Since(closing))
	}
	for name, all := range times {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2])/float64(time.Millisecond), name+"-ms")
	}
}
