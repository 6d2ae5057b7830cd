package vm

import (
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"servebench/targets/vm/guest"
)

// read reads a console to its end, a byte at a time.
func read(text string) (*console, []string) {
	c := &console{token: "t"}
	var names []string
	c.read(iotest.OneByteReader(strings.NewReader(text)), func(h happening) { names = append(names, h.Name) })
	return c, names
}

func line(t *testing.T, e guest.Event) string {
	t.Helper()
	text, err := e.Line("t")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestConsole(t *testing.T) {
	text := "[ 0.1] kernel\r\n" + line(t, guest.Event{Name: guest.Booted}) + "server starts\n" +
		line(t, guest.Event{Name: guest.Listening}) + strings.Replace(line(t, guest.Event{Name: guest.Ended}), ":t:", ":other:", 1) + "half a li"
	c, names := read(text)
	if got, want := fmt.Sprint(names), "[booted listening]"; got != want {
		t.Errorf("events %s, want %s", got, want)
	}
	for range 2 { // what is not finished is quoted once
		if got := quote(c); !strings.HasSuffix(got, ":\n\t[ 0.1] kernel\n\tserver starts\n\tservebench-guest:other:{\"Name\":\"ended\"}\n\thalf a li") {
			t.Errorf("quoted %q", got)
		}
	}
	if got := c.panicked(); got != "" {
		t.Errorf("panicked: %q", got)
	}
}

// What was quoted before a line was finished stays quoted once when it is.
func TestConsoleQuotedInTheMiddleOfALine(t *testing.T) {
	c := &console{token: "t"}
	c.take([]byte("Probing EDD"))
	if got := quote(c); got != "; the guest's console ends: Probing EDD" {
		t.Errorf("quoted %q", got)
	}
	c.take([]byte("... ok\n"))
	if got := quote(c); got != "; the guest's console ends: Probing EDD... ok" {
		t.Errorf("quoted %q", got)
	}
}

// What stands before an event was written by somebody else, and is quoted.
func TestConsoleOfAnUnfinishedLine(t *testing.T) {
	text := "server starts\nloading " + line(t, guest.Event{Name: guest.Listening}) + "the model\n"
	c, names := read(text)
	if got, want := quote(c), "; the guest's console ends:\n\tserver starts\n\tloading \n\tthe model"; got != want || len(names) != 1 {
		t.Errorf("quoted %q with events %s, want %q", got, names, want)
	}
	c = &console{token: "t"}
	whole := "loading " + line(t, guest.Event{Name: guest.Listening})
	c.take([]byte(whole[:len(whole)-5])) // and quoted meanwhile
	quote(c)
	if events := c.take([]byte(whole[len(whole)-5:])); len(events) != 1 || !strings.Contains(quote(c), "loading ") {
		t.Errorf("%d events, quoted %q", len(events), quote(c))
	}
}

func TestConsoleOfAPanic(t *testing.T) {
	c, _ := read("[    2.5] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100\r\n" + strings.Repeat("[ 2.6] Call Trace\n", 40))
	if got := c.panicked(); !strings.Contains(got, "Attempted to kill init! exitcode=0x00000100") {
		t.Errorf("panicked: %q", got)
	}
}

// The kernel's line and that of the first process are quoted one after the other.
func TestQuoteOfBothLines(t *testing.T) {
	kernel, _ := read("Out of memory: Killed process 66\r\n")
	server, _ := read("loading the model\n")
	if got, want := quote(kernel, server), "; the guest's console ends:\n\tOut of memory: Killed process 66\n\tloading the model"; got != want {
		t.Errorf("quoted %q, want %q", got, want)
	}
}

func TestConsoleWithoutALine(t *testing.T) {
	c, names := read(strings.Repeat("x", 3*longestLine))
	if len(names) > 0 || len(c.line) >= longestLine {
		t.Errorf("%d events, %d bytes kept", len(names), len(c.line))
	}
	if c, _ := read(""); quote(c) != "; nothing else is on the guest's console" {
		t.Errorf("quoted %q", quote(c))
	}
}

func FuzzConsole(f *testing.F) {
	f.Add("kernel\r\nservebench-guest:t:{\"Name\":\"booted\"}\nhalf", 3)
	f.Add("Kernel panic - not syncing", 5)
	f.Fuzz(func(t *testing.T, text string, cut int) {
		whole, parts := &console{token: "t"}, &console{token: "t"}
		want := whole.take([]byte(text))
		cut = min(max(cut, 0), len(text))
		got := parts.take([]byte(text[:cut]))
		quote(parts)
		got = append(got, parts.take([]byte(text[cut:]))...)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("events %v in two parts, %v as a whole", got, want)
		}
	})
}
