package attack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"testing"
	"time"

	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// noLog forgets what it is given.
type noLog struct{}

func (noLog) Interval(string, time.Duration, time.Duration, *hdrhistogram.Histogram) error {
	return nil
}

// feed gives a recorder results of an imagined load: inFlight requests at once,
// gap apart, all answered right.
type feed struct {
	*recorder
	flights  *flights
	order    order
	inFlight int
	gap      time.Duration
	bodies   [][]byte // right answers, by index into the corpus
	begun    int
	finished bool
	result   vegeta.Result
}

func newFeed(t testing.TB, gap time.Duration, results int, log IntervalLog) *feed {
	cfg, _ := load(t, "http://127.0.0.1:9", gap, results)
	cfg.Corpus = newCorpus(t, 1000)
	all, err := newSupply(cfg, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := newRecorder(cfg, all.order, nil, 1)
	r.zero = time.Now()
	r.seconds.out = newSink(logQueue, func(s *second) error {
		defer r.seconds.reuse(s)
		return s.writeTo(log)
	}, func() {})
	f := &feed{recorder: r, order: all.order, flights: newFlights(64, share{of: 1}, all.draw(share{of: 1}), nil), inFlight: 64, gap: gap}
	t.Cleanup(f.finish)
	for i := range cfg.Corpus.Len() {
		var a ask
		if err := json.Unmarshal(cfg.Corpus.Request(i).Wire().Body, &a); err != nil {
			t.Fatal(err)
		}
		f.bodies = append(f.bodies, fmt.Append(nil, a.X))
	}
	return f
}

// finish writes what is left.
func (fd *feed) finish() {
	if !fd.finished {
		fd.finished = true
		fd.seconds.flushAll()
		fd.seconds.out.close()
	}
}

// next begins flights up to the k-th and inFlight−1 more, and returns the k-th
// with its result, as the round tripper would leave them.
func (fd *feed) next(k int) (*flight, *vegeta.Result) {
	for ; fd.begun < k+fd.inFlight; fd.begun++ {
		fd.flights.begin(time.Duration(fd.begun) * fd.gap)
	}
	f := fd.flights.find(uint64(k))
	f.state, f.outcome.Status, f.inFlight = sent, http.StatusOK, int64(fd.inFlight)
	f.outcome.Body = append(f.outcome.Body, fd.bodies[fd.order.at(uint64(k))]...)
	fd.result = vegeta.Result{
		Seq:       uint64(k),
		Timestamp: fd.zero.Add(f.due + 40*time.Microsecond),
		Latency:   time.Duration(200+k%800) * time.Microsecond,
	}
	return f, &fd.result
}

func TestRecorderFlushesSettledSeconds(t *testing.T) {
	log := newMemoryLog(t)
	fd := newFeed(t, 100*time.Millisecond, 100, log)
	fd.inFlight = 1
	for k := range 35 {
		_, result := fd.next(k)
		fd.record(fd.flights, result)
	}
	if fd.seconds.first != 3 || len(fd.seconds.open) != 1 {
		t.Errorf("%d seconds open from %d on, want the one that is not over", len(fd.seconds.open), fd.seconds.first)
	}
	fd.finish()
	if got := log.count(record.TagResponse); got != 35 {
		t.Errorf("%d response times in the log, want 35", got)
	}
}

// TestRecorderWaitsForStragglers holds one request back and expects its second,
// and the later ones, to stay open until it is done.
func TestRecorderWaitsForStragglers(t *testing.T) {
	fd := newFeed(t, 100*time.Millisecond, 100, newMemoryLog(t))
	_, result := fd.next(5)
	straggler := *result
	for k := range 40 {
		if k != 5 {
			_, result := fd.next(k)
			fd.record(fd.flights, result)
		}
	}
	if fd.seconds.first != 0 || len(fd.seconds.open) != 4 {
		t.Errorf("%d seconds open from %d on, want all 4", len(fd.seconds.open), fd.seconds.first)
	}
	fd.record(fd.flights, &straggler)
	if fd.seconds.first != 4 {
		t.Errorf("open from second %d on, want 4", fd.seconds.first)
	}
}

// countedLog counts its intervals.
type countedLog int

func (n *countedLog) Interval(string, time.Duration, time.Duration, *hdrhistogram.Histogram) error {
	*n++
	return nil
}

// TestRecorderOfALongLoad books a load of 100 hours: the record of each later hour is
// shorter than that of the one before, or as short.
func TestRecorderOfALongLoad(t *testing.T) {
	var written countedLog
	const perHour = 360
	fd := newFeed(t, 10*time.Second, 100*perHour, &written)
	fd.inFlight = 1
	var slices []int
	for k := range 100 * perHour {
		if k%perHour == 0 {
			slices = append(slices, len(fd.seconds.slices))
		}
		_, result := fd.next(k)
		fd.record(fd.flights, result)
		if len(fd.seconds.open) > 2 {
			t.Fatalf("%d slices open", len(fd.seconds.open))
		}
	}
	fd.finish()
	for hour := 2; hour < len(slices); hour++ {
		if slices[hour]-slices[hour-1] > slices[hour-1]-slices[hour-2]+1 {
			t.Errorf("%d slices after hour %d, %d after the next, %d after the one after it", slices[hour-2], hour-2, slices[hour-1], slices[hour])
		}
	}
	if n := len(fd.seconds.slices); n > 9_000 || int(written) > 3*n {
		t.Errorf("%d slices, %d intervals in the log", n, written)
	}
}

func TestRecorderCountsOutOfRange(t *testing.T) {
	fd := newFeed(t, time.Millisecond, 1, newMemoryLog(t))
	_, result := fd.next(0)
	result.Latency = 3 * time.Hour
	fd.record(fd.flights, result)
	if fd.outOfRange != 2 || fd.ledger.OK != 1 {
		t.Errorf("%d out of range, ledger %+v; want response and service time counted", fd.outOfRange, fd.ledger)
	}
}

func TestRecorderDeadline(t *testing.T) {
	fd := newFeed(t, time.Millisecond, 2, newMemoryLog(t))
	fd.cfg.Deadline = time.Millisecond
	for k, latency := range []time.Duration{960 * time.Microsecond, 961 * time.Microsecond} { // 40 µs late
		_, result := fd.next(k)
		result.Latency = latency
		fd.record(fd.flights, result)
	}
	if fd.good != 1 || fd.ledger.OK != 2 {
		t.Errorf("%d good of %d, want the one within the deadline", fd.good, fd.ledger.OK)
	}
}

// BenchmarkRecord books one result, and reports what that takes without the making
// of the result, which is the benchmark's own.
func BenchmarkRecord(b *testing.B) {
	fd := newFeed(b, 100*time.Microsecond, 1_000_000, noLog{})
	results := make([]vegeta.Result, fd.inFlight)
	var booking time.Duration
	batch := func(k int) {
		for i := range results {
			_, result := fd.next(k + i)
			results[i] = *result
		}
		start := time.Now()
		for i := range results {
			fd.record(fd.flights, &results[i])
		}
		booking += time.Since(start)
	}
	k := 0
	for ; k < 100_000; k += len(results) { // every answer known, every histogram made
		batch(k)
	}
	booking = 0
	b.ReportAllocs()
	booked := 0
	for b.Loop() {
		if booked%len(results) == 0 {
			batch(k + booked)
		}
		booked++
	}
	batches := (booked + len(results) - 1) / len(results)
	b.ReportMetric(float64(booking.Nanoseconds())/float64(batches*len(results)), "record-ns/result")
}

// BenchmarkTwoMillion books two million results, 200 seconds of load, and
// reports the memory held at the end beside that after the first tenth.
func BenchmarkTwoMillion(b *testing.B) {
	const results = 2_000_000
	var early, late uint64
	for b.Loop() {
		fd := newFeed(b, 100*time.Microsecond, results, noLog{})
		for k := range results {
			_, result := fd.next(k)
			fd.record(fd.flights, result)
			if k == results/10 {
				early = heapInUse()
			}
		}
		late = heapInUse()
		if fd.ledger.OK != results {
			b.Fatalf("ledger %+v", fd.ledger)
		}
		fd.finish()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/results, "ns/result")
	b.ReportMetric(float64(early)/(1<<20), "MiB-at-200k")
	b.ReportMetric(float64(late)/(1<<20), "MiB-at-2M")
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
