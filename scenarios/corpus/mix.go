package corpus

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
)

// Class is one kind of request of a mix.
type Class struct {
	Name   string
	Weight int // its share of the requests, in relation to the others', at least 1
	Corpus *Corpus
}

// class is a Class within the corpus that was made of several.
type class struct {
	Class
	first int // the index of its first request
}

// Mix makes one corpus of several classes of request, whose Order sends each as
// often as its weight says. The requests are those of the classes' corpora, one
// after the other; each remains to be judged as it was in its own.
func Mix(classes []Class) (*Corpus, error) {
	if len(classes) == 0 {
		return nil, errors.New("mix requests: no classes, want at least one")
	}
	if err := checkHeld(classes); err != nil {
		return nil, err
	}
	c := newCorpus(classes[0].Corpus.protocol, 0)
	c.schema = classes[0].Corpus.schema
	sum := sha256.New()
	for _, part := range classes {
		if part.Weight < 1 {
			return nil, fmt.Errorf("mix requests: weight: %d for class %s, want at least 1", part.Weight, part.Name)
		}
		c.classes = append(c.classes, class{part, c.size})
		c.requests = append(c.requests, part.Corpus.requests...)
		c.size += part.Corpus.size
		sum.Write([]byte(part.Corpus.hash))
	}
	c.hash = hex.EncodeToString(sum.Sum(nil))
	return c, nil
}

// checkHeld says which classes have more requests than are held in memory.
func checkHeld(classes []Class) error {
	var large []string
	fits, name := mostHeld, ""
	for _, part := range classes {
		if !part.Corpus.Streamed() {
			continue
		}
		cfg := part.Corpus.from
		name = cfg.Records.File().Name()
		large = append(large, fmt.Sprintf("class %s has %d from %.1f MiB of %s", part.Name, cfg.Size, float64(cfg.bytesOf(cfg.Size))/(1<<20), name))
		fits = min(fits, sort.Search(cfg.Size, func(n int) bool { return cfg.bytesOf(n+1) > mostHeldSize }))
	}
	if large == nil {
		return nil
	}
	want := fmt.Sprintf("at most %d from %d MiB", mostHeld, mostHeldSize>>20)
	if fits > 0 {
		want += fmt.Sprintf(": data.corpus: %d takes so many from the beginning of %s", fits, name)
	}
	return fmt.Errorf("the requests of a mix are held in memory, and %s; want %s, or a phase without a mix", strings.Join(large, ", "), want)
}

// Classes names the classes of a Mix; nil of another corpus.
func (c *Corpus) Classes() []string {
	var names []string
	for _, part := range c.classes {
		names = append(names, part.Name)
	}
	return names
}

// ClassOf returns the index of the class of a Mix that the i-th request belongs to.
func (c *Corpus) ClassOf(i int) int {
	if c.before != nil {
		i %= c.before.size
	}
	of := len(c.classes) - 1
	for of > 0 && i < c.classes[of].first {
		of--
	}
	return of
}

const (
	// fewestInBlock is the least number of requests in which the classes have
	// exactly their shares: enough to hide the order of the classes in.
	fewestInBlock = 100
	// longestOrder bounds the order of a mix. Beyond it, a class that comes rarely
	// is not sent all of its requests.
	longestOrder = 1 << 20
)

// Order returns which request of a corpus that is not streamed is sent k-th, by the
// seed: element k modulo the length, without end. Every request comes once in it, in
// random order, or in its own; in a Mix, every block of requests holds the classes by
// their weights exactly, shuffled, and each class goes through its own requests so.
func (c *Corpus) Order(seed uint64) []int32 {
	if c.before != nil {
		return c.before.Order(seed)
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	if c.classes == nil {
		return c.orderFrom(rng, 0)
	}
	block, blocks := c.block()
	queues := make([][]int32, len(c.classes))
	for i, part := range c.classes {
		queues[i] = part.Corpus.orderFrom(rng, part.first)
	}
	sent := make([]int, len(c.classes))
	order := make([]int32, 0, blocks*len(block))
	for range blocks {
		rng.Shuffle(len(block), func(i, j int) { block[i], block[j] = block[j], block[i] })
		for _, of := range block {
			order = append(order, queues[of][sent[of]%len(queues[of])])
			sent[of]++
		}
	}
	return order
}

// orderFrom is the order of a corpus's own requests, numbered from first on.
func (c *Corpus) orderFrom(rng *rand.Rand, first int) []int32 {
	all := make([]int32, c.size)
	if c.inOrder {
		for i := range all {
			all[i] = int32(first + i)
		}
		return all
	}
	for i, p := range rng.Perm(c.size) {
		all[i] = int32(first + p)
	}
	return all
}

// block returns the class of each request of a block, and how many blocks it takes
// to send every request of every class.
func (c *Corpus) block() (block []int, blocks int) {
	divisor, whole := 0, 0
	for _, part := range c.classes {
		divisor = gcd(part.Weight, divisor)
		whole += part.Weight
	}
	times := divideUp(fewestInBlock, whole/divisor)
	blocks = 1
	for i, part := range c.classes {
		n := part.Weight / divisor * times
		for range n {
			block = append(block, i)
		}
		blocks = max(blocks, divideUp(part.Corpus.Len(), n))
	}
	return block, max(1, min(blocks, longestOrder/len(block)))
}

func divideUp(a, b int) int { return (a + b - 1) / b }

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
