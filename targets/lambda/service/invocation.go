package service

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"servebench/targets"
)

// invocation is one request on its way through the function.
type invocation struct {
	id      string
	payload []byte
	trace   string // X-Ray's header
	client  string // the caller's context, JSON; "" for none
	tail    bool   // the caller wants the log's end
	streams bool   // the caller wants the answer as the function writes it

	took     startup   // of the environment that was started for it; zero: none was
	began    time.Time // when its billed time began; zero before
	deadline time.Time

	answers  chan answer   // gets one
	finished chan struct{} // closed when the function is done with it
	log      tail          // what the function wrote meanwhile
	opened   bool          // it was delivered, and the line that begins its log written
	report   string        // the lines that end its log, once finished
	peak     targets.Bytes // the most memory that its environment held so far; 0: not known
	ended    *failure      // why the service ended it; nil: it did not

	once   sync.Once // for answers
	failed bool      // its answer is an error; the environment's
}

func newInvocation(payload []byte) *invocation {
	return &invocation{id: newID(), payload: payload, trace: newTrace(), answers: make(chan answer, 1), finished: make(chan struct{})}
}

// begin starts the billed time, unless an initialisation within it did.
func (i *invocation) begin(now time.Time, timeout time.Duration) {
	if i.began.IsZero() {
		i.began, i.deadline = now, now.Add(timeout)
	}
}

// spent is the billed time until now.
func (i *invocation) spent(now time.Time) time.Duration {
	if i.began.IsZero() {
		return 0
	}
	return now.Sub(i.began)
}

// start begins the invocation's log.
func (i *invocation) start() string {
	return fmt.Sprintf("START RequestId: %s Version: %s\n", i.id, version)
}

// answer gives the caller its answer and reports whether it was the first one.
func (i *invocation) answer(a answer) (first bool) {
	i.once.Do(func() {
		first = true
		i.answers <- a
	})
	return first
}

// newID is a random UUID of version 4, as AWS's request ids are.
func newID() string {
	hi, lo := rand.Uint64()&^0xf000|0x4000, rand.Uint64()&^(3<<62)|1<<63
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&0xffffffffffff)
}

// newTrace is a tracing header of X-Ray that says not to trace.
func newTrace() string {
	var id [20]byte
	for i := range id {
		id[i] = byte(rand.Uint32())
	}
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", uint32(time.Now().Unix()), hex.EncodeToString(id[:12]), hex.EncodeToString(id[12:]))
}
