package local

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// locked is a buffer for a Tee and those who look at it.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestTeeGetsAllOfTheOutput(t *testing.T) {
	tee := new(locked)
	p := shell(t, "i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo line $i; done", func(c *Command) { c.Tee = tee })
	<-p.Done()
	if got := strings.Count(tee.String(), "\n"); got != 5000 || !strings.HasSuffix(tee.String(), "line 5000\n") {
		t.Errorf("the tee has %d lines, want 5000", got)
	}
	if got := p.Output.String(); !strings.HasSuffix(got, "line 5000") {
		t.Errorf("the output ends %q", got)
	}
}

// What a process wrote before another sign of its was seen is there after Flush.
func TestFlush(t *testing.T) {
	tee := new(locked)
	file := t.TempDir() + "/written"
	p := shell(t, "printf '%09999d' 0; : > "+file+"; exec sleep 60", func(c *Command) { c.Tee = tee })
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the script did not write its file within ten seconds")
		}
	}
	p.Flush()
	if got := len(tee.String()); got != 9999 {
		t.Errorf("after Flush the tee has %d bytes, want 9999", got)
	}
	p.Kill()
	p.Flush() // of an ended one returns
}
