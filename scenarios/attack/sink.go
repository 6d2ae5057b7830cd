package attack

// sink hands values to a goroutine that writes them, so that a slow disk does
// not hold up the recording. Its queue is bounded: when it is full, put waits
// and counts a stall, so that nothing is lost and nothing is hidden.
type sink[T any] struct {
	queue  chan T
	stalls int64 // of put's goroutine
	err    error // the first one; of the writing goroutine until done is closed
	done   chan struct{}
}

// newSink starts a sink. After the first error nothing more is written; onError
// is called then, once.
func newSink[T any](capacity int, write func(T) error, onError func()) *sink[T] {
	s := &sink[T]{queue: make(chan T, capacity), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for v := range s.queue {
			if s.err != nil {
				continue
			}
			if s.err = write(v); s.err != nil {
				onError()
			}
		}
	}()
	return s
}

// put queues a value. It is for one goroutine.
func (s *sink[T]) put(v T) {
	select {
	case s.queue <- v:
	default:
		s.stalls++
		s.queue <- v
	}
}

// close waits until everything queued is written and returns the first error.
func (s *sink[T]) close() error {
	close(s.queue)
	<-s.done
	return s.err
}
