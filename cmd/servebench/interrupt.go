package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// interrupts turns ^C (and SIGTERM) into the three steps that a run knows: the
// first stops the sending and lets what is in flight drain, the second gives
// up what is in flight and still saves, the third quits at once.
type interrupts struct {
	ctx  context.Context // cancelled by the second
	stop chan struct{}   // closed by the first
	end  func()
}

func catchInterrupts(parent context.Context, stderr io.Writer) interrupts {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	i := interrupts{ctx: ctx, stop: make(chan struct{})}
	i.end = func() {
		signal.Stop(signals)
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
				fmt.Fprintln(stderr, "\nservebench: sending stops; waiting for the requests in flight (again: give them up, and save)")
				close(i.stop)
			case 2:
				fmt.Fprintln(stderr, "\nservebench: giving up the requests in flight; saving (again: quit at once)")
				cancel()
			default:
				signal.Reset(os.Interrupt, syscall.SIGTERM)
				_ = syscall.Kill(os.Getpid(), syscall.SIGINT) // not caught any more, it ends the program
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
