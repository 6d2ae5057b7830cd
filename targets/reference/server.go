// Package reference is the HTTP side of the reference inference server: a
// complete, small server to benchmark deployment targets with. It mounts the
// server side of the protocols (targets/protocol/…) over a list of models and
// adds what every server needs: limits, timeouts, request and instance ids,
// metrics, recovery from panics, and a graceful end. cmd/refserver is its
// program; the models are in targets/reference/models.
package reference

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/lambda"
	"servebench/targets/protocol/mlflow"
	"servebench/targets/protocol/sagemaker"
	"servebench/targets/protocol/tfserving"
	"servebench/targets/protocol/v2"
	"servebench/targets/protocol/v2grpc"
	"servebench/targets/reference/batcher"
	"servebench/targets/reference/fault"
	"servebench/targets/reference/monitor"
	"servebench/targets/reference/repository"
)

// ServerName is how the server names itself in protocol metadata.
const ServerName = "servebench-reference"

// Server is one instance of the reference server.
type Server struct {
	config   Config
	instance string
	models   *protocol.Registry
	metrics  *metrics
	draining atomic.Bool
	handler  http.Handler
}

// New makes a server. It fails when two models share a name or one cannot
// predict.
func New(config Config) (*Server, error) {
	config = config.withDefaults()
	served := append(append([]protocol.Model{}, config.Models...), Noop())
	if err := checkModels(served); err != nil {
		return nil, fmt.Errorf("make server: %w", err)
	}
	s := &Server{config: config, instance: cmp.Or(config.Instance, newID()), models: protocol.NewRegistry()}
	s.metrics = newMetrics(config.Version)
	if config.Monitor != nil {
		s.metrics.registry.MustRegister(config.Monitor)
	}
	service := protocol.Service{
		Name:    ServerName,
		Version: config.Version,
		Models:  s.models,
		MaxBody: config.MaxBody,
		Ready:   func() bool { return !s.draining.Load() },
	}
	set := func(m protocol.Model) {
		s.models.Set(m.Name, []protocol.Traffic{{Served: s.serve([]protocol.Model{m}, repository.Settings{})[0], Weight: 1}})
	}
	for _, m := range config.Models { // the first is that of requests which name none
		set(m)
	}
	if config.Repository != nil {
		from, err := s.openRepository()
		if err != nil {
			return nil, err
		}
		if config.AllowLoading {
			service.Repository = from
		}
	}
	set(Noop())
	s.handler = s.mountRoutes(service)
	if config.Faults != nil {
		config.Log.Warn("faults are injected on purpose", "faults", config.Faults)
		s.metrics.registry.MustRegister(config.Faults.Metric())
		s.handler = config.Faults.Before(s.handler)
	}
	return s, nil
}

// openRepository loads the models of the repository.
func (s *Server) openRepository() (*repository.Repository, error) {
	config := *s.config.Repository
	config.Registry, config.Serve, config.Changed = s.models, s.serve, s.changed
	config.Reserved = append(config.Reserved, NoopName)
	for _, m := range s.config.Models {
		config.Reserved = append(config.Reserved, m.Name)
	}
	return repository.Open(config)
}

// serve makes of versions of a model what requests are answered with.
func (s *Server) serve(models []protocol.Model, settings repository.Settings) []*protocol.Served {
	var shadowed protocol.Observer
	for _, m := range models {
		if h := settings.Shadow; h != nil && h.Version == m.Version {
			shadowed = newShadow(m, h.Share, s.metrics.shadow(m))
		}
	}
	served := make([]*protocol.Served, len(models))
	for i, m := range models {
		totals := s.metrics.models.add(m.Name, m.Version)
		all := observers{s.metrics.observer(m)}
		if s.config.Observer != nil {
			all = append(all, s.config.Observer(m))
		}
		var names func() string
		if s.config.Monitor != nil && monitor.Watches(m) {
			all, names = append(all, s.config.Monitor.Observer(m)), newID
		}
		if shadowed != nil && settings.Shadow.Version != m.Version {
			all = append(all, shadowed)
		}
		queue := batcher.New(m, settings.Queue(s.config.Queue), &totals.Counters)
		served[i] = &protocol.Served{Model: m, MaxBatch: s.config.MaxBatch, Observer: all, NewID: names, Queue: queue.Predict}
	}
	return served
}

// observers are told one after the other.
type observers []protocol.Observer

func (all observers) Observe(i protocol.Inference) {
	for _, o := range all {
		o.Observe(i)
	}
}

// changed logs what a model is served as from now on.
func (s *Server) changed(name string, served []protocol.Traffic) {
	var versions []string
	for _, v := range served {
		versions = append(versions, fmt.Sprintf("%s:%g", v.Version, v.Weight))
	}
	s.metrics.changes.Inc()
	dropped := s.metrics.retire(name, served)
	if s.config.Monitor != nil {
		s.config.Monitor.Forget(name, dropped)
	}
	s.config.Log.Info("model changed", "model", name, "versions", strings.Join(versions, ","))
}

func checkModels(models []protocol.Model) error {
	seen := map[string]bool{}
	for i, m := range models {
		switch {
		case m.Name == "":
			return fmt.Errorf("models[%d] has no name", i)
		case seen[m.Name]:
			return fmt.Errorf("two models are named %q", m.Name)
		case m.Predict == nil:
			return fmt.Errorf("model %q cannot predict", m.Name)
		}
		seen[m.Name] = true
	}
	return nil
}

func newID() string {
	var id [8]byte
	// crypto/rand.Read never fails; it ends the program when the system has
	// no randomness.
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

func (s *Server) mountRoutes(service protocol.Service) http.Handler {
	mux := http.NewServeMux()
	var paths []string
	for _, side := range sides() {
		handler := inflate(side.handler(service), s.config.MaxBody)
		for _, pattern := range side.patterns {
			mux.Handle(pattern, handler)
		}
		paths = append(paths, side.patterns[0])
	}
	for _, pattern := range lambda.Patterns() {
		mux.Handle(pattern, inflate(lambda.Handler(mux), s.config.MaxBody))
	}
	mux.Handle("/metrics", s.metrics.handler(s.config.Log))
	if m := s.config.Monitor; m != nil {
		mux.Handle("/feedback", inflate(protocol.AllowOnly(m.ServeFeedback, refuse, http.MethodPost), s.config.MaxBody))
		mux.Handle("/v2/models/{model}/monitor", protocol.AllowOnly(m.ServeState, refuse, http.MethodGet, http.MethodHead))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, fmt.Sprintf("no such path %q; inference is at %s, metrics are at /metrics", r.URL.Path, strings.Join(paths, ", ")))
	})
	return &frontDoor{server: s, next: mux}
}

// side is the server side of a protocol, and where it is mounted.
type side struct {
	// patterns are those of http.ServeMux; the first is shown to whoever asks for another
	// path. A pattern "/package.Service/" is that of a gRPC service.
	patterns []string
	handler  func(protocol.Service) http.Handler
}

// sides are the protocols that a Server speaks, all on one port. They answer requests of
// HTTP/1.1 and of HTTP/2, which the Server speaks without TLS (h2c).
func sides() []side {
	return []side{
		{[]string{"/v2", "/v2/"}, v2.Handler},
		{v2grpc.Patterns(), v2grpc.Handler},
		{tfserving.Patterns(), tfserving.Handler},
		{mlflow.Patterns(), mlflow.Handler},
		{sagemaker.Patterns(), sagemaker.Handler},
	}
}

// Handler is the whole server without its listening side.
func (s *Server) Handler() http.Handler { return s.handler }

// Models are the names of the models that are served now.
func (s *Server) Models() []string {
	var names []string
	for _, m := range s.models.List() {
		names = append(names, m.Name)
	}
	return names
}

// Instance is the id that every answer carries as X-Instance-Id.
func (s *Server) Instance() string { return s.instance }

// Serve answers on the listener until ctx is cancelled, then drains: readiness
// turns 503, the requests in flight are answered, and connections are closed.
// It returns nil after a clean end, and an error when listening failed or
// requests were cut off. It closes the listener. Call it once.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: s.config.HeaderTimeout,
		ReadTimeout:       s.config.ReadTimeout,
		WriteTimeout:      s.config.WriteTimeout,
		IdleTimeout:       s.config.IdleTimeout,
		MaxHeaderBytes:    maxHeader,
		Protocols:         new(http.Protocols),
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelWarn),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
		return s.drain(server)
	}
}

func (s *Server) drain(server *http.Server) error {
	s.draining.Store(true)
	s.config.Log.Info("draining", "in_flight", s.metrics.inFlight.Load())
	server.SetKeepAlivesEnabled(false)
	time.Sleep(s.config.DrainDelay)
	// The context that ended Serve is over already: the drain has its own time.
	ctx, cancel := context.WithTimeout(context.Background(), s.config.DrainTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		cut := s.metrics.inFlight.Load()
		err = errors.Join(fmt.Errorf("%d requests were still in flight after %v", cut, s.config.DrainTimeout), server.Close())
	}
	if err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	return nil
}

// Config configures a Server. A zero field takes the default that its comment
// names.
type Config struct {
	// Models are served beside Noop, in this order, after those of the Repository. Their names
	// must differ.
	Models []protocol.Model
	// Repository has models that can be changed. Its fields Registry, Serve and Changed are
	// filled in. nil: there are none.
	Repository *repository.Config
	// AllowLoading lets requests load and unload the models of the Repository. Whoever
	// reaches the server can then do so: it asks for no credentials.
	AllowLoading bool
	// Instance is what answers call the server (protocol.InstanceIDHeader); "": a random id.
	Instance string
	// Version of the program, for metadata and metrics; "" becomes "devel".
	Version string

	// Queue is how requests to a model wait, where the settings of the model say nothing else;
	// zero: they are executed when they come.
	Queue batcher.Config
	// Timeout is how long after its header a request is answered with 504 at the latest, where
	// it asks for no shorter time itself; 0: never.
	Timeout time.Duration
	// Observer, when not nil, returns who is told of the inferences of a version of a model,
	// beside the server's own metrics. It is called each time that one is loaded.
	Observer func(protocol.Model) protocol.Observer

	// Monitor, when not nil, watches the models and takes outcomes at /feedback. Every answer of
	// theirs then has an id. Whoever reaches the server can send outcomes. It is closed by whoever opened it.
	Monitor *monitor.Monitor

	// Delay, when not nil, is called for every request before anything else is done
	// with it: what it takes, the answer comes later. Calls are concurrent.
	Delay func()
	// Faults, when not nil, are injected into the inference requests.
	Faults *fault.Injector

	MaxBody  int64 // bytes of a request body, decompressed; 4 MiB
	MaxBatch int   // rows in one request; 1024

	HeaderTimeout time.Duration // to read a request's header; 5 s
	ReadTimeout   time.Duration // to read a whole request; 30 s
	WriteTimeout  time.Duration // from the header's end to the answer's end; 1 min
	IdleTimeout   time.Duration // for which a connection is kept for another request; 2 min

	// DrainDelay is for how long a server that was told to stop goes on taking
	// requests while it reports that it is not ready, so that load balancers
	// can turn away; 0: not at all.
	DrainDelay time.Duration
	// DrainTimeout bounds how long requests in flight may take after that; 8 s,
	// which fits into the 10 s that container engines grant.
	DrainTimeout time.Duration

	// Log receives what an operator must know; nil: nothing is logged.
	Log *slog.Logger
}

// maxHeader bounds a request's header, in bytes.
const maxHeader = 64 << 10

func (c Config) withDefaults() Config {
	fill(&c.Version, "devel")
	fill(&c.MaxBody, 4<<20)
	fill(&c.MaxBatch, 1024)
	fill(&c.HeaderTimeout, 5*time.Second)
	fill(&c.ReadTimeout, 30*time.Second)
	fill(&c.WriteTimeout, time.Minute)
	fill(&c.IdleTimeout, 2*time.Minute)
	fill(&c.DrainTimeout, 8*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// NoopName is the name of the model that Noop returns.
const NoopName = "noop"

// Noop is a model that answers at once: probability 0 for every row, of any
// width. A request to it costs all that a request to a model costs (network,
// HTTP, decoding, encoding) except the model, so the difference between the
// two is the model. Every Server serves it.
func Noop() protocol.Model {
	return protocol.Model{
		Name:    NoopName,
		Doc:     "Answers 0 without computing, to measure a request without the cost of a model.",
		Version: "1",
		Schema:  generators.Schema{Classes: []string{"0", "1"}},
		Predict: protocol.Binary(func([]float32) float32 { return 0 }),
	}
}
