package record

import (
	"embed"
	"time"
)

// SLO holds the limits that a run is judged by; the zero value of a field sets none. It is
// a part of a scenario as well: the fields' tags and comments make its keys there.
type SLO struct {
	// The limit of the 50th percentile of the response time, measured from the due time.
	P50 time.Duration `json:"p50_ns,omitempty" key:"p50" default:"none" unit:"ms"`
	// The limit of the 90th percentile of the response time, measured from the due time.
	P90 time.Duration `json:"p90_ns,omitempty" key:"p90" default:"none" unit:"ms"`
	// The limit of the 99th percentile of the response time, measured from the due time.
	P99 time.Duration `json:"p99_ns,omitempty" key:"p99" default:"none" unit:"ms"`
	// The limit of the 99.9th percentile of the response time, measured from the due time.
	P999 time.Duration `json:"p999_ns,omitempty" key:"p999" default:"none" unit:"ms"`
	// Limits of the service time, from sending a request to the end of its answer.
	Service Quantiles `json:"service,omitzero" key:"service,omitzero" default:"none"`
	// Limits of the time to first byte, from a request's due time to the first byte of its
	// answer's body. In a stream that need not be the first token: it can be a comment or a
	// role. It is recorded only if it is limited here.
	FirstByte Quantiles `json:"first_byte,omitzero" key:"first_byte,omitzero" default:"none"`
	// The largest fraction of requests that may fail.
	Errors *float64 `json:"errors,omitempty" key:"errors" default:"none" format:"fraction"`
	// The fewest good answers per second in every measured phase: correct and within the
	// limit of the highest of the quantiles p50 to p999 that has one. It takes three rounds
	// to judge.
	Goodput float64 `json:"goodput,omitempty" key:"goodput" default:"none" format:"rate"`
	// The smallest fraction of answers that equal what the model predicts offline; only
	// known for the reference server.
	Agreement *float64 `json:"agreement,omitempty" key:"agreement" default:"none" format:"fraction"`
	// The smallest fraction of answers that equal the label of the example.
	Accuracy *float64 `json:"accuracy,omitempty" key:"accuracy" default:"none" format:"fraction"`
	// The longest any start of the server may take until its first correct answer, including
	// those of cold_starts.
	ColdStart time.Duration `json:"cold_start_ns,omitempty" key:"cold_start" default:"none"`
}

// Quantiles are the most that quantiles of a time may be; 0 sets no limit.
type Quantiles struct {
	// The limit of the 50th percentile.
	P50 time.Duration `json:"p50_ns,omitempty" key:"p50" default:"none" unit:"ms"`
	// The limit of the 90th percentile.
	P90 time.Duration `json:"p90_ns,omitempty" key:"p90" default:"none" unit:"ms"`
	// The limit of the 99th percentile.
	P99 time.Duration `json:"p99_ns,omitempty" key:"p99" default:"none" unit:"ms"`
	// The limit of the 99.9th percentile.
	P999 time.Duration `json:"p999_ns,omitempty" key:"p999" default:"none" unit:"ms"`
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
