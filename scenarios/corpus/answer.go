package corpus

import (
	"errors"
	"io"
	"slices"

	"servebench/targets/protocol"
)

const (
	// MaxAnswer is the longest answer that Check can be given where its protocol needs
	// the whole, in bytes.
	MaxAnswer = 16 << 20
	// shown is how many bytes of every answer are kept, to be shown should it be wrong.
	shown = 1 << 10
)

// ErrTooLong is the error of Read for an answer that is longer than MaxAnswer.
var ErrTooLong = errors.New("the answer is longer than 16 MiB, and no answer that long is checked")

// Read reads the body of an answer with a status to its end. It returns as much of it
// as Check needs, in the memory of kept, and how long all of it is. What is not needed
// is dropped as it comes, however long it is.
func (c *Corpus) Read(status int, body io.Reader, kept []byte) (_ []byte, length int64, err error) {
	kept = kept[:0]
	most, whole := c.needs(status)
	for len(kept) < most {
		kept = slices.Grow(kept, min(512, most-len(kept)))
		n, err := body.Read(kept[len(kept):min(cap(kept), most)])
		kept = kept[:len(kept)+n]
		if err == io.EOF {
			return kept, int64(len(kept)), nil
		}
		if err != nil {
			return kept, int64(len(kept)), err
		}
	}
	if whole {
		body = io.LimitReader(body, 1)
	}
	dropped, err := io.Copy(io.Discard, body)
	if whole && dropped > 0 {
		err = ErrTooLong
	}
	return kept, int64(most) + dropped, err
}

// needs is how many bytes of an answer with a status Check needs at most, and whether
// it cannot do without the rest.
func (c *Corpus) needs(status int) (most int, whole bool) {
	if !c.Accepts(status) {
		return shown, false
	}
	if p, ok := c.protocol.(protocol.BodyLimiter); ok {
		return max(p.BodyLimit(), shown), false
	}
	return MaxAnswer, true
}
