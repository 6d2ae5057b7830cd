package record

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Interval is one line of a cell's interval log.
type Interval struct {
	Tag        string // TagResponse …
	Start, End time.Duration
	Histogram  *hdrhistogram.Histogram // values in nanoseconds
}
