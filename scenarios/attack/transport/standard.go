package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// standard is net/http's transport over connections that were opened ahead.
type standard struct {
	dialer  *dialer
	hosts   *balancer[*host]
	version Version
	twice   bool // as of Options.RetryNonIdempotent
	retries atomic.Int64
}

func newStandard(cfg Config, d *dialer) *standard {
	open := func(address string) *host { return newHost(cfg, d, address) }
	return &standard{
		dialer: d, hosts: newBalancer(cfg.Endpoint.Addresses, d.address, open, (*host).retire),
		version: cfg.Version, twice: cfg.RetryNonIdempotent,
	}
}

// host carries requests to one address. Over HTTP/1.1 each connection has a lifetime of its
// own. Over HTTP/2, where requests share connections, the whole transport has one: another
// takes its place, and it ends with its last request.
type host struct {
	spares *spares
	dialer *dialer
	open   func() *http.Transport
	http2  bool

	mu      sync.Mutex
	current *generation
}

// generation is a transport of net/http with what is on its way by it.
type generation struct {
	*http.Transport
	until    time.Time // when it takes another request last; zero: for ever
	requests int
	over     bool
}

func newHost(cfg Config, d *dialer, address string) *host {
	s := newSpares(d, address, cfg.Connections)
	open := func() *http.Transport {
		return &http.Transport{
			DialContext:           s.dial,
			DialTLSContext:        s.dial,
			MaxIdleConnsPerHost:   cfg.Connections,
			MaxConnsPerHost:       cfg.Connections,
			ResponseHeaderTimeout: cfg.FirstByteTimeout,
			// Without a bound of its own, net/http reads ten times as much.
			MaxResponseHeaderBytes: maxHead,
			// Answers are counted and compared as the server sent them.
			DisableCompression: true,
			Protocols:          cfg.Version.protocols(d.tls != nil),
		}
	}
	return &host{spares: s, dialer: d, open: open, http2: cfg.Version == HTTP2, current: &generation{Transport: open()}}
}

// begin returns the transport for another request, which end has to follow.
func (h *host) begin() *generation {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.current
	switch now := time.Now(); {
	case !h.http2:
	case g.until.IsZero(): // its first request, or it is for ever
		g.until = h.dialer.until(now, h.dialer.count.Load()+1)
	case now.After(g.until):
		g.retire()
		g = &generation{Transport: h.open(), until: h.dialer.until(now, h.dialer.count.Load()+1)}
		h.current = g
	}
	g.requests++
	return g
}

func (h *host) end(g *generation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g.requests--
	if g.over {
		g.retire()
	}
}

// retire ends the connections once nothing is on its way.
func (h *host) retire() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current.retire()
	h.spares.close()
}

func (g *generation) retire() {
	if g.over = true; g.requests == 0 {
		g.CloseIdleConnections()
	}
}

func (v Version) protocols(secure bool) *http.Protocols {
	p := &http.Protocols{}
	p.SetHTTP1(v == HTTP1)
	p.SetHTTP2(v == HTTP2 && secure)
	p.SetUnencryptedHTTP2(v == HTTP2 && !secure)
	return p
}

// maxGoAways is how often a request is sent again that a server did not look at when
// it closed a connection of HTTP/2.
const maxGoAways = 6

// Send implements Sender. It repeats a request as the own client does, and keeps
// net/http from repeating it by a rule of its own, which hides requests that the server
// dropped.
func (t *standard) Send(ctx context.Context, m *Message, o *Outcome) error {
	h, address, err := t.hosts.pick()
	if err != nil {
		return err
	}
	o.Address = address
	g := h.begin()
	defer h.end(g)
	for tries := 0; ; tries++ {
		a := &attempt{http2: t.version == HTTP2, harmless: t.twice || m.Idempotent()}
		err := a.send(ctx, g.Transport, m, o)
		t.retries.Add(a.repeats)
		if err == nil || o.Status != 0 || ctx.Err() != nil || !a.mayRepeat(err) || a.http2 && tries == maxGoAways {
			return err
		}
		t.retries.Add(1)
	}
}

type attempt struct {
	http2    bool
	harmless bool // to send it twice
	end      context.CancelCauseFunc
	conn     net.Conn    // that it was written to last
	sent     atomic.Bool // its head was sent there
	refused  bool        // the server refused it there, over HTTP/2
	repeats  int64       // by net/http

	// Over HTTP/1.1 alone:
	link   *link
	before int64 // bytes that the link had written before it
	idle   bool  // the connection had been idle
	heard  atomic.Bool
}

var errStreamRefused = errors.New("stream error: refused; REFUSED_STREAM or PROTOCOL_ERROR")

// send sends the request. Its context ends with the connection if that ends before
// the answer has begun, and net/http sends nothing again then.
func (a *attempt) send(ctx context.Context, by *http.Transport, m *Message, o *Outcome) error {
	ctx, a.end = context.WithCancelCause(ctx)
	defer a.end(nil)
	r := m.netHTTPRequest(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:              a.noteConnection,
		WroteHeaders:         func() { a.sent.Store(true) },
		GotFirstResponseByte: a.noteAnswer,
	}))
	if a.http2 {
		r.GetBody = nil // with which net/http would repeat it
	}
	err := receiveFrom(by, r, o)
	if err != nil && o.Status == 0 && (a.refused || strings.Contains(err.Error(), "cannot retry err [stream error")) {
		return errStreamRefused
	}
	return err
}

// noteConnection takes note of the connection that net/http is about to send on.
func (a *attempt) noteConnection(info httptrace.GotConnInfo) {
	if !a.http2 && info.Reused && linkOf(info.Conn).isOver(time.Now()) {
		// net/http takes another one where nothing was written to this.
		info.Conn.Close()
		a.conn, a.link = nil, nil
		return
	}
	if a.conn != nil {
		// net/http sends it again: over HTTP/2 what the server refused or called
		// malformed, though it may have worked on it, as well as what it had not looked
		// at when it closed the connection (GOAWAY). The two look the same from here for
		// a request without a body, and what the server may have dropped has failed.
		if a.refused = a.http2 && a.sent.Load(); a.refused {
			a.end(errStreamRefused)
		} else {
			a.repeats++
		}
	}
	a.conn = info.Conn
	a.sent.Store(false)
	if a.http2 {
		return // other requests are on it as well
	}
	a.link = linkOf(info.Conn)
	a.before, a.idle = a.link.written.Load(), info.Reused || a.link.ahead
	a.link.waiting.Store(&a.end)
	a.link.endWaiting()
}

func (a *attempt) noteAnswer() {
	a.heard.Store(true)
	if a.link != nil {
		a.link.waiting.Store(nil)
	}
}

// mayRepeat is as conn.mayRepeat. Over HTTP/2 the server itself says which requests
// it has not looked at.
func (a *attempt) mayRepeat(err error) bool {
	if a.http2 {
		return strings.Contains(err.Error(), "graceful shutdown GOAWAY")
	}
	return a.link != nil && a.idle && !a.heard.Load() && a.link.mayRepeat(a.before, a.harmless)
}

// Warm implements Sender. One connection carries all requests of HTTP/2 to an address.
func (t *standard) Warm(ctx context.Context, n int) {
	hosts := t.hosts.all()
	var wg sync.WaitGroup
	for i, h := range hosts {
		share := (n + i) / len(hosts)
		if t.version == HTTP2 {
			share = min(share, 1)
		}
		wg.Go(func() { h.spares.open(ctx, share) })
	}
	wg.Wait()
}

// Stats implements Sender.
func (t *standard) Stats() Stats {
	return t.dialer.stats(t.retries.Load())
}

// Close implements Sender.
func (t *standard) Close() {
	for _, h := range t.hosts.all() {
		h.retire()
	}
}

// spares are connections that were opened ahead for net/http, which opens its
// own only when a request needs one.
type spares struct {
	dialer  *dialer
	address string
	conns   chan spare
}

type spare struct {
	net.Conn
	opened time.Time
}

func newSpares(d *dialer, address string, capacity int) *spares {
	return &spares{dialer: d, address: address, conns: make(chan spare, capacity)}
}

// open opens n connections for later calls of dial.
func (s *spares) open(ctx context.Context, n int) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { s.openOne(ctx) })
	}
	wg.Wait()
}

func (s *spares) openOne(ctx context.Context) {
	conn, err := s.dialer.dial(ctx, s.address)
	if err != nil {
		return
	}
	linkOf(conn).ahead = true
	select {
	case s.conns <- spare{conn, time.Now()}:
	default:
		conn.Close()
	}
}

// dial returns a connection opened ahead, if one is left that the server has not
// closed meanwhile, and opens one otherwise. It serves net/http, whose network and
// address are passed over: it has its own.
func (s *spares) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	for {
		select {
		case c := <-s.conns:
			if !linkOf(c.Conn).isOver(time.Now()) && alive(c.Conn, c.opened) {
				return c.Conn, nil
			}
			c.Close()
		default:
			return s.dialer.dial(ctx, s.address)
		}
	}
}

func (s *spares) close() {
	for {
		select {
		case c := <-s.conns:
			c.Close()
		default:
			return
		}
	}
}
