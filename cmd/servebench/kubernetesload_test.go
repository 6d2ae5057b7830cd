package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"servebench/cmd/cli"
	"servebench/reports/record"
)

// loaded is a run of a built servebench whose load is made within the cluster.
type loaded struct {
	t       *testing.T
	cmd     *exec.Cmd
	cluster string // the folder of make kubernetes
	dir     string // of the run's folder
	out     bytes.Buffer
	// progress is the file that it tells how it goes.
	progress string
	ended    chan struct{} // closed when it ended
}

// start starts the run, which ends with the test.
func (l *loaded) start() error {
	if err := l.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = l.cmd.Wait() // its code is looked at
		close(l.ended)
	}()
	l.t.Cleanup(func() {
		_ = l.cmd.Process.Kill() // that has ended, as a rule
		<-l.ended
	})
	return nil
}

func (l *loaded) said() string {
	text, err := os.ReadFile(l.progress)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(text)
}

// startLoaded starts a run of smoke whose load is made in the cluster.
func startLoaded(t *testing.T, program string, args ...string) *loaded {
	t.Helper()
	l := newLoaded(t, program, append(args, "--set", "kubernetes.load_from=cluster")...)
	if err := l.start(); err != nil {
		t.Fatal(err)
	}
	return l
}

// newLoaded prepares a run of smoke.
func newLoaded(t *testing.T, program string, args ...string) *loaded {
	t.Helper()
	cluster := useCluster(t)
	l := &loaded{t: t, cluster: cluster, dir: t.TempDir(), ended: make(chan struct{})}
	l.cmd = exec.Command(program, append([]string{
		"run", "smoke", "-t", "kubernetes", "--progress", "plain", "--out", l.dir, "--set", "limits.cpus=0.3",
	}, args...)...)
	l.cmd.Env = append(os.Environ(), "SERVEBENCH_CACHE="+filepath.Dir(cluster))
	said, err := os.Create(filepath.Join(t.TempDir(), "progress"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { said.Close() })
	l.progress = said.Name()
	l.cmd.Stdout, l.cmd.Stderr = &l.out, said
	return l
}

// wait waits for the end and returns the run, whose namespace has to be gone by then.
func (l *loaded) wait(codes ...int) *record.Run {
	l.t.Helper()
	<-l.ended
	code := l.cmd.ProcessState.ExitCode()
	found, err := filepath.Glob(filepath.Join(l.dir, "*", "run.json"))
	if err != nil || len(found) != 1 {
		l.t.Fatalf("runs %v, %v\n%s", found, err, l.said())
	}
	for _, want := range codes {
		if code == want {
			run, err := record.Open(found[0])
			if err != nil {
				l.t.Fatal(err)
			}
			return run
		}
	}
	l.t.Fatalf("exits %d, want one of %v\n%s\n%s", code, codes, &l.out, l.said())
	return nil
}

// ctl asks the cluster by kubectl.
func (l *loaded) ctl(args ...string) string {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(l.cluster, "kube"), append([]string{"kubectl", "--kubeconfig", filepath.Join(l.cluster, "kubeconfig")}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		l.t.Fatalf("kubectl %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// pods are those of the run, as NAMESPACE/NAME.
func (l *loaded) pods() []string {
	l.t.Helper()
	var all []string
	for line := range strings.Lines(l.ctl("get", "pods", "-A", "-l", "servebench/maker", "-o", `jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {.metadata.labels.servebench/maker}{"\n"}{end}`)) {
		if pod, maker, _ := strings.Cut(line, " "); strings.HasPrefix(maker, fmt.Sprintf("%d-", l.cmd.Process.Pid)) {
			all = append(all, pod)
		}
	}
	return all
}

// nothingLeft waits until no namespace of the run is there any more.
func (l *loaded) nothingLeft() {
	l.t.Helper()
	var left string
	for range 60 {
		left = ""
		for line := range strings.Lines(l.ctl("get", "namespaces", "-l", "servebench/maker", "-o", `jsonpath={range .items[*]}{.metadata.labels.servebench/maker} {.metadata.name}{"\n"}{end}`)) {
			if strings.HasPrefix(line, fmt.Sprintf("%d-", l.cmd.Process.Pid)) {
				left = line
			}
		}
		if left == "" {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
	l.t.Errorf("%s is left", left)
}

// awaitLoad waits until there is load in phase steady, and returns the pod that makes it.
func (l *loaded) awaitLoad() (namespace, pod string) {
	l.t.Helper()
	steady := regexp.MustCompile(`steady +[1-9][0-9]* sent`)
	for range 600 {
		select {
		case <-l.ended:
			l.t.Fatalf("it ended before there was load:\n%s", l.said())
		case <-time.After(200 * time.Millisecond):
		}
		if !steady.MatchString(l.said()) {
			continue
		}
		for _, each := range l.pods() {
			if strings.Contains(each, "-load-") {
				namespace, pod, _ = strings.Cut(each, "/")
				return namespace, pod
			}
		}
	}
	l.t.Fatal("no load came")
	return "", ""
}

func factOf(run *record.Run, name string) string {
	for _, f := range run.Targets[0].Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// TestKubernetesLoadFromCluster has every request of a run sent by a pod, and answered rightly.
func TestKubernetesLoadFromCluster(t *testing.T) {
	program := filepath.Join(builtPrograms(t), "servebench")
	l := startLoaded(t, program, "--raw")
	run := l.wait(cli.OK, cli.Invalid) // load and server share a CPU
	t.Logf("%s", l.said())
	l.nothingLeft()
	for _, c := range run.Cells {
		if c.Ledger.Scheduled == 0 || c.Ledger.OK != c.Ledger.Scheduled || c.Answers.Agreed != c.Ledger.OK || c.Answers.Checked != c.Ledger.OK || c.Failed != "" {
			t.Errorf("%s: %+v %+v %s, want every answer checked", c.Phase, c.Ledger, c.Answers, c.Failed)
		}
		if c.Started.Before(run.Created) || c.Started.After(run.Finished) || !c.Machine.Known || !c.Usage.Known {
			t.Errorf("%s: started %s, machine %+v, usage %+v", c.Phase, c.Started, c.Machine, c.Usage)
		}
		if intervals, err := run.Intervals(&c); err != nil || len(intervals) < 3 {
			t.Errorf("%s: %d intervals, %v", c.Phase, len(intervals), err)
		}
	}
	if from := run.Targets[0].LoadFrom; from != "a pod in the cluster" {
		t.Errorf("load from %q", from)
	}
	for name, want := range map[string]string{
		"path of the load":     `^[0-9.]+:80 within the cluster, from a pod in the cluster; the first answer comes from outside, by [0-9.]+:[0-9]+$`,
		"load generator":       `^a pod on node servebench, with what CPU the node has left .*; the server's pod is on the same node, .*: the load takes CPU time from the server$`,
		"load generator host":  `-load-`,
		"load generator clock": ` ahead of the one here, give or take `,
	} {
		if value := factOf(run, name); !regexp.MustCompile(want).MatchString(value) {
			t.Errorf("%s: %q, want %s", name, value, want)
		}
	}
}

// TestKubernetesLoadEndsInMidRun ends a run, or the pod that makes its load, in mid-load: what
// was measured is kept, what is missing is said, and nothing is left in the cluster.
func TestKubernetesLoadEndsInMidRun(t *testing.T) {
	program := filepath.Join(builtPrograms(t), "servebench")
	t.Run("pod deleted", func(t *testing.T) {
		l := startLoaded(t, program, "--set", "load.steady.duration=60s")
		namespace, pod := l.awaitLoad()
		l.ctl("-n", namespace, "delete", "pod", pod, "--wait=false")
		run := l.wait(cli.Invalid)
		l.nothingLeft()
		last := run.Cells[len(run.Cells)-1]
		if last.Phase != "steady" || !strings.Contains(last.Failed, "the load generator was lost: the pod was deleted by somebody else") {
			t.Errorf("%+v, want a cell that says what happened", last)
		}
		t.Log(last.Failed)
	})
	t.Run("stopped", func(t *testing.T) {
		l := startLoaded(t, program, "--set", "load.steady.duration=60s")
		l.awaitLoad()
		if err := l.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		run := l.wait(cli.Interrupted)
		l.nothingLeft()
		if last := run.Cells[len(run.Cells)-1]; !last.Stopped || last.Ledger.OK == 0 || last.Failed != "" {
			t.Errorf("%+v, want what was measured", last.Ledger)
		}
	})
	t.Run("killed", func(t *testing.T) {
		l := startLoaded(t, program, "--set", "load.steady.duration=10m")
		l.awaitLoad()
		if err := l.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		l.wait(-1)
		clean := exec.Command(program, "clean")
		clean.Env = l.cmd.Env
		if out, err := clean.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("removed namespace servebench-")) {
			t.Errorf("clean: %v\n%s", err, out)
		}
		l.nothingLeft()
	})
}
