package scenarios

import "time"

// HTTP says how requests are carried.
type HTTP struct {
	Version string // HTTP1 or HTTP2
	Client  string // OwnClient or StandardClient
	// ConnectTimeout bounds the opening of a connection, TLS included, and
	// FirstByteTimeout the time from a request's being sent to the first byte of its
	// answer; 0: the scenario's Timeout alone does.
	ConnectTimeout   time.Duration
	FirstByteTimeout time.Duration
	KeepAlive        bool // connections carry one request after the other
	// RetryNonIdempotent lets requests such as POST be sent again when the server
	// closed an idle connection before it saw them.
	RetryNonIdempotent bool
}

// The versions of HTTP.
const (
	HTTP1 = "1.1"
	HTTP2 = "2" // negotiated over TLS, else from the first byte (h2c)
)

// The clients that carry requests.
const (
	OwnClient      = "servebench" // made for load; HTTP/1.1 alone
	StandardClient = "net/http"   // that of Go's standard library
)

// defaultClient is the client of a scenario that names none.
func (h HTTP) defaultClient() string {
	if h.Version == HTTP2 {
		return StandardClient
	}
	return OwnClient
}
