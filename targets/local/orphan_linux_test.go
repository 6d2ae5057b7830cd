package local

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The test runs itself once more as the parent: that starts a child, says
// which, and waits to be killed.
func TestOrphanIsKilled(t *testing.T) {
	const role = "TEST_PARENT_TO_KILL"
	if os.Getenv(role) != "" {
		p := shell(t, "exec sleep 600")
		fmt.Printf("child %d\n", p.PID())
		<-p.Done()
		return
	}
	parent := exec.Command(os.Args[0], "-test.run=^TestOrphanIsKilled$")
	parent.Env = append(os.Environ(), role+"=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	child := 0
	for lines := bufio.NewScanner(out); child == 0 && lines.Scan(); {
		if _, id, ok := strings.Cut(lines.Text(), "child "); ok {
			if child, err = strconv.Atoi(id); err != nil {
				t.Fatal(err)
			}
		}
	}
	if child == 0 {
		t.Fatalf("the parent started nothing: %v", parent.Wait())
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if s, err := readStat(child); err != nil || s.dead {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d outlives its parent", child)
		}
	}
}
