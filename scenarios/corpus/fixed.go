package corpus

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"servebench/targets/protocol"
)

// Fixed makes a corpus of the one request of a Written protocol, which holds no
// examples and asks for no answers of a model.
func Fixed(p protocol.Protocol) (*Corpus, error) {
	request, err := p.Encode("", nil)
	if err != nil {
		return nil, fmt.Errorf("build corpus: %w", err)
	}
	sum := sha256.New()
	addRequest(sum, request)
	c := &Corpus{protocol: p, hash: hex.EncodeToString(sum.Sum(nil))}
	c.entries = []entry{{from: c, request: request}}
	return c, nil
}

// Accepts reports whether an answer with this status may be right, and is to be
// judged by Check; one with another status has failed.
func (c *Corpus) Accepts(status int) bool {
	if p, ok := c.protocol.(protocol.StatusAccepter); ok {
		return p.Accepts(status)
	}
	return status/100 == 2
}
