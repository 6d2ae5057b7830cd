// Package monitor has the reference server watch the models that it serves: each row that it
// predicts is logged and looked at for drift against reference data, and outcomes that become known
// later make a rolling accuracy. What it keeps is bounded, and what it could not look at is counted.
//
// A request hands its rows over in Observe and goes on; a goroutine writes and compares them. Of
// outcomes, which POST /feedback brings, accuracy and error rate are known at once.
package monitor

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/maphash"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"servebench/generators/drift"
	"servebench/generators/predictions"
	"servebench/targets/protocol"
)

// Config is what a Monitor works with.
type Config struct {
	// Dir is the folder of the log, which is made where there is none.
	Dir string
	// Sensitive names features, predictions.Prediction and predictions.Outcome, which are not
	// logged.
	Sensitive []string
	// Window is how many rows are looked at for drift at a time, at the least, and of how many
	// outcomes, the latest, the accuracy is; at least drift.LeastRows and at most drift.Most.
	Window int
	// Pending is how many rows, the latest, can get an outcome; at least 1. Each takes some 30 bytes.
	Pending int
	// Reference returns what the rows of a model are compared with, or why there is nothing.
	Reference func(protocol.Model) (*drift.Profile, error)
	// Log is told why rows cannot be logged or compared.
	Log *slog.Logger
}

// Monitor watches models. It is safe for concurrent use.
type Monitor struct {
	config Config
	seed   maphash.Seed
	wake   chan struct{} // has room for one: there is much to write
	stop   chan struct{}
	done   chan struct{}

	// The goroutine of watch has these for itself.
	log   *predictions.Log
	spare *batch
	head  []byte
	stamp []byte // the second of the last line
	since int64  // of which that is, in Unix time

	mu       sync.Mutex
	versions []*version // in the order of their numbers
	numbered uint32     // the last number
	pending  *pending
	filling  *batch
	unknown  int64 // outcomes of no pending row
	files    logState
}

// logState is what is known of the log.
type logState struct {
	names   []string
	dropped int
	failure string
}

// flushEvery is how often what is logged is handed to the operating system: a kill loses what was
// answered since.
const flushEvery = time.Second

// Open makes a Monitor, which is to be closed.
func Open(config Config) (*Monitor, error) {
	m, err := newMonitor(config)
	if err != nil {
		return nil, fmt.Errorf("monitor: %w", err)
	}
	go m.watch()
	return m, nil
}

func newMonitor(config Config) (*Monitor, error) {
	log, err := openLog(config)
	if err != nil {
		return nil, err
	}
	m := &Monitor{
		config: config, seed: maphash.MakeSeed(), log: log,
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
		pending: newPending(config.Pending), filling: &batch{}, spare: &batch{}, files: logState{names: log.Names()},
	}
	m.pending.expired = func(number uint32) {
		if v := m.version(number); v != nil {
			v.expired++
		}
	}
	return m, nil
}

// Close writes what is still to be logged. Nothing is observed afterwards.
func (m *Monitor) Close() error {
	close(m.stop)
	<-m.done
	if m.files.failure != "" {
		return fmt.Errorf("monitor: the log is incomplete: %s", m.files.failure)
	}
	return nil
}

// Watches reports whether a model is watched: one that takes rows of any width is not, as its
// features have no names.
func Watches(m protocol.Model) bool { return len(m.Schema.Features) > 0 }

// Observer returns who is to be told of the inferences of a version of a model, which has gone on
// being watched where it is loaded again.
func (m *Monitor) Observer(model protocol.Model) protocol.Observer {
	m.mu.Lock()
	for _, v := range m.versions {
		if v.is(model.Name, model.Version) && reflect.DeepEqual(v.model.Schema, model.Schema) {
			m.mu.Unlock()
			return &observer{m, v}
		}
	}
	m.mu.Unlock()
	profile, err := m.config.Reference(model) // which may read a file
	v := newVersion(model, profile, err, m.config)
	if err != nil {
		m.config.Log.Warn("rows are not compared with a reference", "model", model.Name, "version", model.Version, "why", err)
	}
	m.Forget(model.Name, []string{model.Version})
	m.mu.Lock()
	defer m.mu.Unlock()
	m.numbered++
	v.number = m.numbered
	m.versions = append(m.versions, v)
	return &observer{m, v}
}

// version returns that of a number; nil: it was forgotten. m.mu is held.
func (m *Monitor) version(number uint32) *version {
	i, ok := slices.BinarySearchFunc(m.versions, number, func(v *version, number uint32) int { return cmp.Compare(v.number, number) })
	if !ok {
		return nil
	}
	return m.versions[i]
}

// Forget drops what is known of versions of a model, of which no outcomes are taken any more.
func (m *Monitor) Forget(model string, versions []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.versions = slices.DeleteFunc(m.versions, func(v *version) bool {
		return v.model.Name == model && slices.Contains(versions, v.model.Version)
	})
}

// observer hands on what one version answers.
type observer struct {
	monitor *Monitor
	version *version
}

// Observe implements protocol.Observer.
func (o *observer) Observe(i protocol.Inference) {
	if i.Scores == nil {
		return
	}
	now := time.Now()
	m, v := o.monitor, o.version
	width, scores := len(i.Features)/i.Rows, v.model.Scores()
	m.mu.Lock()
	defer m.mu.Unlock()
	for row := range i.Rows {
		answer := i.Scores[row*scores : (row+1)*scores]
		e := event{version: v, at: now, row: row}
		if len(i.ID) > 0 {
			e.key = m.keyOf(i.ID, row)
			m.pending.add(e.key, v.number, v.said(answer))
		}
		v.rows++
		if !m.filling.add(e, i.ID, i.Features[row*width:(row+1)*width], answer) {
			v.unseen++
		}
	}
	m.wakeUp()
}

// keyOf is what a row is found by: its request's id and its number there.
func (m *Monitor) keyOf(id []byte, row int) uint64 {
	return maphash.Bytes(m.seed, id) + uint64(row)*0x9e3779b97f4a7c15
}

// wakeUp has what was handed over written, where that is much. m.mu is held.
func (m *Monitor) wakeUp() {
	if len(m.filling.events) < wakeAt {
		return
	}
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// watch writes and compares what is handed over.
func (m *Monitor) watch() {
	defer close(m.done)
	flush := time.NewTicker(flushEvery)
	defer flush.Stop()
	for {
		select {
		case <-m.wake:
			m.takeBatch()
		case <-flush.C:
			m.takeBatch()
			m.log.Flush()
			m.publishLog()
		case <-m.stop:
			m.takeBatch()
			m.log.Close()
			m.publishLog()
			return
		}
	}
}

// takeBatch takes what was handed over until now.
func (m *Monitor) takeBatch() {
	m.mu.Lock()
	b := m.filling
	m.filling = m.spare
	m.mu.Unlock()
	for i := range b.events {
		m.take(b, &b.events[i])
	}
	b.reset()
	m.spare = b
}

func (m *Monitor) take(b *batch, e *event) {
	id, v := b.ids[e.id.from:e.id.to], e.version
	m.head = m.head[:0]
	if len(id) > 0 {
		m.head = append(predictions.AppendText(append(m.head, `"id":`...), id), ',')
	}
	if e.row > 0 {
		m.head = append(fmt.Appendf(m.head, `"row":%d`, e.row), ',')
	}
	m.head = append(m.appendTime(append(append(m.head, v.label...), `,"at":"`...), e.at), '"')
	if e.outcome != "" {
		m.log.Outcome(m.head, e.outcome, e.correct)
		return
	}
	features, scores := b.numbers[e.features.from:e.features.to], b.numbers[e.scores.from:e.scores.to]
	m.log.Prediction(m.head, v.columns, features, v.text(v.said(scores)))
	if results := v.compare(e.key, e.at, features, scores); results != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		v.found(results, e.at)
	}
}

// appendTime appends a time as in RFC 3339, to the microsecond.
func (m *Monitor) appendTime(to []byte, at time.Time) []byte {
	if second := at.Unix(); second != m.since || m.stamp == nil {
		m.stamp, m.since = at.UTC().AppendFormat(m.stamp[:0], "2006-01-02T15:04:05"), second
	}
	to = append(to, m.stamp...)
	point := len(to)
	to = strconv.AppendInt(to, int64(1_000_000+at.Nanosecond()/1000), 10)
	to[point] = '.' // in the place of the leading 1
	return append(to, 'Z')
}

// publishLog lets it be known what became of the log.
func (m *Monitor) publishLog() {
	m.mu.Lock()
	defer m.mu.Unlock()
	failure := m.log.Failure()
	if failure != "" && m.files.failure == "" {
		m.config.Log.Error("predictions are not logged any more", "why", failure)
	}
	m.files = logState{m.log.Names(), m.log.Dropped(), failure}
}

// batch holds what was handed over and is not yet written.
type batch struct {
	events  []event
	ids     []byte
	numbers []float32
}

// event is a row that was predicted, or its outcome.
type event struct {
	version          *version
	at               time.Time
	key              uint64 // 0: it has no id
	row              int
	id               span // of ids
	features, scores span // of numbers
	outcome          string
	correct          *bool
}

// span is a part of a slice.
type span struct{ from, to int }

const (
	wakeAt = 256
	// mostEvents and mostNumbers bound a batch.
	mostEvents  = 16 << 10
	mostNumbers = 1 << 20
)

// add takes an event with copies of the rest, and reports whether there was room.
func (b *batch) add(e event, id []byte, features, scores []float32) bool {
	if len(b.events) >= mostEvents || len(b.numbers)+len(features)+len(scores) > mostNumbers {
		return false
	}
	if n := len(b.events); n > 0 && e.row > 0 && bytes.Equal(b.ids[b.events[n-1].id.from:b.events[n-1].id.to], id) {
		e.id = b.events[n-1].id // of the same request
	} else {
		e.id = span{len(b.ids), len(b.ids) + len(id)}
		b.ids = append(b.ids, id...)
	}
	e.features = span{len(b.numbers), len(b.numbers) + len(features)}
	e.scores = span{e.features.to, e.features.to + len(scores)}
	b.numbers = append(append(b.numbers, features...), scores...)
	b.events = append(b.events, e)
	return true
}

func (b *batch) reset() {
	clear(b.events)
	b.events, b.ids, b.numbers = b.events[:0], b.ids[:0], b.numbers[:0]
}
