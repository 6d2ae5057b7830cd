package kubernetes

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/kubernetes/images"
)

// A pod whose disk is going to be filled has a limit of disk space, and what is written is
// beyond it, by no more than half, and can be taken away again.
func TestFill(t *testing.T) {
	plain := server{image: images.Placed{Image: &image.Image{Static: true}}}
	planned := plain
	planned.workload.Faults = []string{targets.DiskFill}
	if limits := plain.resources(); limits["ephemeral-storage"] != nil || plain.temporary()["medium"] != "Memory" {
		t.Errorf("limits %v and /tmp %v without the fault", limits, plain.temporary())
	}
	if limits := planned.resources(); limits["ephemeral-storage"] != "64Mi" || planned.temporary()["sizeLimit"] != "64Mi" {
		t.Errorf("limits %v and /tmp %v with the fault", limits, planned.temporary())
	}
	file := filepath.Join(t.TempDir(), fillName)
	if err := fill(file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Size() != 96<<20 {
		t.Errorf("%v, %v, want 96 MiB", info, err)
	}
	if err := fill(file); err == nil {
		t.Error("a file that was there is written over")
	}
	for range 2 { // the second time it is gone, as with its pod
		if err := unfill(file); err != nil {
			t.Error(err)
		}
	}
}

// A server whose pod the kubelet evicts ends like one that dies, and the event says so.
func TestEndedBy(t *testing.T) {
	died := &exitError{143, errors.New("exited with status 143")}
	o := &observer{first: "p", fault: died, evicted: map[string]string{"other": "no room"}}
	if err := o.endedBy(); !errors.Is(err, died) {
		t.Errorf("%v, want that it died", err)
	}
	time.AfterFunc(evictionTime/4, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.evicted["p"] = "The node was low on resource: ephemeral-storage."
	})
	err := o.endedBy()
	if _, evicted := errors.AsType[*targets.Evicted](err); !evicted || err.Error() != "the pod failed (Evicted): The node was low on resource: ephemeral-storage." {
		t.Errorf("%v, want that it was evicted", err)
	}
}
