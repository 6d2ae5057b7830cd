package service

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestBucketRefills(t *testing.T) {
	b, now := newBucket(1000), time.Unix(0, 0)
	taken := func(now time.Time) int {
		n := 0
		for b.take(now) {
			n++
		}
		return n
	}
	if n := taken(now); n != 1000 {
		t.Errorf("%d at first, want 1000", n)
	}
	if n := taken(now.Add(time.Second)); n != 100 {
		t.Errorf("%d after a second, want a tenth of what ten seconds bring", n)
	}
	if n := taken(now.Add(time.Hour)); n != 1000 {
		t.Errorf("%d after an hour, want no more than at first", n)
	}
}

// However the moments lie, a window of ten seconds never has more starts than
// twice the size: what the bucket held and what was refilled.
func TestBucketBoundsEveryWindow(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		size := 1 + rng.IntN(20)
		b, now := newBucket(size), time.Unix(0, 0)
		var starts []time.Time
		for range 2000 {
			now = now.Add(time.Duration(rng.Int64N(int64(time.Second))))
			if b.take(now) {
				starts = append(starts, now)
			}
		}
		for i := range starts {
			n := 0
			for _, later := range starts[i:] {
				if later.Sub(starts[i]) < burstWindow {
					n++
				}
			}
			if n > 2*size {
				t.Fatalf("%d starts within ten seconds, the size is %d", n, size)
			}
		}
	}
}

// filled is a pool with one environment in flight.
func filled(t *testing.T, limit int) (*pool, *environment) {
	t.Helper()
	p := newPool(limit, 9, newBucket(1000))
	if e, refused := p.take(time.Now()); e != nil || refused != nil {
		t.Fatalf("take = %v, %v of an empty pool", e, refused)
	}
	return p, new(environment)
}

func TestPoolTakesTheOneUsedLast(t *testing.T) {
	p, one := filled(t, 9)
	two := new(environment)
	if _, refused := p.take(time.Now()); refused != nil {
		t.Fatal(refused)
	}
	for _, e := range []*environment{one, two} {
		p.settle()
		p.put(e)
	}
	if e, _ := p.take(time.Now()); e != two {
		t.Error("the environment that was used last is not the next")
	}
	if !p.remove(one) || p.remove(two) {
		t.Error("an idle environment cannot be removed, or one in flight can")
	}
}

// A request that finds an environment about to be free waits for it.
func TestPoolWaitsForWhoSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, one := filled(t, 1)
		p.settle()
		took := make(chan *environment)
		go func() {
			e, refused := p.take(time.Now())
			if refused != nil {
				t.Errorf("refused: %v", refused)
			}
			took <- e
		}()
		time.Sleep(settling / 2)
		// A second request does not wait for the same one.
		if e, refused := p.take(time.Now()); e != nil || refused == nil {
			t.Errorf("take = %v, %v beyond the limit", e, refused)
		}
		p.put(one)
		if e := <-took; e != one {
			t.Errorf("took %v, want the one that settled", e)
		}
		if p.busy != 1 || p.settling != 0 || len(p.idle) != 0 || len(p.waiting) != 0 {
			t.Errorf("afterwards the pool is %+v", p)
		}
	})
}

// It does not wait for long.
func TestPoolStopsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, one := filled(t, 2)
		p.settle()
		began := time.Now()
		if e, refused := p.take(began); e != nil || refused != nil {
			t.Errorf("take = %v, %v, want a place for a new one", e, refused)
		}
		if waited := time.Since(began); waited != settling {
			t.Errorf("waited %s, want %s", waited, settling)
		}
		p.put(one)
		if p.busy != 1 || len(p.idle) != 1 || len(p.waiting) != 0 {
			t.Errorf("afterwards the pool is %+v", p)
		}
	})
}

// One that waits for its turn to start an environment takes one that gets idle.
func TestPoolStartsInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(9, 1, newBucket(3))
		if e, refused := p.take(time.Now()); e != nil || refused != nil {
			t.Fatalf("take = %v, %v of an empty pool", e, refused)
		}
		took := make(chan *environment, 2)
		for range 2 {
			go func() {
				e, refused := p.take(time.Now())
				if refused != nil {
					t.Errorf("refused: %v", refused)
				}
				took <- e
			}()
			synctest.Wait()
		}
		if len(took) != 0 || p.busy != 3 {
			t.Fatalf("%d of two went ahead, %d are in flight", len(took), p.busy)
		}
		one := new(environment)
		p.settle()
		p.put(one)
		if e := <-took; e != one || p.busy != 2 {
			t.Errorf("the first took %v, want the one that got idle; %d in flight", e, p.busy)
		}
		synctest.Wait()
		p.started()
		if e := <-took; e != nil || p.placing != 1 || p.busy != 2 {
			t.Errorf("the second took %v, want its turn; %d in flight", e, p.busy)
		}
		p.started()
		if _, refused := p.take(time.Now()); refused != nil {
			t.Errorf("the token of the first was not given back: %v", refused)
		}
	})
}

// Any order of events leaves as many in flight as there are.
func TestPoolCountsRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 5
		p := newPool(limit, 2, newBucket(1_000_000))
		var working, most atomic.Int64
		for range 200 {
			go func() {
				for range 50 {
					e, refused := p.take(time.Now())
					if refused != nil {
						time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond)
						continue
					}
					if e == nil {
						e = new(environment)
						time.Sleep(time.Duration(rand.IntN(5000)) * time.Microsecond)
						p.started()
					}
					if n := working.Add(1); n > most.Load() {
						most.Store(n)
					}
					time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
					working.Add(-1)
					switch rand.IntN(4) {
					case 0: // it ended
						p.release()
					default:
						p.settle()
						time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
						p.put(e)
					}
				}
			}()
		}
		synctest.Wait()
		time.Sleep(time.Hour)
		synctest.Wait()
		if p.busy != 0 || p.settling != 0 || p.placing != 0 || len(p.waiting) != 0 || most.Load() > limit || most.Load() == 0 || len(p.idle) > limit {
			t.Errorf("%d busy, %d settling, %d waiting, %d idle; at most %d at a time of %d", p.busy, p.settling, len(p.waiting), len(p.idle), most.Load(), limit)
		}
		p.close()
		p.idle = nil
		if _, refused := p.take(time.Now()); refused == nil || refused.Status != 503 {
			t.Errorf("after close: %+v", refused)
		}
	})
}

func TestPriceRoundsUp(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct{ init, duration, billed time.Duration }{
		{0, 0, 0}, {0, 1, ms}, {0, ms, ms}, {0, ms + 1, 2 * ms}, {400 * time.Microsecond, 600 * time.Microsecond, ms}, {49 * ms, 1600 * time.Microsecond, 51 * ms},
	} {
		if got := price(c.init, c.duration).billed; got != c.billed {
			t.Errorf("%s and %s are billed as %s, want %s", c.init, c.duration, got, c.billed)
		}
	}
}

func TestShare(t *testing.T) {
	if one, half := Share(memoryOfCPU), Share(memoryOfCPU/2); one != 1 || half < 0.49 || half > 0.51 {
		t.Errorf("1769 MB are %g CPUs, half of it is %g", one, half)
	}
}

func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := newID()
		if len(id) != 36 || id[14] != '4' || (id[19] != '8' && id[19] != '9' && id[19] != 'a' && id[19] != 'b') || seen[id] {
			t.Fatalf("%s is no UUID of version 4, or not new", id)
		}
		seen[id] = true
	}
}
