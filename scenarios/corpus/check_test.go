package corpus

import "testing"

// beginning is written, whose answers are judged by their first 2000 bytes.
type beginning struct{ written }

func (beginning) BodyLimit() int { return 2000 }

// TestLimit wants of an answer to be kept what is needed to check or to show it.
func TestLimit(t *testing.T) {
	limited, err := Fixed(beginning{})
	if err != nil {
		t.Fatal(err)
	}
	whole := build(t, Config{Size: 1, Batch: 1, Seed: 1})
	for _, c := range []struct {
		name   string
		corpus *Corpus
		status int
		most   int
		err    error
	}{
		{"limited", limited, 418, 2000, nil},
		{"limited, of another status", limited, 200, shown, nil},
		{"whole", whole, 200, MaxAnswer, ErrTooLong},
		{"whole, of another status", whole, 500, shown, nil},
	} {
		if most, err := c.corpus.Limit(c.status); most != c.most || err != c.err {
			t.Errorf("%s: %d and %v, want %d and %v", c.name, most, err, c.most, c.err)
		}
	}
}

// TestCheckOfAnswersThatDifferInLength judges two answers alike in what is kept of them
// each by itself.
func TestCheckOfAnswersThatDifferInLength(t *testing.T) {
	c := build(t, Config{Size: 1, Batch: 1, Seed: 1})
	r := respond(t, truth(t, c.Request(0).Wire()))
	r.Length = 1 << 20
	c.Request(0).Check(r)
	if r.Length++; c.requests[0].memo.holds(r, nil) {
		t.Error("an answer of another length passes for the one before")
	}
}
