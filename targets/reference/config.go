package reference

import (
	"log/slog"
	"time"

	"servebench/targets/protocol"
)

// Config configures a Server. A zero field takes the default that its comment
// names.
type Config struct {
	// Models are served beside Noop, in this order. Their names must differ.
	Models []protocol.Model
	// Version of the program, for metadata and metrics; "" becomes "devel".
	Version string

	// Delay, when not nil, is called for every request before anything else is done
	// with it: what it takes, the answer comes later. Calls are concurrent.
	Delay func()

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
