package kubernetes_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/targettest"
)

// restartKubelet ends the node's kubelet, which is started again with its configuration.
func restartKubelet(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, _ := os.ReadFile(file) // it may be gone
		if strings.HasPrefix(string(text), "/mnt/kube\x00kubelet\x00") {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err == nil {
				err = syscall.Kill(pid, syscall.SIGTERM)
			}
			if err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("no kubelet runs")
}

// nodeSays waits until the node's condition is so.
func nodeSays(t *testing.T, condition, want string) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		is := ctl(t, "get", "nodes", "-o", `jsonpath={.items[0].status.conditions[?(@.type=="`+condition+`")].status} {.items[0].spec.taints[*].key}`)
		is, taints, _ := strings.Cut(is, " ")
		if is == want && strings.Contains(taints, "disk-pressure") == (condition == "DiskPressure" && want == "True") {
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("%s is %s with taints %q, want %s", condition, is, taints, want)
		}
	}
}

// pressDisk has the kubelet find that the node is short of disk space until the test ends: it
// wants nearly all of it free.
func pressDisk(t *testing.T) {
	t.Helper()
	folder, err := targets.CacheDir("kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "kubelet.yaml")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pressed := strings.Replace(string(before), "nodefs.available: 0%", "nodefs.available: 99.9%", 1)
	if pressed == string(before) {
		t.Fatalf("%s does not say when to evict", file)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(file, before, 0o600); err != nil {
			t.Fatal(err)
		}
		restartKubelet(t)
		nodeSays(t, "DiskPressure", "False")
		nodeSays(t, "Ready", "True")
		// A kubelet in need removes the images that no container uses, that of pods' sandboxes as well.
		out, err := exec.Command("ctr", "-a", filepath.Join(folder, "containerd.sock"), "-n", "k8s.io", "images", "import", filepath.Join(folder, "pause.tar")).CombinedOutput()
		if err != nil {
			t.Errorf("import the image of sandboxes: %v\n%s", err, out)
		}
	})
	if err := os.WriteFile(file, []byte(pressed), 0o600); err != nil {
		t.Fatal(err)
	}
	restartKubelet(t)
	nodeSays(t, "DiskPressure", "True")
}

// A node that is short of disk space ends its servers, which is no fault of theirs, and takes no
// others; both say what the node says.
func TestKubernetesDiskPressure(t *testing.T) {
	useClusterAlone(t)
	target := open(t, nil)
	w := targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.1}}
	d, err := target.Deploy(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(context.WithoutCancel(t.Context()))
	pressDisk(t)
	select {
	case <-d.Done():
	case <-time.After(time.Minute):
		t.Fatal("the server goes on")
	}
	err = d.Err()
	t.Log(err)
	var evicted *targets.Evicted
	if !errors.As(err, &evicted) || !strings.Contains(err.Error(), "the pod failed (Evicted): ") {
		t.Errorf("Err: %v, want that the platform evicted it", err)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := target.Close(t.Context()); err != nil {
		t.Error(err)
	}
	fails(t, nil, w, 40*time.Second, "FailedScheduling", "condition DiskPressure is True (KubeletHasDiskPressure)")
}

// A server that takes more disk space than it may is evicted, with the words of the kubelet, and
// another one takes its place.
func TestKubernetesDiskFill(t *testing.T) {
	useCluster(t)
	var events targettest.Events
	d, err := open(t, nil).Deploy(t.Context(), targets.Workload{
		Command: []string{targettest.Build(t)}, Ready: "/ready", Restart: true, Events: events.Add,
		Limits: targets.Limits{CPUs: 0.1}, Faults: []string{targets.DiskFill},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(context.WithoutCancel(t.Context()))
	injected, err := d.Instance.(targets.Injector).Inject(t.Context(), targets.DiskFill)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(injected.Text)
	began := time.Now()
	within := func(what string, so func(record.Event) bool) {
		for !slices.ContainsFunc(events.All(), so) {
			if time.Since(began) > 2*time.Minute {
				t.Fatalf("not within 2 minutes: %s; events %+v", what, events.All())
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Logf("%s after %s", what, time.Since(began).Round(100*time.Millisecond))
	}
	within("evicted", func(e record.Event) bool {
		return e.Kind == record.EventEnded && e.Replica == injected.Replica && strings.HasPrefix(e.Text, "Evicted: ") && strings.Contains(e.Text, "64Mi")
	})
	within("another is ready", func(e record.Event) bool { return e.Kind == record.EventReady && e.Replica != injected.Replica })
	if err := injected.Heal(t.Context()); err != nil {
		t.Errorf("heal: %v", err)
	}
	if err := d.Err(); err != nil {
		t.Errorf("the deployment ended: %v", err)
	}
}
