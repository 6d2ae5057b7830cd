package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"servebench/scenarios/trial"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// progress shows how a run goes, on stderr.
type progress struct {
	w    io.Writer
	line bool // one line, written over; else plain lines, seldom
	mute bool

	// standing is how an A/B test stood at its last interim analysis, "" before the first.
	standing string

	mu    sync.Mutex
	shown bool // a line is on the screen and has to be cleared
	last  string
}

// plainEvery is how often plain progress writes a line of a phase.
const plainEvery = 10 * time.Second

func newProgress(mode string, stderr io.Writer) *progress {
	p := &progress{w: stderr, mute: mode == "none"}
	p.line = mode == "auto" && isTerminal(stderr) && os.Getenv("TERM") != "dumb"
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// columns is the width of the terminal now, which its user may change at any time.
func columns(w io.Writer) int {
	const usual = 80
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return usual
}

// event shows one event of the run. Notes are shown in every mode: they say
// what the user would otherwise miss.
func (p *progress) event(e trial.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case e.Note != "":
		p.clearLine()
		say(p.w, e.Note)
	case p.mute:
	case p.line:
		// A longer line would wrap, and clearing it would leave its beginning behind.
		fmt.Fprintf(p.w, "\r\x1b[K%s", runewidth.Truncate(p.describe(e), columns(p.w)-1, "…"))
		p.shown = true
	default:
		p.plain(e)
	}
}

// plain writes a line when a new phase begins, and then every ten seconds.
func (p *progress) plain(e trial.Event) {
	key := fmt.Sprint(e.Target, e.Phase, e.Alone, e.Round, e.Attempt, int64(e.Load.Elapsed/plainEvery))
	if key == p.last {
		return
	}
	p.last = key
	fmt.Fprintln(p.w, p.describe(e))
}

// describe is the progress line: where the run is, how it goes, and how long
// it will take.
func (p *progress) describe(e trial.Event) string {
	pass := "round"
	if e.Alone {
		pass = "deployment"
	}
	again := ""
	if e.Attempt > 0 {
		again = " again"
	}
	if e.Interim > 0 {
		again += fmt.Sprintf("  analysis %d/%d after %d", e.Interim, e.Interims, e.InterimAt)
	}
	if p.standing != "" {
		again += "  " + p.standing
	}
	where := fmt.Sprintf("%s %d/%d%s  %-10s", pass, e.Round, e.Rounds, again, e.Target)
	left := fmt.Sprintf("%s left", e.Left.Round(time.Second))
	if e.Search {
		where, left = fmt.Sprintf("step %d%s  %-10s", e.Round, again, e.Target), fmt.Sprintf("about %s left, at most %s", e.Likely.Round(time.Second), e.Left.Round(time.Second))
	}
	if e.Phase == "" {
		return fmt.Sprintf("%s %-10s %s", where, "deploying", left)
	}
	return fmt.Sprintf("%s %-10s %6d sent  %6d done  %d failed  %d in flight  %s",
		where, e.Phase, e.Load.Sent, e.Load.Done, e.Load.Failed, e.Load.InFlight, left)
}

// end clears the line, so that what follows starts on a fresh one.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clearLine()
}

func (p *progress) clearLine() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
