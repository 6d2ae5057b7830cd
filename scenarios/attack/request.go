package attack

import (
	"fmt"

	"servebench/scenarios/attack/transport"
	"servebench/scenarios/corpus"
)

// newMessages lays out the requests of a corpus for the server at base. Each is the
// last on its connection where last says so.
func newMessages(c *corpus.Corpus, base string, last bool) ([]*transport.Message, error) {
	messages := make([]*transport.Message, c.Len())
	for i := range messages {
		var err error
		if messages[i], err = transport.NewMessage(base, c.Request(i), last); err != nil {
			return nil, fmt.Errorf("prepare request %d: %w", i, err)
		}
	}
	return messages, nil
}
