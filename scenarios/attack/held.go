package attack

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack/transport"
)

// held are the requests that were laid out before the load, by index into the corpus.
// Where their credentials are good for a while only, each is laid out again in its turn
// beside the sending, which takes whichever is there.
type held struct {
	cfg      Config
	messages []atomic.Pointer[transport.Message]

	renewals renewals
}

func layOut(cfg Config) (*held, error) {
	h := &held{cfg: cfg, messages: make([]atomic.Pointer[transport.Message], cfg.Corpus.Len())}
	for i := range h.messages {
		if err := h.layOutOne(i); err != nil {
			return nil, fmt.Errorf("prepare request %d: %w", i, err)
		}
	}
	return h, nil
}

func (h *held) layOutOne(i int) error {
	p, err := prepare(h.cfg, h.cfg.Corpus.Request(i))
	if err == nil {
		h.messages[i].Store(p.message)
	}
	return err
}

func (h *held) at(i int) prepared {
	return prepared{message: h.messages[i].Load(), request: h.cfg.Corpus.Request(i)}
}

const (
	// leastPause is the least between two looks at what is due: a timer costs about as
	// much as a signature.
	leastPause = time.Millisecond
	// mostTogether is how many messages are laid out in one go: the sending may have to
	// wait for so many.
	mostTogether = 16
	// failurePause is how long to wait after a failure, such as of a service that gives
	// credentials out.
	failurePause = time.Second
)

// renew lays the messages out again, as often as the lifetime of their credentials asks
// for, evenly over the time so that it never holds up the sending by much. None is older
// than the lifetime: the first pass begins after a third of it, and each takes two thirds.
func (h *held) renew(finished <-chan struct{}) {
	third := h.cfg.Credentials.Lifetime / 3
	if third <= 0 {
		return
	}
	began, pass, n := time.Now(), 2*third, len(h.messages)
	dueAt := func(k int) time.Time {
		return began.Add(third + time.Duration(k/n)*pass + time.Duration(k%n)*pass/time.Duration(n))
	}
	pause := leastPause
	for k := 0; ; {
		select {
		case <-finished:
			return
		case <-time.After(max(time.Until(dueAt(k)), pause)):
		}
		pause = leastPause
		now := time.Now()
		var made record.Renewals
		for ; made.N < mostTogether && !dueAt(k).After(now); made.N++ {
			if err := h.layOutOne(k % n); err != nil {
				made.Failed, pause = err.Error(), failurePause
				break
			}
			k++
		}
		made.Took = time.Since(now)
		h.renewals.add(made)
	}
}

// renewals counts the requests whose credentials were made anew.
type renewals struct {
	mu  sync.Mutex
	all record.Renewals
}

func (r *renewals) add(made record.Renewals) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = r.all.Plus(made)
}
