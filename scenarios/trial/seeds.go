package trial

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// The purposes that the scenario's one seed is split up for. Each gets a source
// of its own, so that a change to one (more data, another arrival process) leaves the
// others as they were.
const (
	seedData     = "data"     // the corpora; the same for every class and in every round
	seedTrials   = "visits"   // the order of the targets within the rounds
	seedSchedule = "schedule" // due times; by round and phase (drawnAs), the same for every target
	seedThink    = "think"    // think times; as due times
	seedOrder    = "order"    // which request is sent k-th; by round and phase (drawnAs), the same for every target
)

// source returns the random source for a purpose and the numbers that tell its
// uses apart. The same arguments give the same source, on every machine.
func source(seed uint64, purpose string, numbers ...int) *rand.Rand {
	return rand.New(rand.NewChaCha8(key(seed, purpose, numbers)))
}

// subseed returns a single number derived in the same way.
func subseed(seed uint64, purpose string, numbers ...int) uint64 {
	k := key(seed, purpose, numbers)
	return binary.LittleEndian.Uint64(k[:])
}

func key(seed uint64, purpose string, numbers []int) [32]byte {
	text := binary.LittleEndian.AppendUint64(nil, seed)
	text = append(text, purpose...)
	for _, n := range numbers {
		text = binary.LittleEndian.AppendUint64(append(text, 0), uint64(n))
	}
	return sha256.Sum256(text)
}
