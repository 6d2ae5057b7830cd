package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack"
)

// played is a phase that is played, or was.
type played struct {
	Phase
	out               *spool
	stop, serverEnded chan struct{}
	stopping, ended   sync.Once
	giveUp            chan struct{}
	givingUp          sync.Once
	addresses         atomic.Pointer[[]string]
}

func newPlayed(p Phase, file *os.File) *played {
	w := &played{Phase: p, out: newSpool(file), stop: make(chan struct{}), serverEnded: make(chan struct{}), giveUp: make(chan struct{})}
	w.addresses.Store(&p.Addresses)
	return w
}

func (p *played) obey(said control) {
	switch said.Word {
	case stop:
		p.stopping.Do(func() { close(p.stop) })
	case serverEnded:
		p.ended.Do(func() { close(p.serverEnded) })
	case giveUp:
		p.givingUp.Do(func() { close(p.giveUp) })
	}
	if said.Addresses != nil {
		p.addresses.Store(&said.Addresses)
	}
}

// play plays the phase and keeps what it has to say.
func (p *played) play(process context.Context, player Player) {
	defer p.out.close()
	ctx, cancel := context.WithCancel(process)
	defer cancel()
	go func() {
		select {
		case <-p.giveUp:
			cancel()
		case <-ctx.Done():
		}
	}()
	h := Hooks{
		Stop: p.stop, ServerEnded: p.serverEnded,
		Started:  func(zero time.Time) { _ = p.out.put(message{Started: &zero}) },
		Progress: func(now attack.Progress) { _ = p.out.put(message{Progress: &now}) },
		Log:      record.NewLogLines(func(line string) error { return p.out.put(message{Line: line}) }),
	}
	if p.Addresses != nil {
		h.Addresses = func() []string { return *p.addresses.Load() }
	}
	if p.Raw {
		h.Raw = rawMessages{p.out}
	}
	cell, err := player.Play(ctx, p.Phase, h)
	if process.Err() != nil {
		return // what was cut short by the end of the process is no cell
	}
	last := &end{Cell: cell, Before: p.out.count()}
	if err != nil {
		last.Failed = err.Error()
	}
	_ = p.out.put(message{End: last}) // without it the client knows that the rest is missing
}

type rawMessages struct{ out *spool }

// Write makes a message of what it gets.
func (r rawMessages) Write(p []byte) (int, error) { return len(p), r.out.put(message{Raw: p}) }

// spool keeps what a phase has to say in a file.
type spool struct {
	file *os.File

	mu     sync.Mutex
	size   int64
	n      int           // messages, Progress aside
	more   chan struct{} // closed and made anew when there is more
	closed bool
}

func newSpool(file *os.File) *spool { return &spool{file: file, more: make(chan struct{})} }

func (s *spool) put(m message) error {
	text, err := encode(m)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.file.WriteAt(text, s.size)
	if err != nil { // a part of a message would spoil the next
		return fmt.Errorf("keep what is sent back (%d of %d bytes): %w", n, len(text), err)
	}
	s.size += int64(n)
	if m.Progress == nil {
		s.n++
	}
	s.announce()
	return nil
}

// announce tells those who wait. The lock is held.
func (s *spool) announce() {
	close(s.more)
	s.more = make(chan struct{})
}

func (s *spool) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

func (s *spool) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.announce()
}

func (s *spool) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// remove removes the file; who reads it still finds its end.
func (s *spool) remove() {
	s.file.Close()
	os.Remove(s.file.Name())
}

// portion is how much is read at once.
const portion = 64 << 10

// read returns what there is from a byte on; where there is nothing, what is closed when
// there is more, or that there will be none.
func (s *spool) read(from int64) (part []byte, more <-chan struct{}, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	part = make([]byte, max(0, min(s.size-from, portion)))
	n, err := s.file.ReadAt(part, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, s.more, true
	}
	return part[:n], s.more, s.closed
}
