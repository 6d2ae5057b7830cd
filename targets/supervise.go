package targets

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"servebench/reports/record"
)

// How a server is started again: as systemd does by default with Restart=always
// (RestartSec=, StartLimitBurst=, StartLimitIntervalSec=).
const (
	restartDelay  = 100 * time.Millisecond
	startBurst    = 5
	startInterval = 10 * time.Second
)

// Supervise starts a server, and again as w.Restart asks for, at the same address. start
// makes one start; closing its Deployment removes what that made, and release, where there
// is one, what all have in common, once the last of them is closed.
func Supervise(ctx context.Context, w Workload, start func(context.Context) (*Deployment, error), release func() error) (*Deployment, error) {
	d, err := start(ctx)
	if err != nil {
		return nil, err
	}
	s := &supervisor{workload: w, start: start, release: release, starts: []time.Time{d.Began}, current: d.Instance, done: make(chan struct{})}
	s.Read = s.used
	s.closing, s.close = context.WithCancel(context.WithoutCancel(ctx))
	go s.watch(d.Instance)
	d.Instance = s
	if w.Restart {
		d.Facts = append(d.Facts, record.Fact{Name: "restart", Value: fmt.Sprintf("%s after the server ends, up to %d starts in %s, as by systemd", restartDelay, startBurst, startInterval)})
	}
	return d, nil
}

// supervisor is the Instance of a server that may be started several times.
type supervisor struct {
	Account
	workload Workload
	start    func(context.Context) (*Deployment, error)
	release  func() error
	starts   []time.Time // of watch alone
	done     chan struct{}
	closing  context.Context
	close    context.CancelFunc
	once     sync.Once
	closed   error

	mu      sync.Mutex
	current Instance     // nil: none runs, and the next is on its way
	past    record.Usage // of those before it
	last    record.Usage // of the current one, as it was read last
	err     error        // why it ended
	left    []error      // what could not be removed of those before
}

// watch waits for the server to end, and starts it again.
func (s *supervisor) watch(running Instance) {
	defer close(s.done)
	for {
		<-running.Done()
		why := running.Err()
		if why == nil { // Close ended it
			return
		}
		s.tell(record.EventEnded, why.Error())
		if !s.workload.Restart {
			s.end(why)
			return
		}
		s.retire(running)
		next, err := s.again(why)
		if next == nil {
			s.end(err)
			return
		}
		if running = next.Instance; !s.take(running) {
			return
		}
		s.tellAt(next.Began, record.EventRestarted, "")
		s.tell(record.EventReady, "")
	}
}

func (s *supervisor) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = why
}

// take makes a start the one that runs, unless all shall end.
func (s *supervisor) take(started Instance) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Err() != nil {
		s.left = append(s.left, started.Close(s.closing))
		return false
	}
	s.current = started
	return true
}

// retire takes the account of a start that is over, and removes it.
func (s *supervisor) retire(ended Instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.read(s.closing) // an engine's account may be gone with the server
	s.last.Resident = 0
	s.past, s.last, s.current = s.past.Add(s.last), record.Usage{}, nil
	if err := ended.Close(s.closing); err != nil {
		s.left = append(s.left, err)
	}
}

// again starts the server once more, as often as it takes and may be; nil: it is to run no
// more, for the reason given.
func (s *supervisor) again(why error) (*Deployment, error) {
	for {
		now := time.Now()
		for len(s.starts) > 0 && now.Sub(s.starts[0]) > startInterval {
			s.starts = s.starts[1:]
		}
		if len(s.starts) >= startBurst {
			return nil, fmt.Errorf("%w; it was started %d times in %s, and is not started again", why, startBurst, startInterval)
		}
		select {
		case <-s.closing.Done():
			return nil, nil
		case <-time.After(restartDelay):
		}
		s.starts = append(s.starts, time.Now())
		d, err := s.start(s.closing)
		switch {
		case err == nil:
			return d, nil
		case s.closing.Err() != nil:
			return nil, nil
		}
		s.tell(record.EventWarning, err.Error())
		why = err
	}
}

func (s *supervisor) tell(kind, text string) { s.tellAt(time.Now(), kind, text) }

func (s *supervisor) tellAt(at time.Time, kind, text string) {
	if s.workload.Events != nil {
		s.workload.Events(record.Event{At: at, Kind: kind, Text: text})
	}
}

// used is that of all starts so far.
func (s *supervisor) used(ctx context.Context) (record.Usage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.read(ctx)
	return s.past.Add(s.last), err
}

// read reads what the current start used. The lock is held.
func (s *supervisor) read(ctx context.Context) error {
	if s.current == nil {
		return nil
	}
	used, err := s.current.Usage(ctx, time.Time{}, time.Now())
	if err == nil {
		s.last = used
	}
	return err
}

// Done is closed when the server ended and is not started again.
func (s *supervisor) Done() <-chan struct{} { return s.done }

// Err says why; nil when Close ended it.
func (s *supervisor) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Inject implements Injector, if the server is one.
func (s *supervisor) Inject(ctx context.Context, kind string) (Injected, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	injector, ok := s.current.(Injector)
	switch {
	case s.current == nil:
		return Injected{}, fmt.Errorf("inject %s: the server has ended, and is not there again yet", kind)
	case !ok:
		return Injected{}, fmt.Errorf("inject %s: the target cannot do it", kind)
	}
	_ = s.read(ctx) // while it is there
	return injector.Inject(ctx, kind)
}

// Close ends the server and removes all that there is of it.
func (s *supervisor) Close(ctx context.Context) error {
	s.once.Do(func() {
		s.mu.Lock()
		s.close()
		running := s.current
		s.mu.Unlock()
		if running != nil {
			s.closed = running.Close(ctx)
		}
		<-s.done
		if s.release != nil {
			s.closed = errors.Join(s.closed, s.release())
		}
		s.closed = errors.Join(append(s.left, s.closed)...)
	})
	return s.closed
}
