package pid1

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// TestPatientPort writes more than the other end takes for longer than the port waits, and reads
// what comes later than that: all of it arrives, once and in order.
func TestPatientPort(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text := strings.Repeat("0123456789", 50_000) // eight times what a pipe holds
	go func() {
		defer w.Close()
		if n, err := (patient{w}).Write([]byte(text)); err != nil || n != len(text) {
			t.Errorf("wrote %d of %d: %v", n, len(text), err)
		}
	}()
	time.Sleep(askAgain + askAgain/2)
	got, err := io.ReadAll(patient{r})
	if err != nil || string(got) != text {
		t.Errorf("read %d bytes, want the %d that were written: %v", len(got), len(text), err)
	}
	late, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	go func() {
		defer end.Close()
		time.Sleep(askAgain + askAgain/2)
		_, _ = end.WriteString("late") // the read says if it failed
	}()
	if got, err := io.ReadAll(patient{late}); err != nil || string(got) != "late" {
		t.Errorf("read %q, %v", got, err)
	}
}
