package attack

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack/transport"
	"servebench/scenarios/corpus"
)

// prepared is a request as it is sent, with what its answer is judged by.
type prepared struct {
	message *transport.Message
	request *corpus.Request
	at      time.Time // when it was, where its credentials are good for a while only
}

// draw returns the request of a sequence number, which is due then. One without a message
// says that there are no more. A loop draws its numbers ascending, one at a time.
type draw func(seq uint64, due time.Duration) prepared

// supply is where the loops take their requests from: all of them were laid out before the
// load, or a goroutine of each loop does so ahead of it.
type supply struct {
	held  *held // nil: they are looked ahead for
	order order
	ahead []*lookAhead // by loop

	renewals *renewals
}

func newSupply(cfg Config, loops int) (supply, error) {
	if cfg.Corpus.Streamed() {
		s := supply{renewals: &renewals{}}
		for i := range loops {
			s.ahead = append(s.ahead, newLookAhead(cfg, share{i, loops}, s.renewals))
		}
		return s, nil
	}
	h, err := layOut(cfg)
	if err != nil {
		return supply{}, err
	}
	return supply{held: h, order: cfg.Corpus.Order(cfg.OrderSeed), renewals: &h.renewals}, nil
}

func prepare(cfg Config, r *corpus.Request) (prepared, error) {
	wire := r.Wire()
	if cfg.Header != nil {
		header := maps.Clone(cfg.Header)
		maps.Copy(header, wire.Header)
		wire.Header = header
	}
	m, err := transport.NewMessage(cfg.Endpoint.URL, wire, cfg.HTTP.NoKeepAlive, cfg.Credentials)
	p := prepared{message: m, request: r}
	if cfg.Credentials.Lifetime > 0 {
		p.at = time.Now()
	}
	return p, err
}

func (s supply) draw(loop share) draw {
	if s.ahead != nil {
		l := s.ahead[loop.index]
		return func(_ uint64, due time.Duration) prepared { return l.renew(l.draw(due), false) }
	}
	return func(seq uint64, due time.Duration) prepared { return s.held.at(s.number(seq, due)) }
}

// number is which request of the corpus is sent with a sequence number that is due then.
func (s supply) number(seq uint64, due time.Duration) int {
	i, cfg := s.order.at(seq), s.held.cfg
	if cfg.Drifted == nil {
		return i
	}
	if share := cfg.Drifted(due); share == 1 || share > 0 && drawn(cfg.OrderSeed, seq) < share {
		return cfg.Corpus.Drifted(i)
	}
	return i
}

// drawn is a random number from 0 to 1, the same for the same request whoever asks.
func drawn(seed, seq uint64) float64 {
	var source rand.PCG
	source.Seed(seed, seq)
	return rand.New(&source).Float64()
}

// longestHeadStart bounds how long the load waits for the first requests.
const longestHeadStart = time.Second

// start begins to look ahead, and gives it a head start. failed is called, once by each
// loop's, when there is nothing more to send.
func (s supply) start(failed func()) {
	for _, l := range s.ahead {
		l.running = true
		go l.run(failed)
	}
	until := time.Now().Add(longestHeadStart)
	for _, l := range s.ahead {
		for !l.isFull() && time.Now().Before(until) {
			time.Sleep(time.Millisecond)
		}
	}
}

// begin says when due time's zero is.
func (s supply) begin(zero time.Time) {
	for _, l := range s.ahead {
		l.zero = zero
	}
}

// stop ends the supply. What was prepared is still there to be drawn.
func (s supply) stop() {
	for _, l := range s.ahead {
		l.stopOnce.Do(func() { close(l.stopped) })
	}
}

// close ends the supply, and returns what went wrong with it.
func (s supply) close() error {
	s.stop()
	for _, l := range s.ahead {
		if !l.running {
			continue
		}
		<-l.ended
		if l.err != nil {
			return l.err
		}
	}
	return nil
}

// late counts the requests that were due before they were prepared.
func (s supply) late() (n int64) {
	for _, l := range s.ahead {
		n += l.late
	}
	return n
}

// fresh returns a request as it is to be sent now, where its credentials are good for a
// while only: since it was drawn, its loop may have waited for long.
func (s supply) fresh(seq uint64, due time.Duration, p prepared) prepared {
	if s.held != nil {
		return s.held.at(s.number(seq, due))
	}
	return s.ahead[0].renew(p, true)
}

// How far is looked ahead, at most: so many requests, and so much memory for their bodies.
const (
	aheadRequests = 2048
	aheadBytes    = 8 << 20
)

// lookAhead reads and encodes the requests of a loop before they are due, so that the
// sending waits for neither.
type lookAhead struct {
	cfg     Config
	share   share
	running bool
	zero    time.Time

	ready    chan prepared
	held     atomic.Int64  // bytes in ready
	drawn    chan struct{} // receives when held became less
	stopped  chan struct{}
	stopOnce sync.Once
	ended    chan struct{}
	err      error // of the goroutine that looks ahead, until it has ended

	late     int64 // of the goroutine that draws
	renewals *renewals
}

func newLookAhead(cfg Config, s share, r *renewals) *lookAhead {
	return &lookAhead{
		cfg: cfg, share: s, renewals: r,
		ready: make(chan prepared, aheadRequests/s.of), drawn: make(chan struct{}, 1), stopped: make(chan struct{}), ended: make(chan struct{}),
	}
}

func (l *lookAhead) run(failed func()) {
	defer close(l.ended)
	defer close(l.ready)
	reader := l.cfg.Corpus.NewReader(l.cfg.OrderSeed)
	for k := uint64(0); l.hasRoom(); k++ {
		p, err := l.prepareNext(reader, l.share.overallNumber(k))
		if err != nil {
			l.err = err
			failed()
			return
		}
		l.held.Add(p.size())
		select {
		case l.ready <- p:
		case <-l.stopped:
		}
		runtime.Gosched() // to what is due, should this be the only processor
	}
	l.err = reader.CheckUnchanged()
}

func (l *lookAhead) isFull() bool {
	select {
	case <-l.ended:
		return true
	default:
		return !l.isBelow(1)
	}
}

func (l *lookAhead) prepareNext(reader *corpus.Reader, seq uint64) (prepared, error) {
	r, err := reader.Read(seq)
	if err != nil {
		return prepared{}, err
	}
	return prepare(l.cfg, r)
}

// room is how much memory the loop's part of what is looked ahead for may take.
func (l *lookAhead) room() int64 { return aheadBytes / int64(l.share.of) }

// hasRoom reports whether to go on, once there is room. What is full is let run down by a
// little before it is filled again: a goroutine that woke for each request would get in
// the way of the one that sends them. false: the supply has ended.
func (l *lookAhead) hasRoom() bool {
	for low := 1.0; !l.isBelow(low); low = refill {
		select {
		case <-l.drawn:
		case <-l.stopped:
			return false
		}
	}
	select {
	case <-l.stopped:
		return false
	default:
		return true
	}
}

// refill is the part of what fits below which what is full is filled again.
const refill = 0.995

// isBelow reports whether less than a part of what fits is looked ahead for.
func (l *lookAhead) isBelow(part float64) bool {
	return float64(len(l.ready)) < part*float64(cap(l.ready)) && float64(l.held.Load()) < part*float64(l.room())
}

func (l *lookAhead) draw(due time.Duration) prepared {
	var p prepared
	select {
	case p = <-l.ready:
	default:
		p = <-l.ready
		if p.message != nil && time.Since(l.zero) > due {
			l.late++
		}
	}
	if p.message != nil {
		l.held.Add(-p.size())
		if l.isBelow(refill) {
			select {
			case l.drawn <- struct{}{}:
			default:
			}
		}
	}
	return p
}

// renew gives a request new credentials that has waited for longer than they are good for,
// as happens at a few requests per second. due says that it is to be sent now.
func (l *lookAhead) renew(p prepared, due bool) prepared {
	lifetime := l.cfg.Credentials.Lifetime
	if lifetime == 0 || p.message == nil || time.Since(p.at) < lifetime {
		return p
	}
	now := time.Now()
	again, err := prepare(l.cfg, p.request)
	if err != nil {
		l.renewals.add(record.Renewals{Took: time.Since(now), Failed: err.Error()})
		return p
	}
	made := record.Renewals{N: 1, Took: time.Since(now)}
	if due {
		made.Due = 1
	}
	l.renewals.add(made)
	return again
}

// size is about how much memory the request takes.
func (p prepared) size() int64 {
	const besides = 2 << 10 // its head and what is expected of the answer
	return int64(2*len(p.message.Body)) + besides
}
