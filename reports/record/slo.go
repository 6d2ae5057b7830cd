package record

import (
	"embed"
	"time"
)

// SLO holds the limits that a run is judged by; the zero value of a field sets none. It is
// a part of a scenario as well: the fields' tags and comments make its keys there.
type SLO struct {
	// The response time that 50% of the requests may take at most, from the moment each
	// was due.
	P50 time.Duration `json:"p50_ns,omitempty" key:"p50" default:"none"`
	// The response time that 90% of the requests may take at most, from the moment each
	// was due.
	P90 time.Duration `json:"p90_ns,omitempty" key:"p90" default:"none"`
	// The response time that 99% of the requests may take at most, from the moment each
	// was due.
	P99 time.Duration `json:"p99_ns,omitempty" key:"p99" default:"none"`
	// The response time that 99.9% of the requests may take at most, from the moment each
	// was due.
	P999 time.Duration `json:"p999_ns,omitempty" key:"p999" default:"none"`
	// Limits of the service time, from the moment a request was sent to the end of its
	// answer.
	Service Quantiles `json:"service,omitzero" key:"service,omitzero" default:"none"`
	// Limits of the time to first byte, from the moment a request was due to the first
	// byte of its answer's body. In a stream that need not be its first token: it can be
	// a comment or a role. It is recorded only where it is limited here.
	FirstByte Quantiles `json:"first_byte,omitzero" key:"first_byte,omitzero" default:"none"`
	// The fraction of requests that may fail at most.
	Errors *float64 `json:"errors,omitempty" key:"errors" default:"none" format:"fraction"`
	// The answers per second that there must be at least in every measured phase: right
	// ones, within the limit of the highest of the quantiles p50 to p999 that has one. It
	// takes three rounds to judge.
	Goodput float64 `json:"goodput,omitempty" key:"goodput" default:"none" format:"rate"`
	// The fraction of answers that must equal what the model says offline; known for the
	// reference server only.
	Agreement *float64 `json:"agreement,omitempty" key:"agreement" default:"none" format:"fraction"`
	// The fraction of answers that must equal the label of the example.
	Accuracy *float64 `json:"accuracy,omitempty" key:"accuracy" default:"none" format:"fraction"`
	// How long any start of the server may take at most up to its first right answer,
	// those of cold_starts included.
	ColdStart time.Duration `json:"cold_start_ns,omitempty" key:"cold_start" default:"none"`
}

// Quantiles are the most that quantiles of a time may be; 0 sets no limit.
type Quantiles struct {
	// The time that 50% of the requests may take at most.
	P50 time.Duration `json:"p50_ns,omitempty" key:"p50" default:"none"`
	// The time that 90% of the requests may take at most.
	P90 time.Duration `json:"p90_ns,omitempty" key:"p90" default:"none"`
	// The time that 99% of the requests may take at most.
	P99 time.Duration `json:"p99_ns,omitempty" key:"p99" default:"none"`
	// The time that 99.9% of the requests may take at most.
	P999 time.Duration `json:"p999_ns,omitempty" key:"p999" default:"none"`
}

// Response are the limits of the response time.
func (s SLO) Response() Quantiles { return Quantiles{s.P50, s.P90, s.P99, s.P999} }

// Deadline is the response time within which a single answer counts as good:
// the limit of the highest quantile that has one; 0 when there is none.
func (s SLO) Deadline() time.Duration {
	for _, limit := range []time.Duration{s.P999, s.P99, s.P90, s.P50} {
		if limit > 0 {
			return limit
		}
	}
	return 0
}

// KeySource are the files whose comments say what the keys mean that a scenario shares with
// the record.
//
//go:embed slo.go scenario.go
var KeySource embed.FS
