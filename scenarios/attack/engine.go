package attack

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"servebench/scenarios/attack/transport"
	"servebench/targets/timer"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// logQueue is how many finished seconds may wait to be written.
const logQueue = 16

// engine holds the parts of one cell's load. All of them are made before the
// load starts, so that what can fail fails early.
type engine struct {
	cfg       Config
	arrivals  *arrivals // nil in a closed loop
	callers   *callers  // nil in an open one
	flights   *flights
	watch     *watch // nil without conditions to abort on
	timer     *timer.Timer
	transport transport.Transport
	trips     *roundTripper
	recorder  *recorder
	log       *sink[*second]
	raw       *sink[*vegeta.Result] // nil without Config.Raw
	rawWriter *rawWriter
	attacker  *vegeta.Attacker
	exhausted chan time.Duration

	stopped atomic.Bool
	byUser  bool      // Config.Stop or the context ended the sending before the schedule did
	aborted string    // which condition of Config.Abort did
	zero    time.Time // due time's zero
	broken  chan struct{}
	began   moment
	sending usage         // spent from began until the last request was sent
	sendFor time.Duration // how long that was; 0 while it goes on
	// giveUp ends the contexts of all requests.
	giveUp context.CancelCauseFunc
}

func newEngine(cfg Config) (*engine, error) {
	watch := newWatch(cfg)
	base, giveUp := context.WithCancelCause(context.Background())
	e := &engine{
		cfg:       cfg,
		flights:   newFlights(cfg.MaxInFlight, watch),
		watch:     watch,
		exhausted: make(chan time.Duration, 1),
		broken:    make(chan struct{}, 2),
		giveUp:    giveUp,
	}
	requests, err := newRequests(cfg.Corpus, cfg.Endpoint.URL)
	if err != nil {
		return nil, err
	}
	options := cfg.HTTP
	options.ConnectTimeout = cmp.Or(options.ConnectTimeout, cfg.Timeout)
	e.transport, err = transport.New(transport.Config{
		Endpoint:    cfg.Endpoint,
		Connections: cfg.MaxInFlight,
		Options:     options,
	})
	if err != nil {
		return nil, err
	}
	if e.timer, err = timer.New(); err != nil {
		return nil, err
	}
	sequence := newOrder(cfg.Corpus.Len(), cfg.OrderSeed)
	e.trips = &roundTripper{
		next:      e.transport,
		requests:  requests,
		carried:   newCarried(),
		order:     sequence,
		flights:   e.flights,
		deadlines: newDeadlines(base, cfg.Timeout),
		stopped:   &e.stopped,
	}
	e.recorder = newRecorder(cfg, sequence, e.flights)
	e.openSinks(requests, sequence)
	if cfg.Callers > 0 {
		e.callers = &callers{flights: e.flights, think: cfg.Think, timer: e.timer, stopped: &e.stopped}
		e.trips.callers, e.trips.end = e.callers, cfg.Span
	} else {
		e.arrivals = newArrivals(cfg.Arrivals)
	}
	e.attacker = newAttacker(e.trips, min(workersAhead, cfg.MaxInFlight), cfg.MaxInFlight)
	return e, nil
}

func (e *engine) openSinks(requests []request, sequence order) {
	onError := func() { e.broken <- struct{}{} }
	seconds := e.recorder.seconds
	e.log = newSink(logQueue, func(s *second) error {
		err := s.writeTo(e.cfg.Log, e.cfg.Span)
		seconds.reuse(s)
		return err
	}, onError)
	seconds.out = e.log
	if e.cfg.Raw != nil {
		e.rawWriter = newRawWriter(e.cfg.Raw, requests, sequence)
		e.raw = newSink(rawQueue, e.rawWriter.write, onError)
	}
}

// workersAhead is how many of vegeta's workers are started before the load, so
// that it need not add them under load because the few it has look busy for a
// moment. More are added when the server falls behind by as many requests. All
// of the cap would be too many: vegeta hands requests to its workers in turn, so
// each of them would be run cold, on a stack that has yet to grow.
const workersAhead = 64

// newAttacker returns vegeta's attacker, with so many workers from the start and
// so many at most.
func newAttacker(trips http.RoundTripper, ahead, most int) *vegeta.Attacker {
	return vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: trips}),
		vegeta.MaxBody(0),
		vegeta.Workers(uint64(ahead)),
		vegeta.MaxWorkers(uint64(most)),
	)
}

// cutShort ends the sending, and with it the time that answers are counted
// over, and reports whether it did so before the schedule ended.
func (e *engine) cutShort() bool {
	at := time.Since(e.zero)
	early := !e.stopped.Load() && !e.allSent() && at < e.cfg.Span
	if early {
		e.recorder.cutAt.Store(int64(max(at, 1)))
	}
	e.stopSending()
	return early
}

// allSent reports whether every arrival was handed out.
func (e *engine) allSent() bool { return e.sendFor > 0 || len(e.exhausted) > 0 }

// stopSending ends the sending. Requests in flight go on.
func (e *engine) stopSending() {
	if e.stopped.Swap(true) {
		return
	}
	e.sendingEnded()
	e.timer.Interrupt()
	e.attacker.Stop()
}

// warmConnections is how many connections are opened before the load. More than
// these are dialled as the load needs them; a server that keeps a thread for
// each connection should not be made to keep hundreds for nothing.
const warmConnections = 16

// warmTimeout bounds the opening of connections before the load.
const warmTimeout = time.Second

// warm opens connections ahead of the load.
func (e *engine) warm(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, warmTimeout)
	defer cancel()
	e.transport.Warm(ctx, min(warmConnections, e.cfg.MaxInFlight))
}

// sendingEnded takes stock of what the sending took; the first call counts.
func (e *engine) sendingEnded() {
	if e.sendFor == 0 {
		e.sending, e.sendFor = e.began.until(now())
	}
}

// close releases what the load used.
func (e *engine) close() error {
	e.giveUp(errGivenUp)
	if e.arrivals != nil {
		e.arrivals.stop()
	}
	e.transport.Close()
	if err := e.timer.Close(); err != nil {
		return fmt.Errorf("close timer: %w", err)
	}
	return nil
}
