package attack

import (
	"cmp"
	"context"
	"errors"
	"sync"
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
	carriage  *carriage
	loops     []*loop
	recorder  *recorder
	log       *sink[*second]
	raw       *sink[*vegeta.Result] // nil without Config.Raw
	rawPut    sync.Mutex
	rawWriter *rawWriter
	exhausted chan struct{} // receives when a loop handed out its last arrival

	ended   int       // loops that handed out every arrival, as far as noticed
	byUser  bool      // Config.Stop or the context ended the sending before the schedule did
	aborted string    // which condition of Config.Abort did
	zero    time.Time // due time's zero
	broken  chan struct{}
	began   moment
	sending usage         // spent from began until the last request was sent
	sendFor time.Duration // how long that was; 0 while it goes on
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
	base, giveUp := context.WithCancelCause(context.Background())
	e := &engine{
		cfg:       cfg,
		watch:     newWatch(cfg, loops),
		exhausted: make(chan struct{}, loops),
		broken:    make(chan struct{}, 2),
		giveUp:    giveUp,
	}
	messages, err := newMessages(cfg.Corpus, cfg.Endpoint.URL, cfg.HTTP.NoKeepAlive)
	if err != nil {
		return nil, err
	}
	if e.sender, err = newSender(cfg); err != nil {
		return nil, err
	}
	sequence := newOrder(cfg.Corpus, cfg.OrderSeed)
	e.carriage = &carriage{
		sender:    e.sender,
		messages:  messages,
		limit:     cfg.Corpus.Limit,
		order:     sequence,
		deadlines: newDeadlines(base, cfg.Timeout),
		carried:   newCarried(),
		stamped:   cfg.FirstByte,
	}
	if cfg.Concurrency > 0 {
		e.carriage.end = cfg.Span
	}
	for i := range loops {
		l, err := e.newLoop(part{i, loops})
		if err != nil {
			return nil, errors.Join(err, e.close())
		}
		e.loops = append(e.loops, l)
	}
	e.recorder = newRecorder(cfg, sequence, e.watch, loops)
	e.openSinks(messages, sequence)
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

func (e *engine) openSinks(messages []*transport.Message, sequence order) {
	onError := func() { e.broken <- struct{}{} }
	seconds := e.recorder.seconds
	e.log = newSink(logQueue, func(s *second) error {
		err := s.writeTo(e.cfg.Log)
		seconds.reuse(s)
		return err
	}, onError)
	seconds.out = e.log
	if e.cfg.Raw != nil {
		e.rawWriter = newRawWriter(e.cfg.Raw, messages, sequence, e.cfg.Redact)
		e.raw = newSink(rawQueue, e.rawWriter.write, onError)
	}
}

// cutShort ends the sending, and with it the time that answers are counted
// over, and reports whether it did so before the schedule ended.
func (e *engine) cutShort() bool {
	at := time.Since(e.zero)
	early := !e.carriage.stopped.Load() && !e.allSent() && at < e.cfg.Span
	if early {
		e.recorder.cutAt.Store(int64(max(at, 1)))
	}
	e.stopSending()
	return early
}

// allSent reports whether every arrival was handed out.
func (e *engine) allSent() bool {
	return e.sendFor > 0 || e.ended+len(e.exhausted) == len(e.loops)
}

// stopSending ends the sending. Requests in flight go on.
func (e *engine) stopSending() {
	if e.carriage.stopped.Swap(true) {
		return
	}
	e.sendingEnded()
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

// warm opens connections ahead of the load, unless each request is to open its own.
func (e *engine) warm(ctx context.Context) {
	if e.cfg.HTTP.NoKeepAlive {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, warmTimeout)
	defer cancel()
	e.sender.Warm(ctx, min(warmConnections, e.cfg.MaxInFlight))
}

// sendingEnded takes stock of what the sending took; the first call counts.
func (e *engine) sendingEnded() {
	if e.sendFor == 0 {
		e.sending, e.sendFor = e.began.until(now())
		for _, l := range e.loops {
			e.polled += l.timer.Polled()
		}
	}
}

// close releases what the load used.
func (e *engine) close() error {
	e.giveUp(errGivenUp)
	var failed error
	for _, l := range e.loops {
		failed = errors.Join(failed, l.close())
	}
	e.sender.Close()
	return failed
}
