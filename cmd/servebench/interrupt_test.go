package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"servebench/cmd/cli"
)

// interruptible is a program that never ends of its accord.
func interruptible() {
	interrupted := catchInterrupts(context.Background(), os.Stderr)
	fmt.Fprintln(os.Stderr, "ready")
	<-interrupted.ctx.Done()
	select {}
}

// TestTheThirdInterruptQuits counts the signals that it takes, whatever was ignored at
// the start.
func TestTheThirdInterruptQuits(t *testing.T) {
	for _, tc := range []struct {
		ignored string // "": none
		before  syscall.Signal
		sent    syscall.Signal
		want    int
	}{
		{"", 0, syscall.SIGINT, 3},
		{"", 0, syscall.SIGTERM, 3},
		{"", 0, syscall.SIGHUP, 3},
		{"INT", 0, syscall.SIGINT, 3},
		{"INT", 0, syscall.SIGTERM, 3},
		{"INT HUP", 0, syscall.SIGTERM, 3},
		{"HUP", syscall.SIGHUP, syscall.SIGINT, 3},
		{"", syscall.SIGHUP, syscall.SIGINT, 2},
		{"", syscall.SIGPIPE, syscall.SIGINT, 3},
	} {
		t.Run(fmt.Sprintf("%v ignoring %s", tc.sent, tc.ignored), func(t *testing.T) {
			for _, s := range []syscall.Signal{tc.before, tc.sent} {
				if s == syscall.SIGHUP && tc.ignored == "" && signal.Ignored(s) {
					t.Skip("the test was started with SIGHUP ignored, as by nohup")
				}
			}
			script := "exec interruptible"
			if tc.ignored != "" {
				script = "trap '' " + tc.ignored + "; " + script
			}
			cmd := exec.Command("sh", "-c", script)
			errs, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			lines := bufio.NewScanner(errs)
			// more says whether it is there still, after what it says next.
			more := func() bool {
				for lines.Scan() {
					if strings.TrimSpace(lines.Text()) != "" {
						return true
					}
				}
				return false
			}
			if !more() {
				t.Fatal("it did not begin")
			}
			if tc.before != 0 {
				if err := cmd.Process.Signal(tc.before); err != nil {
					t.Fatal(err)
				}
				if tc.want < 3 && !more() {
					t.Fatalf("%v ended it", tc.before)
				}
			}
			sent := 0
			for sent == 0 || more() {
				if err := cmd.Process.Signal(tc.sent); err != nil {
					t.Fatal(err)
				}
				sent++
			}
			err = cmd.Wait()
			if status := cmd.ProcessState.Sys().(syscall.WaitStatus); sent != tc.want || status.Signal() != syscall.SIGINT && status.ExitStatus() != cli.Interrupted {
				t.Errorf("it ended after %d with %v, want %d, and SIGINT or exit status %d", sent, err, tc.want, cli.Interrupted)
			}
		})
	}
}
