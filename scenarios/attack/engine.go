package attack

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"servebench/scenarios/attack/transport"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// logQueue is how many finished seconds may wait to be written.
const logQueue = 16

// engine holds the parts of one cell's load. All of them are made before the
// load starts, so that what can fail fails early.
type engine struct {
	cfg       Config
	watch     *watch // nil without conditions to abort on
	sender    transport.Sender
	supply    supply
	limit     func(status int) (int, error) // see transport.Outcome
	deadlines *deadlines
	carried   *http.Response // the answer that vegeta gets, which nobody changes
	loops     []*loop
	recorder  *recorder
	log       *sink[*second]
	raw       *sink[*vegeta.Result] // nil without Config.Raw
	rawPut    sync.Mutex
	rawWriter *rawWriter

	// What the loops tell.
	stopped   atomic.Bool
	inFlight  atomic.Int64
	sent      atomic.Int64
	exhausted chan struct{} // receives when a loop handed out its last arrival
	broken    chan struct{} // receives when the record cannot be written, or no request be made

	ended   int       // loops that handed out every arrival, as far as noticed
	byUser  bool      // Config.Stop or the context ended the sending before the schedule did
	aborted string    // which condition of Config.Abort did
	zero    time.Time // due time's zero
	began   usage
	sending usage         // from began until the last request was sent; zero while that goes on
	polled  time.Duration // of sending's CPU, spent on waiting
	// giveUp ends the contexts of all requests.
	giveUp context.CancelCauseFunc
}

func newEngine(cfg Config) (*engine, error) {
	loops := max(1, min(cfg.Attackers, cfg.MaxInFlight))
	if think := cfg.Think; think != nil && loops > 1 {
		var mu sync.Mutex
		cfg.Think = func() time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return think()
		}
	}
	supply, err := newSupply(cfg, loops)
	if err != nil {
		return nil, err
	}
	sender, err := newSender(cfg)
	if err != nil {
		return nil, err
	}
	base, giveUp := context.WithCancelCause(context.Background())
	e := &engine{
		cfg:       cfg,
		watch:     newWatch(cfg, loops),
		sender:    sender,
		supply:    supply,
		limit:     cfg.Corpus.Limit,
		deadlines: newDeadlines(base, cfg.Timeout),
		carried:   &http.Response{StatusCode: http.StatusOK, Body: http.NoBody},
		exhausted: make(chan struct{}, loops),
		broken:    make(chan struct{}, 2+loops),
		giveUp:    giveUp,
	}
	for i := range loops {
		l, err := e.newLoop(share{i, loops})
		if err != nil {
			return nil, errors.Join(err, e.close())
		}
		e.loops = append(e.loops, l)
	}
	e.recorder = newRecorder(cfg, e.supply.order, e.watch, loops)
	e.openSinks()
	return e, nil
}

func newSender(cfg Config) (transport.Sender, error) {
	options := cfg.HTTP
	options.ConnectTimeout = cmp.Or(options.ConnectTimeout, cfg.Timeout)
	return transport.New(transport.Config{
		Endpoint:    cfg.Endpoint,
		Connections: cfg.MaxInFlight,
		Options:     options,
	})
}

func (e *engine) openSinks() {
	onError := func() { e.broken <- struct{}{} }
	seconds := e.recorder.seconds
	e.log = newSink(logQueue, func(s *second) error {
		err := s.writeTo(e.cfg.Log)
		seconds.reuse(s)
		return err
	}, onError)
	seconds.out = e.log
	if e.cfg.Raw != nil {
		e.rawWriter = newRawWriter(e.cfg.Raw, e.cfg.Redact)
		e.raw = newSink(rawQueue, e.rawWriter.write, onError)
	}
}

// cutShort ends the sending, and with it the time that answers are counted
// over, and reports whether it did so before the schedule ended.
func (e *engine) cutShort() bool {
	at := time.Since(e.zero)
	allHandedOut := e.sending.took > 0 || e.ended+len(e.exhausted) == len(e.loops)
	early := !e.stopped.Load() && !allHandedOut && at < e.cfg.Span
	if early {
		e.recorder.cutAt.Store(int64(max(at, 1)))
	}
	e.stopSending()
	return early
}

// stopSending ends the sending. Requests in flight go on.
func (e *engine) stopSending() {
	if e.stopped.Swap(true) {
		return
	}
	e.noteSendingEnd()
	e.supply.stop()
	for _, l := range e.loops {
		l.stop()
	}
}

// warmConnections is how many connections are opened before the load. More than
// these are dialled as the load needs them; a server that keeps a thread for
// each connection should not be made to keep hundreds for nothing.
const warmConnections = 16

// warmTimeout bounds the opening of connections before the load.
const warmTimeout = time.Second

// openAhead opens connections ahead of the load, unless each request is to open its own.
func (e *engine) openAhead(ctx context.Context) {
	if e.cfg.HTTP.NoKeepAlive {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, warmTimeout)
	defer cancel()
	e.sender.Warm(ctx, min(warmConnections, e.cfg.MaxInFlight))
}

// noteSendingEnd takes stock of what the sending took; the first call counts.
func (e *engine) noteSendingEnd() {
	if e.sending.took == 0 {
		e.sending = usageNow().spentSince(e.began)
		for _, l := range e.loops {
			e.polled += l.timer.Polled()
		}
	}
}

func (e *engine) close() error {
	e.giveUp(errGivenUp)
	failed := e.supply.close()
	for _, l := range e.loops {
		failed = errors.Join(failed, l.close())
	}
	e.sender.Close()
	return failed
}
