// Package reference is the HTTP side of the reference inference server: a
// complete, small server to benchmark deployment targets with. It mounts the
// server side of the protocols (targets/protocol/…) over a list of models and
// adds what every server needs: limits, timeouts, request and instance ids,
// metrics, recovery from panics, and a graceful end. cmd/refserver is its
// program; the models are in targets/reference/models.
package reference

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"servebench/targets/protocol"
	"servebench/targets/protocol/v2"
)

// ServerName is how the server names itself in protocol metadata.
const ServerName = "servebench-reference"

// Server is one instance of the reference server.
type Server struct {
	config   Config
	instance string
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
	s := &Server{config: config, instance: newInstance()}
	s.metrics = newMetrics(config.Version)
	service := protocol.Service{
		Name:     ServerName,
		Version:  config.Version,
		Models:   served,
		MaxBatch: config.MaxBatch,
		Ready:    func() bool { return !s.draining.Load() },
		Observer: s.metrics.observer,
	}
	s.handler = s.routes(service)
	return s, nil
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

// newInstance makes the random id of this server.
func newInstance() string {
	var id [8]byte
	// crypto/rand.Read never fails; it ends the program when the system has
	// no randomness.
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// routes mounts all paths behind the layers that every request passes.
func (s *Server) routes(service protocol.Service) http.Handler {
	mux := http.NewServeMux()
	inference := inflate(v2.Handler(service), s.config.MaxBody)
	mux.Handle("/v2", inference)
	mux.Handle("/v2/", inference)
	mux.Handle("/metrics", s.metrics.handler(s.config.Log))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, fmt.Sprintf("no such path %q; inference is at /v2, metrics are at /metrics", r.URL.Path))
	})
	return &frontDoor{server: s, next: mux}
}

// Handler is the whole server without its listening side.
func (s *Server) Handler() http.Handler { return s.handler }

// Instance is the random id that every answer carries as X-Instance-Id.
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
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
		return s.drain(server)
	}
}

// drain ends the server as Serve says.
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
