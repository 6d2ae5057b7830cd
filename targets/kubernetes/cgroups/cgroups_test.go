package cgroups

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets/local"
)

// What a pod used that is gone counts on, and how old its last reading is.
func TestUsageOfGone(t *testing.T) {
	n := New(nil)
	n.groups["gone"] = &podGroup{Cgroup: new(local.Cgroup), spent: record.Usage{CPU: 3 * time.Second}, read: time.Now().Add(-2 * time.Second)}
	for _, unread := range []bool{true, false} { // it is told of the interval in which it ended
		got, err := n.Used()
		if err != nil || got.CPU != 3*time.Second || (got.Unread > mostOld) != unread {
			t.Errorf("%+v, %v, want 3 s, and told that it was not read before its end: %t", got, err, unread)
		}
	}
}

// elsewhere is a pod on another machine, which runs or did.
type elsewhere struct{ ended atomic.Bool }

func (e *elsewhere) Placed() ([]string, <-chan struct{}) { return nil, nil }

func (e *elsewhere) Running(string) string {
	if e.ended.Load() {
		return ""
	}
	return "servebench-1"
}

// What a pod elsewhere uses is not known from when it runs, also when it ends soon: the part
// that is known would read as a saving.
func TestUsageOfPodsElsewhere(t *testing.T) {
	n, pod := New(nil), new(elsewhere)
	ctx, end := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		n.search(ctx, pod, "0a1b2c3d-there-is-none-here")
	}()
	said := func() bool {
		_, err := n.Used()
		return err != nil && strings.Contains(err.Error(), "servebench-1")
	}
	for deadline := time.Now().Add(searchTime - time.Second); !said(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no error while it is searched for")
		}
	}
	pod.ended.Store(true)
	end()
	if <-over; !said() {
		t.Error("no error after its end")
	}
}
