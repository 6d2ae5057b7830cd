package draft

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"servebench/scenarios/probe"
	"servebench/targets"
)

// stuck is a target that neither starts a server nor ends, whatever it is told: that of a
// cluster which went away. It is there for as many looks as there are left.
type stuck struct{ looks atomic.Int32 }

func (s *stuck) kind() targets.Kind {
	return targets.Kind{
		Name: "stuck",
		Check: func(context.Context, map[string]string) error {
			if s.looks.Add(-1) < 0 {
				return &targets.Unavailable{Why: "connection refused", Fix: "start the cluster"}
			}
			return nil
		},
		Open: func(targets.Config) (targets.Target, error) { return s, nil },
	}
}

func (s *stuck) Deploy(ctx context.Context, _ targets.Workload) (*targets.Deployment, error) {
	defer targets.PauseStartLimit(ctx)()
	select {}
}

func (s *stuck) Close(context.Context) error { select {} }

// suitStuck tries a target that is stuck after one that was fine.
func suitStuck(ctx context.Context, t *testing.T, looks int32) *Draft {
	t.Helper()
	s := new(stuck)
	s.looks.Store(looks)
	m := &maker{Options: Options{StartTimeout: time.Minute, Say: func(what string) { t.Log(what) }}, kinds: []targets.Kind{{Name: "fine"}, s.kind(), {Name: "last", Check: s.kind().Check}}}
	d := &Draft{Choice: probe.Choice{Route: &probe.Route{Method: "GET", Path: "/"}}, seen: &server{}, probed: &probe.Server{}, tried: []trying{{target: "fine"}}}
	if err := m.suit(ctx, d, targets.Workload{Command: []string{"/bin/true"}, Port: 1}); err != nil {
		t.Fatal(err)
	}
	return d
}

// A target that goes away while the server is being started there is left out, and says why.
func TestTargetGoesAway(t *testing.T) {
	t.Parallel()
	d := suitStuck(t.Context(), t, 1)
	left := strings.Join(d.without(), "\n")
	if strings.Join(d.Targets, " ") != "fine" || d.Interrupted {
		t.Errorf("targets %v, interrupted %t", d.Targets, d.Interrupted)
	}
	if !strings.Contains(left, "stuck: the target went away: connection refused") || !strings.Contains(left, "-> start the cluster") {
		t.Errorf("left out: %s", left)
	}
	if !strings.Contains(left, "last: connection refused") {
		t.Errorf("left out: %s", left)
	}
}

// An interrupted trial of the targets ends soon, with those that were tried by then.
func TestInterruptedSuit(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	began := time.Now()
	d := suitStuck(ctx, t, 1000)
	if took := time.Since(began); took > 10*graceTime {
		t.Errorf("it took %v", took)
	}
	if strings.Join(d.Targets, " ") != "fine" || !d.Interrupted {
		t.Errorf("targets %v, interrupted %t", d.Targets, d.Interrupted)
	}
	if left := strings.Join(d.without(), "\n"); !strings.Contains(left, "stuck, last: not tried to the end: init was interrupted") {
		t.Errorf("left out: %s", left)
	}
}

// What does not end is given up, and what does end says how.
func TestWithin(t *testing.T) {
	t.Parallel()
	if err := within(t.Context(), time.Millisecond, func(context.Context) error { select {} }); !errors.Is(err, ErrLeft) {
		t.Errorf("%v, want %v", err, ErrLeft)
	}
	if err := within(t.Context(), time.Millisecond, func(ctx context.Context) error { <-ctx.Done(); return nil }); err != nil {
		t.Error(err)
	}
}

// Where no image can be made of the command, no target that runs it in one is tried: some
// would run it without.
func TestNoImageOfCommand(t *testing.T) {
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	program := filepath.Join(t.TempDir(), "shims", "python3")
	if err := errors.Join(os.Mkdir(filepath.Dir(program), 0o755), os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755)); err != nil {
		t.Fatal(err)
	}
	bundles := func(map[string]string) bool { return true }
	m := &maker{Options: Options{Say: func(what string) { t.Log(what) }}, kinds: []targets.Kind{{Name: "fine"}, {Name: "container", Bundles: bundles}, {Name: "lambda", Bundles: bundles}}}
	d := &Draft{seen: &server{}, probed: &probe.Server{}, tried: []trying{{target: "fine"}}}
	if err := m.suit(t.Context(), d, targets.Workload{Command: []string{program}}); err != nil {
		t.Fatal(err)
	}
	if left := strings.Join(d.without(), "\n"); !strings.Contains(left, "container, lambda: ") || strings.Join(d.Targets, " ") != "fine" {
		t.Errorf("targets %v, left out: %s", d.Targets, left)
	}
}
