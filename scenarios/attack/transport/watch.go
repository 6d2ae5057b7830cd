package transport

import (
	"context"
	"sync"
)

// watches ends connections when the contexts of their requests end. Requests may
// share a context, by the hundred: each context is watched once, by one group.
type watches struct {
	mu      sync.Mutex
	current *group // the group that was asked for last; kept when it is empty
	groups  map[<-chan struct{}]*group
}

// group is the connections whose requests share a context, by its Done channel.
type group struct {
	watches *watches
	done    <-chan struct{}
	stop    func() bool // ends the watching
	ended   bool
	members []*conn
}

// join makes the connection's end follow from the context's. It reports false
// when the context has ended already.
func (ws *watches) join(ctx context.Context, c *conn) bool {
	done := ctx.Done()
	if done == nil {
		return true
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	g := ws.current
	if g == nil || g.done != done {
		g = ws.turn(ctx, done)
	}
	if g.ended {
		return false
	}
	c.group, c.place = g, len(g.members)
	g.members = append(g.members, c)
	return true
}

// turn makes the group of another context the current one.
func (ws *watches) turn(ctx context.Context, done <-chan struct{}) *group {
	if old := ws.current; old != nil && len(old.members) == 0 {
		ws.forget(old)
	}
	g, ok := ws.groups[done]
	if !ok {
		g = &group{watches: ws, done: done}
		if ws.groups == nil {
			ws.groups = make(map[<-chan struct{}]*group)
		}
		ws.groups[done] = g
		g.stop = context.AfterFunc(ctx, g.end)
	}
	ws.current = g
	return g
}

func (ws *watches) forget(g *group) {
	g.stop()
	delete(ws.groups, g.done)
}

// end aborts what is in flight.
func (g *group) end() {
	g.watches.mu.Lock()
	defer g.watches.mu.Unlock()
	g.ended = true
	for _, c := range g.members {
		c.abort()
	}
}

// leave ends what join began. It reports false when the connection was aborted
// meanwhile.
func (ws *watches) leave(c *conn) bool {
	g := c.group
	if g == nil {
		return true
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	last := len(g.members) - 1
	moved := g.members[last]
	g.members[c.place], moved.place = moved, c.place
	g.members[last], c.group = nil, nil
	g.members = g.members[:last]
	if last == 0 && g != ws.current {
		ws.forget(g)
	}
	return !g.ended
}

// close stops watching. No request may be in flight.
func (ws *watches) close() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, g := range ws.groups {
		ws.forget(g)
	}
	ws.current = nil
}
