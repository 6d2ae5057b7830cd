package transport

import (
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"
)

// balancer spreads requests over the addresses of a server's replicas, in turn, as a client
// does that balances its load itself (gRPC's round_robin). T carries requests to one
// address.
type balancer[T any] struct {
	// addresses are those of the moment; nil: there is the only one.
	addresses func() []string
	only      T
	open      func(address string) T
	// retire ends what was opened for an address that is gone, once nothing is on its way
	// there.
	retire func(T)

	mu     sync.Mutex
	routes []route[T]
	next   int
	looked time.Time
}

// route is what was opened for an address.
type route[T any] struct {
	address string
	to      T
}

// newBalancer returns one over the addresses, or with fixed alone where they are nil.
func newBalancer[T any](addresses func() []string, fixed string, open func(address string) T, retire func(T)) *balancer[T] {
	b := &balancer[T]{addresses: addresses, open: open, retire: retire}
	if addresses == nil {
		b.only = open(fixed)
	}
	return b
}

// lookEvery is how old the known addresses may be.
const lookEvery = 20 * time.Millisecond

// errNoReplica is like the refusal of a Kubernetes Service without endpoints.
var errNoReplica = fmt.Errorf("no replica is ready: %w", syscall.ECONNREFUSED)

// pick returns what carries the next request, and its address if there are several.
func (b *balancer[T]) pick() (to T, address string, err error) {
	if b.addresses == nil {
		return b.only, "", nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.look()
	if len(b.routes) == 0 {
		return to, "", errNoReplica
	}
	b.next++
	r := b.routes[b.next%len(b.routes)]
	return r.to, r.address, nil
}

// all returns what carries requests at the moment.
func (b *balancer[T]) all() []T {
	if b.addresses == nil {
		return []T{b.only}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.look()
	var all []T
	for _, r := range b.routes {
		all = append(all, r.to)
	}
	return all
}

func (b *balancer[T]) look() {
	if time.Since(b.looked) < lookEvery {
		return
	}
	b.looked = time.Now()
	addresses := b.addresses()
	b.routes = slices.DeleteFunc(b.routes, func(r route[T]) bool {
		gone := !slices.Contains(addresses, r.address)
		if gone {
			b.retire(r.to)
		}
		return gone
	})
	for _, address := range addresses {
		if !slices.ContainsFunc(b.routes, func(r route[T]) bool { return r.address == address }) {
			b.routes = append(b.routes, route[T]{address, b.open(address)})
		}
	}
}
