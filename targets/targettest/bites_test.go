package targettest_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/physical"
	"servebench/targets/targettest"
)

// deploy is how a target deploys that is broken on purpose, by one that is not.
type deploy func(ctx context.Context, sound targets.Target, w targets.Workload, dir string) (*targets.Deployment, error)

// defect is what is broken in a target, and the test of the contract that has
// to notice.
type defect struct {
	notices string
	deploy  deploy
}

func defects() map[string]defect {
	return map[string]defect{
		"leaves a file":                 {"a deployment answers and its stages are complete", leavesAFile},
		"leaves the server":             {"close takes the server's children along", leavesTheServer},
		"stages go backwards":           {"a deployment answers and its stages are complete", backwards},
		"is not ready yet":              {"a server that never gets ready is reported", notReady},
		"lies about the memory limit":   {"the memory limit is enforced or said not to be", unlimited},
		"lies about the CPU set":        {"the CPU set is applied", unpinned},
		"does not say why it ended":     {"a server that ends on its own is reported", silent},
		"keeps the output to itself":    {"all that a server wrote is handed on", unheard},
		"goes on when it was cancelled": {"a deployment cancelled at any time leaves nothing", goesOn},
	}
}

func leavesAFile(ctx context.Context, sound targets.Target, w targets.Workload, dir string) (*targets.Deployment, error) {
	if err := os.WriteFile(filepath.Join(dir, "left"), nil, 0o600); err != nil {
		return nil, err
	}
	return sound.Deploy(ctx, w)
}

func leavesTheServer(ctx context.Context, sound targets.Target, w targets.Workload, _ string) (*targets.Deployment, error) {
	d, err := sound.Deploy(ctx, w)
	if err == nil {
		done := make(chan struct{})
		d.Instance = abandoned{d.Instance, done, sync.OnceFunc(func() { close(done) })}
	}
	return d, err
}

func backwards(ctx context.Context, sound targets.Target, w targets.Workload, _ string) (*targets.Deployment, error) {
	d, err := sound.Deploy(ctx, w)
	if err == nil {
		d.Stages[0].At, d.Stages[1].At = d.Stages[1].At, d.Stages[0].At
	}
	return d, err
}

func notReady(ctx context.Context, sound targets.Target, w targets.Workload, _ string) (*targets.Deployment, error) {
	w.Ready = "/report"
	return sound.Deploy(ctx, w)
}

func unlimited(ctx context.Context, sound targets.Target, w targets.Workload, _ string) (*targets.Deployment, error) {
	asked := w.Limits.Memory
	w.Limits.Memory = 0
	return lie(ctx, sound, w, record.Fact{Name: "memory limit", Value: asked.String()})
}

func unpinned(ctx context.Context, sound targets.Target, w targets.Workload, _ string) (*targets.Deployment, error) {
	asked := w.CPUSet
	w.CPUSet = nil
	return lie(ctx, sound, w, record.Fact{Name: "CPUs", Value: targets.FormatCPUs(asked)})
}

// lie deploys and says the fact before those that are true.
func lie(ctx context.Context, sound targets.Target, w targets.Workload, untrue record.Fact) (*targets.Deployment, error) {
	d, err := sound.Deploy(ctx, w)
	if err == nil {
		d.Facts = append([]record.Fact{untrue}, d.Facts...)
	}
	return d, err
}

func silent(ctx context.Context, sound targets.Target, w targets.Workload, _ string) (*targets.Deployment, error) {
	d, err := sound.Deploy(ctx, w)
	if err == nil {
		d.Instance = mute{d.Instance}
	}
	return d, err
}

func unheard(ctx context.Context, sound targets.Target, w targets.Workload, _ string) (*targets.Deployment, error) {
	w.Output = nil
	return sound.Deploy(ctx, w)
}

func goesOn(ctx context.Context, sound targets.Target, w targets.Workload, _ string) (*targets.Deployment, error) {
	type outcome struct {
		d   *targets.Deployment
		err error
	}
	made := make(chan outcome, 1)
	go func() {
		d, err := sound.Deploy(context.WithoutCancel(ctx), w)
		made <- outcome{d, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case o := <-made:
		return o.d, o.err
	}
}

// abandoned does not end its server.
type abandoned struct {
	targets.Instance
	done  <-chan struct{}
	close func()
}

func (a abandoned) Done() <-chan struct{} { return a.done }

func (a abandoned) Close(context.Context) error {
	a.close()
	return nil
}

// mute does not say why its server ended.
type mute struct{ targets.Instance }

func (mute) Err() error { return nil }

// broken is a target with a defect; without one, it is sound.
type broken struct {
	targets.Target
	deploy deploy
	dir    string
}

func (b broken) Deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	if b.deploy == nil {
		return b.Target.Deploy(ctx, w)
	}
	return b.deploy(ctx, b.Target, w, b.dir)
}

// defectVariable names the defect of the target under test, in a process of
// its own.
const defectVariable = "TARGETTEST_DEFECT"

// runBroken runs the suite on the target with the defect of that name.
func runBroken(t *testing.T, name string) {
	kind := physical.Kind()
	open := kind.Open
	kind.Open = func(cfg targets.Config) (targets.Target, error) {
		sound, err := open(cfg)
		return broken{sound, defects()[name].deploy, cfg.Dir}, err
	}
	targettest.Run(t, targettest.Suite{Kind: kind})
}

// Every defect is noticed by the test that is there for it, and nothing is
// noticed where there is none. The test runs itself once more for each.
func TestTheSuiteBites(t *testing.T) {
	if name, set := os.LookupEnv(defectVariable); set {
		runBroken(t, name)
		return
	}
	t.Cleanup(func() {
		if _, err := physical.Kind().Sweep(context.Background()); err != nil {
			t.Errorf("remove what the broken targets left: %v", err)
		}
	})
	var all []string
	for _, name := range slices.Sorted(maps.Keys(defects())) {
		d := defects()[name]
		all = append(all, d.notices)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "lies about the CPU set" && runtime.NumCPU() < 2 {
				t.Skip("a server cannot be on the wrong CPU where there is one; run with two or more")
			}
			out, err := conformance(t, name, d.notices)
			if err == nil || !strings.Contains(out, "--- FAIL: TestTheSuiteBites/contract/"+strings.ReplaceAll(d.notices, " ", "_")) {
				t.Errorf("%q does not notice that the target %s: %v\n%s", d.notices, name, err, out)
			}
		})
	}
	t.Run("sound", func(t *testing.T) {
		t.Parallel()
		if out, err := conformance(t, "", strings.Join(all, "|")); err != nil {
			t.Errorf("the suite finds fault with a sound target: %v\n%s", err, out)
		}
	})
}

// conformance runs tests of the contract on a target with the defect, in a
// process of its own, with which what the target left running ends.
func conformance(t *testing.T, defect, tests string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^TestTheSuiteBites$/^contract$/^("+tests+")$")
	cmd.Env = append(os.Environ(), defectVariable+"="+defect)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
