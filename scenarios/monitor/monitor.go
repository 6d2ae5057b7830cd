// Package monitor watches the answers of a server while load is sent, as a monitor in production
// does, without a change to the server: it logs predictions and the outcomes that become known
// later, counts by window how many of the predictions were right, and has detectors look for drift. It stands beside
// scenarios/attack, which tells it of every answer and never waits for it, and hands what it saw
// to the record.
package monitor

import (
	"runtime"
	"slices"
	"strconv"
	"time"

	"servebench/generators"
	"servebench/generators/drift"
	"servebench/generators/predictions"
	"servebench/reports/record"
	"servebench/scenarios/attack"
)

// Config is what a monitor of one phase works with.
type Config struct {
	record.Monitoring
	Span   time.Duration     // of the phase
	Schema generators.Schema // of the examples
	// Reference is what the detectors compare with. Learn says that the phase is to be one: see
	// Monitor.Reference.
	Reference Reference
	Learn     bool
	// Create makes the next file of the log, by its number from 1; Remove removes one by its name.
	Create func(part int) (predictions.File, error)
	Remove func(name string) error
	// Retrain says when the model is trained again. Train begins that, and must not wait: what comes
	// of it is told to Monitor.Trained, before the next is begun. nil: nobody trains it.
	Retrain record.Retrain
	Train   func(Job)
	// Redact takes the secrets out of a text; nil: there are none.
	Redact func(string) string
}

// Monitor watches the answers of one phase. Answered hands them on to a goroutine of its own
// through a bounded queue, so that its memory does not grow with the load. What finds no room in
// the queue is counted and not looked at: the load goes first.
type Monitor struct {
	batch []attack.Answered // of Answered's goroutine
	queue chan []attack.Answered
	spare chan []attack.Answered
	lost  int64

	done    chan struct{}
	windows windows
	drift   *detection
	learned *drift.Sample // nil: the phase is no reference
	log     *predictions.Log
	columns predictions.Columns
	head    []byte
	written int64 // predictions
	delay   time.Duration
	last    time.Duration // when the latest answer came
	waiting []outcome     // in the order in which they become known
	known   int           // so many of the first of them are known
	late    int64

	trained   chan Trained
	trainings trainings
	fresh     time.Duration // when the model was swapped last: detectors look at what it answers alone
}

const (
	// batchSize answers are handed over together, since to wake a goroutine for each would cost
	// more than to look at it; fewer where handOver has passed since the first of them.
	batchSize = 256
	handOver  = 250 * time.Millisecond
	// queued batches may wait: some seconds of a fast load.
	queued = 256
	// flushEvery bounds what a crash loses of the log.
	flushEvery = time.Second
)

// Start begins to watch. The caller closes the monitor.
func Start(cfg Config) *Monitor {
	m := &Monitor{
		queue: make(chan []attack.Answered, queued), spare: make(chan []attack.Answered, queued),
		done: make(chan struct{}), windows: newWindows(cfg.Window, cfg.Span), drift: newDetection(cfg.Detectors, cfg.Schema, cfg.Reference), delay: cfg.OutcomeDelay,
		log:     predictions.New(predictions.Config{Create: cfg.Create, Remove: cfg.Remove, Sensitive: cfg.Sensitive, Redact: cfg.Redact}),
		columns: predictions.NewColumns(cfg.Schema.Features, cfg.Sensitive),
		trained: make(chan Trained, 1), trainings: newTrainings(cfg),
	}
	m.drift.raised = m.trainings.alarm
	if cfg.Learn {
		m.learned = drift.NewSample(cfg.Schema)
	}
	go m.watch()
	return m
}

// Answered takes an answer. Calls must not overlap, and none may come after Close.
func (m *Monitor) Answered(a attack.Answered) {
	m.batch = append(m.batch, a)
	if len(m.batch) < batchSize && a.Done-m.batch[0].Done < handOver {
		return
	}
	select {
	case m.queue <- m.batch:
		m.batch = m.spareBatch()
	default:
		m.lost += int64(len(m.batch))
		m.batch = m.batch[:0]
	}
}

func (m *Monitor) spareBatch() []attack.Answered {
	select {
	case batch := <-m.spare:
		return batch[:0]
	default:
		return make([]attack.Answered, 0, batchSize)
	}
}

// Close waits until all that was taken is looked at, and returns what was seen. Outcomes that are
// still to become known count as well. A training that is under way has to be told of, or it waits
// for it.
func (m *Monitor) Close() *record.Monitor {
	m.queue <- m.batch
	close(m.queue)
	<-m.done
	return &record.Monitor{
		Windows: m.windows.all(), Unseen: m.lost, Late: m.late, Detectors: m.drift.all(), Retrainings: m.trainings.all,
		Log: m.log.Names(), Dropped: m.log.Dropped(), LogFailed: m.log.Failure(),
	}
}

// Reference is what the phase was like, to compare others with; only after Close, of a monitor that
// was to Learn it.
func (m *Monitor) Reference() Reference {
	profile, err := drift.NewProfile(m.learned)
	if err != nil {
		return Reference{Why: "the first phase is no reference: " + err.Error()}
	}
	return Reference{Profile: profile}
}

func (m *Monitor) watch() {
	defer close(m.done)
	flush := time.NewTicker(flushEvery)
	defer flush.Stop()
	for {
		select {
		case batch, more := <-m.queue:
			if !more {
				m.trainings.close()
				m.drift.look(m.last)
				m.late = int64(len(m.waiting) - m.known)
				m.learnUntil(m.last + m.delay)
				m.log.Close()
				if m.trainings.running {
					m.endTraining(<-m.trained)
				}
				return
			}
			for _, a := range batch {
				m.see(a)
			}
			clear(batch)
			select {
			case m.spare <- batch:
			default:
			}
			runtime.Gosched() // the sending may have only this processor
		case t := <-m.trained:
			m.endTraining(t)
		case <-flush.C:
			m.log.Flush()
		}
	}
}

// outcome is what becomes known of a prediction.
type outcome struct {
	at         time.Duration
	answered   time.Duration
	features   []float32
	prediction int64 // its number
	window     int64
	outcome    string
	correct    bool
}

// see looks at an answer: it is counted and logged, and the outcomes that are known by now with it.
func (m *Monitor) see(a attack.Answered) {
	m.last = max(m.last, a.Done)
	m.learnUntil(m.last)
	m.trainings.tick(m.last)
	if a.Predictions == nil {
		m.windows.failure(a.Done)
		return
	}
	if m.windows.ends(a.Done) {
		m.drift.look(a.Done)
	}
	if a.Done >= m.fresh {
		m.drift.add(a)
	}
	inputs := a.Request.Inputs()
	for i, p := range a.Predictions {
		w := m.windows.answer(a.Done)
		var features []float32
		if inputs != nil {
			features = inputs[i]
		}
		if m.learned != nil {
			m.learned.Add(features, p.Answer)
		}
		m.begin(m.written, a.Done)
		if id := a.Request.ID(); id != "" {
			m.head = predictions.AppendText(append(m.head, `,"request":`...), id)
		}
		m.log.Prediction(m.head, m.columns, features, p.Text)
		if p.Outcome != "" {
			m.waiting = append(m.waiting, outcome{m.last + m.delay, a.Done, features, m.written, w, p.Outcome, p.Correct})
		}
		m.written++
	}
	if m.delay == 0 {
		m.learnUntil(m.last)
	}
}

// begin makes the head of a line of the log: of which prediction it is, and since when it is known.
func (m *Monitor) begin(id int64, at time.Duration) {
	m.head = strconv.AppendInt(append(m.head[:0], `"id":`...), id, 10)
	m.head = strconv.AppendFloat(append(m.head, `,"at_s":`...), at.Seconds(), 'f', 6, 64)
}

// learnUntil takes the outcomes that are known at a moment.
func (m *Monitor) learnUntil(now time.Duration) {
	for m.known < len(m.waiting) && m.waiting[m.known].at <= now {
		o := m.waiting[m.known]
		m.known++
		m.windows.outcome(o.window, o.correct)
		if o.at <= m.last { // or nobody knows it before the load ends
			if o.answered >= m.fresh {
				m.drift.learn(o.at, !o.correct)
			}
			m.trainings.add(Row{o.features, o.outcome})
		}
		m.begin(o.prediction, o.at)
		m.log.Outcome(m.head, o.outcome, &o.correct)
	}
	if m.known > len(m.waiting)/2 { // so that what is known takes no room for long
		m.waiting = slices.Delete(m.waiting, 0, m.known)
		m.known = 0
	}
}
