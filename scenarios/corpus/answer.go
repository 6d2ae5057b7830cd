package corpus

import (
	"errors"

	"servebench/targets/protocol"
)

const (
	// MaxAnswer is the longest answer that Check can be given where its protocol needs
	// the whole, in bytes.
	MaxAnswer = 16 << 20
	// shown is how many bytes of every answer are kept, to be shown should it be wrong.
	shown = 1 << 10
)

// ErrTooLong is the error of an answer that is longer than MaxAnswer.
var ErrTooLong = errors.New("the answer is longer than 16 MiB, and no answer that long is checked")

// Limit returns how many bytes of an answer with a status Check needs at most, and what
// is wrong with one that is longer; nil: the rest need not be kept.
func (c *Corpus) Limit(status int) (most int, tooLong error) {
	if !c.Accepts(status) {
		return shown, nil
	}
	if p, ok := c.protocol.(protocol.BodyLimiter); ok {
		return max(p.BodyLimit(), shown), nil
	}
	return MaxAnswer, ErrTooLong
}
