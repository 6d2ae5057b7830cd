package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"servebench/scenarios/attack"
	"servebench/scenarios/trial"

	"github.com/mattn/go-runewidth"
	"golang.org/x/sys/unix"
)

// The line is cut to the width that the terminal has at that moment, so that it can be
// written over; wide characters take two columns.
func TestProgressLineFitsTheTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	screen, terminal := openTerminal(t)
	p := newProgress("auto", terminal)
	if !p.line {
		t.Fatal("no progress line on a terminal")
	}
	e := trial.Event{Target: "コンテナ-container", Phase: "定常状態-steady", Round: 2, Rounds: 3, Left: time.Minute,
		Load: attack.Progress{Sent: 123_456, Done: 123_400, InFlight: 56}}
	for _, width := range []int{200, 79, 40, 41, 42, 43, 8, 2, 120} {
		if err := unix.IoctlSetWinsize(int(screen.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(width)}); err != nil {
			t.Fatal(err)
		}
		p.event(e)
		fmt.Fprint(terminal, "|") // ends what is read
		line := readUntil(t, screen, '|')
		if got := runewidth.StringWidth(line); got >= width {
			t.Errorf("%d columns: %d are taken by %q", width, got, line)
		}
		if whole := p.describe(e); runewidth.StringWidth(whole) < width && line != whole {
			t.Errorf("%d columns: %q, want %q", width, line, whole)
		}
		if !strings.HasPrefix(line, "round"[:min(5, max(width-2, 0))]) && width > 3 {
			t.Errorf("%d columns: %q", width, line)
		}
	}
}

// Without a terminal there are whole lines.
func TestProgressWithoutATerminalIsNotCut(t *testing.T) {
	var b strings.Builder
	p := newProgress("auto", &b)
	e := trial.Event{Target: strings.Repeat("long", 60), Round: 1, Rounds: 1}
	p.event(e)
	if b.String() != p.describe(e)+"\n" {
		t.Errorf("wrote %q", b.String())
	}
}

// openTerminal makes a pseudo terminal: what is written to it is read from its screen.
func openTerminal(t *testing.T) (screen, terminal *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { terminal.Close() })
	return screen, terminal
}

var controls = regexp.MustCompile(`\r|\x1b\[K`)

// readUntil returns what the screen shows of a line, up to the byte that ends it.
func readUntil(t *testing.T, screen *os.File, end byte) string {
	t.Helper()
	var text []byte
	for buffer := make([]byte, 1); ; {
		if _, err := screen.Read(buffer); err != nil {
			t.Fatal(err)
		}
		if buffer[0] == end {
			return controls.ReplaceAllString(string(text), "")
		}
		text = append(text, buffer[0])
	}
}
