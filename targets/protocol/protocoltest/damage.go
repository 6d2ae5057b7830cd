package protocoltest

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"servebench/targets/protocol"
)

const (
	// mostGrowth is by how much the memory of a server may grow, of which it keeps some for
	// later requests, in bytes.
	mostGrowth = 8 << 20
	// mostForOne is how much a server may allocate for one request of a few hundred bytes,
	// whatever lengths that claims to have.
	mostForOne = 4 << 20
)

// RunDamaged posts mutated bodies of all clients to one server that speaks their
// protocols, n in all: each gets an answer, or a refusal in the terms of its protocol that
// blames the client, and none makes the server keep, or take for a moment, much memory.
func RunDamaged(t *testing.T, n int, handler func(protocol.Service) http.Handler, subjects ...Subject) {
	h, rng := handler(service()), rand.New(rand.NewPCG(3, 3))
	clients := make([]protocol.Protocol, len(subjects))
	requests := make([]protocol.Request, len(subjects))
	for i, s := range subjects {
		clients[i] = open(t, s)
		requests[i] = encode(t, clients[i], "id", makeBatch(1, 3))
		sendTo(h, requests[i])
	}
	before := heapInUse()
	for k := range n {
		i := k % len(subjects)
		broken := requests[i]
		broken.Body = mutate(rng, broken.Body)
		allocated := allocatedSoFar()
		resp := sendTo(h, broken)
		if took := allocatedSoFar() - allocated; took > mostForOne {
			t.Fatalf("%s: %d bytes were allocated for a body of %d: %.300q", subjects[i].Kind.Name, took, len(broken.Body), broken.Body)
		}
		if _, err := decode(clients[i], resp); err != nil && !refused(clients[i], resp) {
			t.Fatalf("%s: %.300q got %d: %.300s, which is %v", subjects[i].Kind.Name, broken.Body, resp.Status, resp.Body, err)
		}
	}
	if grown := int64(heapInUse()) - int64(before); grown > mostGrowth {
		t.Errorf("%d bodies made the server's memory grow by %d bytes", n, grown)
	}
}

// mutate damages a body in one to three places: by random changes, by lengths that lie,
// by numbers that no datatype holds, by values of another type, by nesting, and by length.
func mutate(rng *rand.Rand, body []byte) []byte {
	body = bytes.Clone(body)
	for range 1 + rng.IntN(3) {
		if rng.IntN(2) == 0 || len(body) == 0 {
			change(rng, &body)
			continue
		}
		at := rng.IntN(len(body))
		insert := [][]byte{
			[]byte("99999999999"), []byte("-1"), []byte("1e999"), []byte("NaN"), []byte("null"), []byte(`"1"`), []byte("{}"),
			bytes.Repeat([]byte("["), 5000), []byte(strings.Repeat(`{"a":`, 2000)), bytes.Repeat([]byte("1,"), 20_000),
			{0xff, 0xff, 0xff, 0xff}, {0x00, 0x00, 0x00, 0x80}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
		}[rng.IntN(13)]
		end := at
		if rng.IntN(2) == 0 { // in the place of what is there
			end = min(len(body), at+len(insert))
		}
		body = bytes.Join([][]byte{body[:at], insert, body[end:]}, nil)
	}
	return body
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // what pools held at the first is gone after the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func allocatedSoFar() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
