package protocoltest

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"testing"
)

// damaged calls try with text cut at every byte, and with a few thousand
// random changes to it.
func damaged(text []byte, try func(name string, text []byte)) {
	for i := range text {
		try("cut", text[:i:i])
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for range 3000 {
		changed := bytes.Clone(text)
		for range 1 + rng.IntN(3) {
			change(rng, &changed)
		}
		try("changed", changed)
	}
}

func change(rng *rand.Rand, text *[]byte) {
	if len(*text) == 0 {
		return
	}
	at := rng.IntN(len(*text))
	switch rng.IntN(4) {
	case 0: // another byte, often one that JSON gives a meaning
		const likely = "{}[]\",:-.0123456789eE\\tfn \x00\xff"
		(*text)[at] = likely[rng.IntN(len(likely))]
	case 1:
		(*text)[at] = byte(rng.IntN(256))
	case 2: // a stretch away
		end := min(len(*text), at+1+rng.IntN(8))
		*text = append((*text)[:at], (*text)[end:]...)
	case 3: // a stretch twice
		end := min(len(*text), at+1+rng.IntN(16))
		*text = append((*text)[:end:end], (*text)[at:]...)
	}
}

// testDamagedAnswer expects an error or answers in range, and no panic. A
// truncated answer is never taken.
func testDamagedAnswer(t *testing.T, s Subject) {
	p := open(t, s)
	resp := send(s.Handler(service()), encode(t, p, "id", batch(1, 2)))
	whole := resp.Body
	damaged(whole, func(name string, text []byte) {
		resp.Body = text
		reply, err := p.Decode(resp)
		answers := reply.Answers
		if err == nil && (name == "cut" || len(answers) == 0) {
			t.Fatalf("%s answer was taken as %v: %s", name, answers, text)
		}
		for _, answer := range answers {
			if answer.Label < 0 || answer.Label >= len(schema().Classes) || answer.Probability < 0 || answer.Probability > 1 {
				t.Fatalf("%s answer was taken as %+v: %s", name, answer, text)
			}
		}
	})
}

// testDamagedRequest expects an answer or a refusal that blames the client,
// and no panic.
func testDamagedRequest(t *testing.T, s Subject) {
	h := s.Handler(service())
	req := encode(t, open(t, s), "id", batch(1, 2))
	damaged(req.Body, func(name string, text []byte) {
		broken := req
		broken.Body = text
		resp := send(h, broken)
		blamed := resp.Status/100 == 4 || resp.Status == http.StatusNotImplemented
		if !blamed && (resp.Status != http.StatusOK || name == "cut") {
			t.Fatalf("%s request got %d %s: %s", name, resp.Status, resp.Body, text)
		}
		if len(resp.Body) == 0 {
			t.Fatalf("%s request got %d without a word: %s", name, resp.Status, text)
		}
	})
}
