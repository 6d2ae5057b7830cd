package transport

import (
	"sync"
	"sync/atomic"
)

// heads remembers the heads that were parsed last. The heads of one server's
// answers repeat until the second in Date changes, so nearly all are found here.
type heads struct {
	ring [32]atomic.Pointer[head]
	mu   sync.Mutex
	next int
}

// maxRemembered is the longest head worth comparing, in bytes.
const maxRemembered = 4 << 10

// find returns the head that b begins with, nil when it is not remembered.
func (hs *heads) find(b []byte) *head {
	for i := range hs.ring {
		h := hs.ring[i].Load()
		if h == nil {
			return nil
		}
		if h.begins(b) {
			return h
		}
	}
	return nil
}

// begins reports whether b begins with the head's bytes.
func (h *head) begins(b []byte) bool {
	return len(b) >= len(h.block) && string(b[:len(h.block)]) == h.block
}

// remember keeps a head, in the place of the oldest.
func (hs *heads) remember(h *head) {
	if len(h.block) > maxRemembered {
		return
	}
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.ring[hs.next].Store(h)
	hs.next = (hs.next + 1) % len(hs.ring)
}
