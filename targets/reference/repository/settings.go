package repository

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/reports/record/userfile"
	"servebench/targets/reference/batcher"
)

// Settings say how a model is served. The zero value is its newest version alone.
type Settings struct {
	// Traffic has the weights of the versions side by side, by their numbers: each gets the
	// share of the requests that is its weight's share of their sum. One with weight 0 is
	// asked by its number alone. Without it the newest version gets all.
	Traffic map[string]float64 `json:"traffic"`
	// Shadow has another version predict what the versions of the traffic have answered.
	Shadow *Shadow `json:"shadow"`
	// MaxBatchSize is the most rows that are put together from several requests; nil: as the
	// server has it.
	MaxBatchSize *int `json:"max_batch_size"`
	// DynamicBatching says how requests wait for each other; nil: as the server has it.
	DynamicBatching *Batching `json:"dynamic_batching"`
}

// Shadow is a version that no request gets an answer from.
type Shadow struct {
	Version string  `json:"version"`
	Share   float64 `json:"share"` // of the answered requests, above 0 and at most 1
}

// Batching has the names that Triton's configuration of a model has; nil: as the server has
// it.
type Batching struct {
	MaxQueueDelay *int64 `json:"max_queue_delay_microseconds"`
	QueuePolicy   *struct {
		MaxQueueSize *int `json:"max_queue_size"` // requests; 0: any number
	} `json:"default_queue_policy"`
}

// Queue is how requests wait, where the server has it as given.
func (s Settings) Queue(q batcher.Config) batcher.Config {
	if s.MaxBatchSize != nil {
		q.MaxSize = *s.MaxBatchSize
	}
	if b := s.DynamicBatching; b != nil {
		if b.MaxQueueDelay != nil {
			q.MaxDelay = time.Duration(*b.MaxQueueDelay) * time.Microsecond
		}
		if b.QueuePolicy != nil && b.QueuePolicy.MaxQueueSize != nil {
			q.MaxQueue = *b.QueuePolicy.MaxQueueSize
		}
	}
	return q
}

// ParseSettings reads settings in JSON. Its error names every fault.
func ParseSettings(text []byte) (Settings, error) {
	var s Settings
	if err := userfile.JSON(text, &s); err != nil {
		return Settings{}, err
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(new(Settings)); err != nil {
		return Settings{}, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if err := s.check(); err != nil {
		return Settings{}, err
	}
	return s, nil
}

func (s Settings) check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	total := 0.0
	for _, name := range slices.Sorted(maps.Keys(s.Traffic)) {
		if _, ok := versionNumber(name); !ok {
			fault("traffic: %.40q is no version, want a number above 0", name)
		}
		if weight := s.Traffic[name]; weight < 0 {
			fault("traffic: version %.40q has the weight %g, want 0 or more", name, weight)
		}
		total += s.Traffic[name]
	}
	if s.Traffic != nil && !(total > 0 && !math.IsInf(total, 0)) {
		fault("traffic: the weights add up to %g, want a finite sum above 0", total)
	}
	if h := s.Shadow; h != nil {
		if _, ok := versionNumber(h.Version); !ok {
			fault("shadow.version: %.40q is no version, want a number above 0", h.Version)
		}
		if !(h.Share > 0 && h.Share <= 1) {
			fault("shadow.share: %g is out of bounds, want a number above 0 and at most 1", h.Share)
		}
		if s.Traffic[h.Version] > 0 {
			fault("shadow.version: %.40q has a part of the traffic, want another version", h.Version)
		}
	}
	if n := s.MaxBatchSize; n != nil && (*n < 0 || *n > maxRows) {
		fault("max_batch_size: %d is out of bounds, want a number of rows from 0 to %d", *n, maxRows)
	}
	if b := s.DynamicBatching; b != nil {
		if d := b.MaxQueueDelay; d != nil && (*d < 0 || *d > maxDelay) {
			fault("dynamic_batching.max_queue_delay_microseconds: %d is out of bounds, want a number from 0 to %d", *d, maxDelay)
		}
		if p := b.QueuePolicy; p != nil && p.MaxQueueSize != nil && *p.MaxQueueSize < 0 {
			fault("dynamic_batching.default_queue_policy.max_queue_size: %d is below 0, want a number of requests, or 0 for any", *p.MaxQueueSize)
		}
	}
	return errors.Join(faults...)
}

// The bounds of batching.
const (
	maxRows  = 1 << 16
	maxDelay = 10_000_000 // microseconds
)

// versions are the numbers to be served, of those there are, ascending, and their weights. Without
// traffic all goes to the newest version that is not the shadow.
func (s Settings) versions(there []int) (numbers []int, weights []float64) {
	traffic := maps.Clone(s.Traffic)
	if traffic == nil {
		newest := len(there) - 1
		if s.Shadow != nil && newest > 0 && strconv.Itoa(there[newest]) == s.Shadow.Version {
			newest--
		}
		traffic = map[string]float64{strconv.Itoa(there[newest]): 1}
	}
	if s.Shadow != nil && traffic[s.Shadow.Version] == 0 {
		traffic[s.Shadow.Version] = 0
	}
	for name := range traffic {
		number, _ := versionNumber(name)
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		weights = append(weights, traffic[strconv.Itoa(number)])
	}
	return numbers, weights
}
