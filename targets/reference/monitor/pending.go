package monitor

// pending are the latest rows whose outcomes are not known. They take the same room however long
// their ids are, and however many there were: a row is known by 64 bits that are drawn from its id,
// which two of a million rows have in common once in 40 million times. They hold no pointers, which
// the garbage collector would follow again and again.
type pending struct {
	rows    []waiting // a ring
	next    int
	at      map[uint64]int
	expired func(version uint32) // is told of a row that gets no outcome any more
}

// waiting is one row.
type waiting struct {
	key     uint64
	version uint32 // its number; 0: its outcome is known, or that of a later row with its id
	said    float32
}

func newPending(rows int) *pending {
	return &pending{rows: make([]waiting, rows), at: make(map[uint64]int, rows)}
}

// add lets a row wait. One that had its key, and the oldest where there is no room, expire.
func (p *pending) add(key uint64, version uint32, said float32) {
	if w := p.find(key); w != nil {
		p.expire(w)
	}
	w := &p.rows[p.next]
	if w.version != 0 {
		p.expire(w)
	}
	*w = waiting{key, version, said}
	p.at[key] = p.next
	p.next = (p.next + 1) % len(p.rows)
}

func (p *pending) expire(w *waiting) {
	p.expired(w.version)
	p.remove(w)
}

// find returns the row of a key; nil: there is none.
func (p *pending) find(key uint64) *waiting {
	if i, ok := p.at[key]; ok {
		return &p.rows[i]
	}
	return nil
}

func (p *pending) remove(w *waiting) {
	delete(p.at, w.key)
	w.version = 0
}
