package image

import "io"

// The blocks that are read ahead, which take little memory and cover the time that a few
// files take to be written.
const (
	aheadBlocks = 8
	aheadSize   = 512 << 10
)

// ahead reads in a goroutine of its own, some blocks ahead of who reads from it: a layer is
// decompressed and summed up while its files are written. It is for one reader.
type ahead struct {
	full  chan []byte
	spent chan []byte
	quit  chan struct{}
	err   error // why there is no more; valid once full is closed

	block []byte // at hand
	rest  []byte // of it
}

func readAhead(from io.Reader) *ahead {
	a := &ahead{full: make(chan []byte, aheadBlocks), spent: make(chan []byte, aheadBlocks), quit: make(chan struct{})}
	for range aheadBlocks {
		a.spent <- make([]byte, aheadSize)
	}
	go a.fill(from)
	return a
}

// fill reads until there is no more or nobody wants it.
func (a *ahead) fill(from io.Reader) {
	defer close(a.full)
	for {
		var block []byte
		select {
		case block = <-a.spent:
		case <-a.quit:
			return
		}
		n := 0
		for n < len(block) && a.err == nil {
			var more int
			more, a.err = from.Read(block[n:])
			n += more
		}
		a.full <- block[:n] // there is room for all blocks
		if a.err != nil {
			return
		}
	}
}

// Read implements io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.block != nil {
			a.spent <- a.block[:cap(a.block)]
			a.block = nil
		}
		block, more := <-a.full
		if !more {
			return 0, a.err
		}
		a.block, a.rest = block, block
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close ends the reading, and waits for it: what is read from is nobody's any more.
func (a *ahead) Close() {
	close(a.quit)
	for range a.full {
	}
}
