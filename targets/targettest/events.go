package targettest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"servebench/reports/record"
)

// Events collects what a deployment tells by its Workload.Events. The zero value is ready.
type Events struct {
	mu  sync.Mutex
	all []record.Event
}

// Add takes one more.
func (e *Events) Add(one record.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, one)
}

// All are those so far.
func (e *Events) All() []record.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.all)
}

// Of are the replicas to which something of that kind happened, in the order in which it was told.
func (e *Events) Of(kind string) (replicas []string) {
	for _, one := range e.All() {
		if one.Kind == kind && one.Replica != "" {
			replicas = append(replicas, one.Replica)
		}
	}
	return replicas
}

// Await waits for a minute at most until the replicas to which something of that kind happened are
// as wanted, and returns them.
func (e *Events) Await(t testing.TB, kind string, wanted func(replicas []string) bool) []string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		replicas := e.Of(kind)
		if wanted(replicas) {
			return replicas
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %q, of all events %+v", kind, replicas, e.All())
		}
	}
}

// Kinds are what happened to a replica but for warnings, "" for the deployment, in the order in
// which it was told.
func (e *Events) Kinds(replica string) (kinds []string) {
	for _, one := range e.All() {
		if one.Replica == replica && one.Kind != record.EventWarning {
			kinds = append(kinds, one.Kind)
		}
	}
	return kinds
}
