package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"servebench/cmd/cli"
)

// quitPause is how long a signal takes at most to end the program.
const quitPause = 100 * time.Millisecond

// interrupts turns ^C (and SIGTERM, and SIGHUP of a terminal that is closed) into the
// three steps that a run knows: the first stops the sending and lets what is in flight
// drain, the second gives up what is in flight and still saves, the third quits without saving.
//
// SIGHUP stays ignored where it was ignored at the start: that is what nohup is for.
// SIGINT does not: a shell without job control ignores it for every command that it
// starts in the background, and a run has to end whoever asks for it.
type interrupts struct {
	ctx  context.Context // cancelled by the second
	stop chan struct{}   // closed by the first
	end  func()
}

func catchInterrupts(parent context.Context, stderr io.Writer) interrupts {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	// Whoever reads the output may be gone by now, as the terminal is: the run is not to
	// end for that before it is saved.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	done := make(chan struct{})
	i := interrupts{ctx: ctx, stop: make(chan struct{})}
	i.end = func() {
		signal.Stop(signals)
		signal.Stop(broken)
		close(done)
		cancel()
	}
	go func() {
		for step := 1; ; step++ {
			select {
			case <-done:
				return
			case <-signals:
			}
			switch step {
			case 1:
				fmt.Fprintln(stderr, "\nservebench: sending stops; waiting for the requests in flight and until the server is removed (again: give the requests up, and save)")
				close(i.stop)
			case 2:
				fmt.Fprintln(stderr, "\nservebench: giving up the requests in flight; saving (again: quit without saving)")
				cancel()
			default:
				signal.Reset(os.Interrupt)
				_ = syscall.Kill(os.Getpid(), syscall.SIGINT) // not caught any more, it ends the program
				time.Sleep(quitPause)
				os.Exit(cli.Interrupted) // where it was ignored at the start, and is again
			}
		}
	}()
	return i
}

// asked reports whether the user has interrupted.
func (i interrupts) asked() bool {
	select {
	case <-i.stop:
		return true
	default:
		return false
	}
}
