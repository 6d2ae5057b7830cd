package service

import "time"

// burstWindow is the time in which as many environments may start as the burst
// says: AWS's rate is 1,000 in 10 seconds, refilled continuously.
const burstWindow = 10 * time.Second

// bucket is a token bucket of starts. It is full at first.
type bucket struct {
	size   float64
	tokens float64
	at     time.Time // when tokens was counted; zero: never
}

func newBucket(size int) bucket { return bucket{size: float64(size), tokens: float64(size)} }

// take takes a token, if there is one.
func (b *bucket) take(now time.Time) bool {
	if !b.at.IsZero() && now.After(b.at) {
		refill := b.size * now.Sub(b.at).Seconds() / burstWindow.Seconds()
		b.tokens = min(b.size, b.tokens+refill)
	}
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// giveBack returns a token that was not needed.
func (b *bucket) giveBack() { b.tokens = min(b.size, b.tokens+1) }
