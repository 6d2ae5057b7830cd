package local

import (
	"bytes"
	"fmt"
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

func TestTail(t *testing.T) {
	many := new(strings.Builder)
	for i := range 2000 {
		fmt.Fprintf(many, "line %d\n", i)
	}
	for _, c := range []struct{ name, written, want string }{
		{"nothing", "", ""},
		{"blank end", "one\n\n \n", "one"},
		{"no newline", "one\ntwo", "one\ntwo"},
		{"invalid text", "a\xffb", "a\uFFFDb"},
		{"the last ten lines", many.String(), "line 1990\nline 1991\nline 1992\nline 1993\nline 1994\nline 1995\nline 1996\nline 1997\nline 1998\nline 1999"},
		{"a line cut at the start", strings.Repeat("x", 9000) + "\nend", "end"},
		{"one endless line", strings.Repeat("x", 9000), strings.Repeat("x", int(tailBytes))},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole, pieces := new(Tail), new(Tail)
			fmt.Fprint(whole, c.written)
			for i := range len(c.written) {
				fmt.Fprint(pieces, c.written[i:i+1])
			}
			if whole.String() != c.want || pieces.String() != c.want {
				t.Errorf("String() = %q at once, %q in pieces, want %q", whole, pieces, c.want)
			}
		})
	}
}

func TestTailStaysSmall(t *testing.T) {
	tail := new(Tail)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 1000 {
				fmt.Fprintln(tail, strings.Repeat("y", 200))
			}
		})
	}
	all.Wait()
	if n := len(tail.kept); n > int(tailBytes) {
		t.Errorf("keeps %d bytes, want at most %d", n, tailBytes)
	}
}

func TestTailQuote(t *testing.T) {
	for written, want := range map[string]string{
		"":         "; it wrote no output",
		"one\n":    "; its output ends: one",
		"one\ntwo": "; its output ends:\n\tone\n\ttwo",
	} {
		tail := new(Tail)
		fmt.Fprint(tail, written)
		if got := tail.Quote(); got != want {
			t.Errorf("Quote() after %q = %q, want %q", written, got, want)
		}
	}
}
