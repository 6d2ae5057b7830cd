package attack

import (
	"sync"
	"time"
)

// flights finds the flight of a sequence number. Sequence numbers ascend with
// the due times, so a ring over the outstanding ones holds them all. It grows
// to as many requests as come due within the timeout, and then no more however
// long the run is; the flights themselves, which are used again, are as many as
// there are workers.
type flights struct {
	mu   sync.Mutex
	ring []*flight // by sequence number; the length is a power of two
	low  uint64    // every flight below it was taken
	next uint64    // the sequence number that begins next
	last time.Duration
	free []*flight
	took *flight // taken last, and not free yet

	part  part
	watch *watch // told what begins
}

func newFlights(capacity int, p part, w *watch) *flights {
	length := 64
	for length < 2*capacity {
		length *= 2
	}
	return &flights{ring: make([]*flight, length), part: p, watch: w}
}

func (fs *flights) slot(seq uint64) **flight { return &fs.ring[seq&uint64(len(fs.ring)-1)] }

// begin makes the next flight, which is due at due.
func (fs *flights) begin(due time.Duration) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.next-fs.low == uint64(len(fs.ring)) {
		fs.grow()
	}
	f := fs.unused()
	f.begin(fs.part.sequence(fs.next), due)
	*fs.slot(fs.next) = f
	fs.next++
	fs.last = due
	fs.watch.begin(fs.part.index, due)
}

func (fs *flights) unused() *flight {
	n := len(fs.free)
	if n == 0 {
		return &flight{}
	}
	f := fs.free[n-1]
	fs.free = fs.free[:n-1]
	return f
}

func (fs *flights) grow() {
	old := fs.ring
	fs.ring = make([]*flight, 2*len(old))
	for seq := fs.low; seq < fs.next; seq++ {
		*fs.slot(seq) = old[seq&uint64(len(old)-1)]
	}
}

// find returns the flight of a sequence number that began and was not taken.
func (fs *flights) find(seq uint64) *flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return *fs.slot(seq)
}

// take removes the flight of a sequence number, which is the caller's until the
// next call. Every request due before settled was taken by now.
func (fs *flights) take(seq uint64) (f *flight, settled time.Duration) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.took != nil {
		fs.took.rest()
		fs.free = append(fs.free, fs.took)
	}
	f = *fs.slot(seq)
	fs.took, *fs.slot(seq) = f, nil
	for fs.low < fs.next && *fs.slot(fs.low) == nil {
		fs.low++
	}
	if fs.low == fs.next {
		return f, fs.last
	}
	return f, (*fs.slot(fs.low)).due
}

// left takes what never came back: requests that were due but that no worker
// took before the load was stopped.
func (fs *flights) left() []*flight {
	var left []*flight
	for seq := fs.low; seq < fs.next; seq++ {
		if f := *fs.slot(seq); f != nil {
			left = append(left, f)
		}
	}
	return left
}
