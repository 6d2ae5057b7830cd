package attack

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"servebench/reports/record"
)

// bookUnsent counts what the schedule held beyond the requests that were sent. It
// looks at no arrival after the end of the load: of a long schedule these are too many.
func (e *engine) bookUnsent() {
	for _, l := range e.loops {
		for due := range l.unsent {
			if !e.recorder.bookUnsent(due) {
				break
			}
		}
	}
	e.recorder.complete(e.cfg.Scheduled)
}

func (e *engine) sumUp(spent usage) record.Cell {
	r, connections := e.recorder, e.sender.Stats()
	cell := record.Cell{
		Stopped: e.byUser,
		Aborted: e.aborted,
		Started: e.zero,
		Span:    e.cfg.Span,
		Elapsed: r.lastDone,
		Ledger:  r.ledger,
		Errors:  r.errors.byFrequency(),
		Answers: r.answers,
		Good:    r.good,

		RequestBytes: r.requestBytes,
		AnswerBytes:  r.answerBytes,

		Window: r.dueWindow(),

		Slices:   r.seconds.slices,
		Outages:  r.order.outages.runs,
		Retries:  r.retried,
		Classes:  r.mix.counts,
		Replicas: r.replicas.byFirst(),
		Instrument: record.Instrument{
			CPUs: e.cfg.CPUs,
			CPU:  spent.cpu,

			SendingTime: e.sending.took,
			SendingCPU:  e.sending.cpu - e.polled,
			Polling:     e.polled,

			GCPause:    spent.pauses,
			GCPauseMax: spent.pauseTimes.quantile(1),
			GCCycles:   spent.cycles,
			SchedP99:   spent.sched.quantile(0.99),
			SchedMax:   spent.sched.quantile(1),
			Attackers:  len(e.loops),
			Workers:    e.workersUsed(),
			WorkerCap:  e.cfg.MaxInFlight,
			Dials:      connections.Dials,
			Resent:     connections.Resent,
			Retries:    connections.Retries,
			Stalls:     e.log.stalls,
			OutOfRange: r.outOfRange,
			Unprepared: e.supply.late(),
			Renewals:   e.supply.renewals.all,
		},
	}
	if e.cfg.Concurrency > 0 {
		cell.Overtime = r.overtime / time.Duration(e.cfg.Concurrency)
	} else {
		cell.Instrument.Gaps = r.order.gaps.compare()
		cell.Offered = float64(r.ledger.Scheduled) / e.cfg.Span.Seconds()
	}
	if cell.Instrument.CPUs == 0 {
		cell.Instrument.CPUs = runtime.GOMAXPROCS(0)
	}
	if e.raw != nil {
		cell.Instrument.Stalls += e.raw.stalls
	}
	// Over the schedule, longer when the last request was late, shorter when the
	// sending was cut short.
	sending := max(e.cfg.Span, r.lastSent)
	if r.dueWindow() < e.cfg.Span {
		sending = r.dueWindow()
	}
	cell.Achieved = float64(r.ledger.Sent) / sending.Seconds()
	return cell
}

// workersUsed returns the most requests in flight at once, or the cap where the part
// of it that one of several loops has was reached.
func (e *engine) workersUsed() int {
	for _, l := range e.loops {
		if l.capReached.Load() {
			return e.cfg.MaxInFlight
		}
	}
	return int(e.recorder.mostInFlight)
}

// usage is what this process has spent on itself up to a moment, or between two, and
// what kept it from its work.
type usage struct {
	at         time.Time
	took       time.Duration // between the two
	cpu        time.Duration
	pauses     time.Duration // garbage collection stopping the world
	cycles     int64
	sched      latencies
	pauseTimes latencies
}

func usageNow() usage {
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	samples := []metrics.Sample{{Name: schedLatencies}, {Name: gcPauses}}
	metrics.Read(samples)
	return usage{
		at: time.Now(), cpu: processCPU(), pauses: gc.PauseTotal, cycles: gc.NumGC,
		sched: latenciesOf(samples[0]), pauseTimes: latenciesOf(samples[1]),
	}
}

func (u usage) spentSince(earlier usage) usage {
	return usage{
		at:         u.at,
		took:       u.at.Sub(earlier.at),
		cpu:        u.cpu - earlier.cpu,
		pauses:     u.pauses - earlier.pauses,
		cycles:     u.cycles - earlier.cycles,
		sched:      u.sched.countedSince(earlier.sched),
		pauseTimes: u.pauseTimes.countedSince(earlier.pauseTimes),
	}
}

// gcPercent is the runtime's GOGC while a load is sent. At its default of 100 the
// collections come twice as often, and each makes requests late; well above 200
// each takes longer, since what it has to sweep grows with what was allocated
// since the last one. It changes nothing about the CPU a request costs.
const gcPercent = 200

// collectSeldom sets gcPercent, unless somebody asked for fewer collections still.
func collectSeldom() (restore func()) {
	before := debug.SetGCPercent(gcPercent)
	if before < 0 || before > gcPercent {
		debug.SetGCPercent(before)
	}
	return func() { debug.SetGCPercent(before) }
}

// The runtime's histograms that tell of the generator's own disturbances.
const (
	schedLatencies = "/sched/latencies:seconds"       // ready goroutines waiting for a thread
	gcPauses       = "/sched/pauses/total/gc:seconds" // the world stopped for a collection
)

// latencies is a histogram of the runtime's, as counted so far or between two
// readings.
type latencies struct {
	counts []uint64
	bounds []float64 // in seconds, of the buckets, one more than counts; the runtime's, not to be changed
}

// latenciesOf returns an empty histogram where this runtime has none.
func latenciesOf(s metrics.Sample) latencies {
	if s.Value.Kind() != metrics.KindFloat64Histogram {
		return latencies{}
	}
	h := s.Value.Float64Histogram()
	return latencies{counts: h.Counts, bounds: h.Buckets}
}

func (l latencies) countedSince(earlier latencies) latencies {
	counts := make([]uint64, len(l.counts))
	for i, n := range l.counts {
		counts[i] = n
		if i < len(earlier.counts) {
			counts[i] -= earlier.counts[i]
		}
	}
	return latencies{counts: counts, bounds: l.bounds}
}

// quantile returns the upper bound of the bucket that the q-quantile is in, 0 < q
// ≤ 1; 0 of no values. Of the last bucket, which has no upper bound, it is the
// lower one.
func (l latencies) quantile(q float64) time.Duration {
	var total, sum uint64
	for _, n := range l.counts {
		total += n
	}
	rank := uint64(math.Ceil(q * float64(total)))
	for i, n := range l.counts {
		if sum += n; n > 0 && sum >= rank {
			bound := l.bounds[i+1]
			if math.IsInf(bound, 1) {
				bound = l.bounds[i]
			}
			return time.Duration(bound * float64(time.Second))
		}
	}
	return 0
}
