package monitor

import "math/bits"

// pending are the latest rows whose outcomes are not known. They take the same room however long
// their ids are, and however many there were: a row is known by 64 bits that are drawn from its id,
// which two of a million rows have in common once in 40 million times. They hold no pointers, which
// the garbage collector would follow again and again, and no map, which grows as keys come and go.
type pending struct {
	rows []waiting // a ring
	next int
	// index is a hash table of open addressing with the numbers of rows, from 1 on, by their keys:
	// each is at the place that its key's lowest bits say, or at the first free one after it.
	index   []uint32
	count   int
	expired func(version uint32) // is told of a row that gets no outcome any more
}

// waiting is one row.
type waiting struct {
	key     uint64
	version uint32 // its number; 0: its outcome is known, or that of a later row with its id
	said    float32
}

// newPending takes all the memory that is needed, and has the system provide it.
func newPending(rows int) *pending {
	p := &pending{rows: make([]waiting, rows), index: make([]uint32, 2<<bits.Len(uint(rows)))}
	clear(p.rows)
	clear(p.index)
	return p
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
	p.index[p.place(key)] = uint32(p.next + 1)
	p.count++
	p.next = (p.next + 1) % len(p.rows)
}

func (p *pending) expire(w *waiting) {
	p.expired(w.version)
	p.remove(w)
}

// place is where the index has a key, or would have it.
func (p *pending) place(key uint64) int {
	at := p.home(key)
	for p.index[at] != 0 && p.rows[p.index[at]-1].key != key {
		at = p.after(at)
	}
	return at
}

func (p *pending) home(key uint64) int { return int(key % uint64(len(p.index))) }

func (p *pending) after(at int) int { return (at + 1) % len(p.index) }

// find returns the row of a key; nil: there is none.
func (p *pending) find(key uint64) *waiting {
	if number := p.index[p.place(key)]; number != 0 {
		return &p.rows[number-1]
	}
	return nil
}

// remove takes a row out, and moves those that stand behind their places back: D. E. Knuth, The Art of
// Computer Programming 3 (1998), section 6.4, algorithm R.
func (p *pending) remove(w *waiting) {
	n := len(p.index)
	free := p.place(w.key)
	for at := p.after(free); p.index[at] != 0; at = p.after(at) {
		home := p.home(p.rows[p.index[at]-1].key)
		if (at-home+n)%n >= (at-free+n)%n {
			p.index[free], free = p.index[at], at
		}
	}
	p.index[free] = 0
	p.count--
	w.version = 0
}
