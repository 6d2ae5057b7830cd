package corpus

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/bits"
)

// What requests may be made of for them to be held in memory, which takes several times
// as much.
const (
	mostHeld     = 20_000   // requests
	mostHeldSize = 16 << 20 // bytes, of the file
)

func (cfg Config) isLarge() bool {
	return cfg.Size > mostHeld || cfg.bytesOf(cfg.Size) > mostHeldSize
}

// bytesOf is how much of the file the first so many requests are made of.
func (cfg Config) bytesOf(requests int) int64 {
	return cfg.Records.File().SizeOf(requests * cfg.Batch)
}

// hashRecords tells requests of one file apart from those of another, and from other
// requests of the same.
func (cfg Config) hashRecords() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %q %d %d %q", cfg.Records.File().Hash(), cfg.Class, cfg.Batch, cfg.Size, cfg.Identity)
	for _, f := range cfg.Records.Schema().Features {
		fmt.Fprintf(sum, " %q", f.Name)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Streamed says that the requests are made as they are needed, by a Reader.
func (c *Corpus) Streamed() bool { return c.requests == nil }

// Reader makes the requests of a streamed corpus. It is for one goroutine.
type Reader struct {
	maker *maker
	order *permutation // nil: that of the file
	next  int
}

// NewReader returns a reader of a streamed corpus.
func (c *Corpus) NewReader(seed uint64) *Reader {
	r := &Reader{maker: c.newMaker(c.from)}
	if !c.inOrder {
		r.order = newPermutation(uint64(c.size), seed)
	}
	return r
}

// Read makes the request that is sent k-th. Every request comes once before one comes
// again, in random order by the seed, or in that of the file.
func (r *Reader) Read(k uint64) (*Request, error) {
	i := k % uint64(r.maker.corpus.size)
	if r.order != nil {
		i = r.order.at(i)
	}
	if r.next++; r.next%checkEvery == 0 {
		if err := r.CheckUnchanged(); err != nil {
			return nil, err
		}
	}
	return r.maker.make(int(i))
}

// checkEvery is after how many requests the file is looked at for changes.
const checkEvery = 4096

// CheckUnchanged says whether the file was changed since it was opened.
func (r *Reader) CheckUnchanged() error { return r.maker.cfg.Records.File().CheckUnchanged() }

// permutation is a random order of the numbers below n that takes no memory: a Feistel
// network over the next power of four, whose numbers from n on are passed over (M. Black,
// P. Rogaway, Ciphers with Arbitrary Finite Domains, 2002).
type permutation struct {
	n    uint64
	half int // bits
	keys [feistelRounds]uint64
}

const feistelRounds = 4

func newPermutation(n, seed uint64) *permutation {
	p := &permutation{n: n, half: (bits.Len64(n-1) + 1) / 2}
	for i := range p.keys {
		seed = mix64(seed + 0x9e3779b97f4a7c15)
		p.keys[i] = seed
	}
	return p
}

// at returns the i-th number, i < n.
func (p *permutation) at(i uint64) uint64 {
	mask := uint64(1)<<p.half - 1
	for {
		left, right := i>>p.half, i&mask
		for _, key := range p.keys {
			left, right = right, left^(mix64(right^key)&mask)
		}
		if i = left<<p.half | right; i < p.n {
			return i
		}
	}
}

// mix64 is the finalizer of SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, Fast Splittable
// Pseudorandom Number Generators, 2014).
func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
