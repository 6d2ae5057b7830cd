package service

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// ledger counts what AWS would bill, and why.
type ledger struct {
	mu                                             sync.Mutex
	invocations, started, ready, throttled, failed int
	queued, placed, initialised, waited, worked    time.Duration
	billed                                         time.Duration // whole milliseconds
	gigabyteSeconds                                float64
	// underway are the environments whose start has not ended. What it took so far counts.
	underway map[*environment]bool
}

// cost is what one invocation took and what of it is billed.
type cost struct{ init, duration, billed time.Duration }

// price rounds as AWS does: the billed time is that of the initialisation and
// of the work together, up to the next whole millisecond.
func price(init, duration time.Duration) cost {
	const unit = time.Millisecond
	return cost{init, duration, (init + duration + unit - 1) / unit * unit}
}

// count adds an invocation, whose bill is that of the start of its environment (zero: none)
// and of the time from its event to the function's asking for the next one.
func (l *ledger) count(memory targets.Bytes, took startup, duration time.Duration, failed bool) cost {
	c := price(took.init, duration)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.invocations++
	if failed {
		l.failed++
	}
	l.worked += duration
	l.billed += c.billed
	l.gigabyteSeconds += float64(memory) / float64(targets.GiB) * c.billed.Seconds()
	return c
}

// start counts an environment that begins to start.
func (l *ledger) start(e *environment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.started++
	l.underway[e] = true
}

// end counts the start of an environment that has ended.
func (l *ledger) end(e *environment, ready bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.underway, e)
	if ready {
		l.ready++
	}
	l.took(e, e.took)
}

// took adds what the start of an environment took. An initialisation within an invocation
// is a part of that.
func (l *ledger) took(e *environment, took startup) {
	l.placed += took.placement
	if !e.within {
		l.initialised += took.init
		l.waited += took.waited
	}
}

// queue adds for how long a request waited before an environment began to start for it.
func (l *ledger) queue(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queued += d
}

// refuse counts a request that the service refused to its caller.
func (l *ledger) refuse(r *refusal) {
	if r.Status != http.StatusTooManyRequests {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.throttled++
}

// meters are the counts so far.
func (l *ledger) meters() []record.Meter {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := ledger{placed: l.placed, initialised: l.initialised, waited: l.waited}
	for e := range l.underway {
		so := e.measure(time.Now(), false)
		so.waited = min(e.scheduled().Longest, so.init)
		now.took(e, so)
	}
	milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return []record.Meter{
		{Name: "invocations", Value: float64(l.invocations)},
		{Name: "throttled", Value: float64(l.throttled)},
		{Name: "function errors", Value: float64(l.failed)},
		{Name: record.MeterStarted, Value: float64(l.started)},
		{Name: record.MeterReady, Value: float64(l.ready)},
		{Name: record.MeterStartWait, Unit: "ms", Value: milliseconds(l.queued)},
		{Name: "placement", Unit: "ms", Value: milliseconds(now.placed)},
		{Name: record.MeterInit, Unit: "ms", Value: milliseconds(now.initialised)},
		{Name: record.MeterInitWait, Unit: "ms", Value: milliseconds(now.waited)},
		{Name: "duration", Unit: "ms", Value: milliseconds(l.worked)},
		{Name: "billed duration", Unit: "ms", Value: milliseconds(l.billed)},
		{Name: "billed compute", Unit: "GB-s", Value: l.gigabyteSeconds},
	}
}

// report is the end of an invocation's log, as AWS writes it. There is a status
// where the service ended the invocation, and none where the function did, be it
// with an error.
func (s *Service) report(inv *invocation, c cost) string {
	milliseconds := func(d time.Duration) string {
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 2, 64)
	}
	text := fmt.Sprintf("END RequestId: %[1]s\nREPORT RequestId: %[1]s\tDuration: %[2]s ms\tBilled Duration: %[3]d ms\tMemory Size: %[4]d MB\t",
		inv.id, milliseconds(c.duration), c.billed.Milliseconds(), s.memoryMB())
	if peak := max(inv.peak, inv.took.peak); peak > 0 {
		text += fmt.Sprintf("Max Memory Used: %d MB\t", (peak+targets.MiB-1)/targets.MiB)
	}
	if c.init > 0 {
		text += "Init Duration: " + milliseconds(c.init) + " ms\t"
	}
	switch {
	case inv.ended == nil:
	case inv.ended.Type == timeoutType:
		text += "Status: timeout"
	default:
		text += "Status: error\tError Type: " + inv.ended.Type
	}
	return text + "\n"
}

// Addresses is where a service can be reached, by URLs without a path.
type Addresses struct {
	URL      string // for callers
	Operator string // "" for none
}

// State is what happens inside of a service.
type State struct {
	Function string
	Sandbox  string        // what runs the function's processes
	Image    []record.Fact // of the image whose files they have; none: this machine's
	// NotFrozen says why environments are not frozen while they wait, and
	// NotHeld why they do not have the share of the CPUs that their memory size
	// comes with, which is known once the first one worked; "" where they are.
	NotFrozen, NotHeld string
	OwnNetwork         bool          // each environment has a network of its own
	NoNetwork          string        // why not, where that was wanted
	Environments       []Environment // those that have a process, the oldest first
	// Ended says how the last environment ended that ended by itself, quoting
	// its output; "" while none did.
	Ended  string
	Meters []record.Meter // since the service started
}

// Environment is an execution environment.
type Environment struct {
	Number      int // counted from 1 in the order of their starts
	State       string
	PID         int // of its process on this machine; 0: not known yet
	Invocations int // handed to it
	// When it began to be made, when its process came to be, and when that
	// first asked for work; zero: not yet.
	Placed, Started, Listening time.Time
	// InitCPUWait is for how long of its start it waited for a CPU.
	InitCPUWait time.Duration
	// Ports are those on which it listens, while it has not called the Runtime
	// API at all.
	Ports []int `json:",omitempty"`
	// Lacks says what it lacks, then, to ask for work.
	Lacks string `json:",omitempty"`
}

// State returns what happens now.
func (s *Service) State() State {
	now := State{Function: s.config.Name, Sandbox: s.config.Sandbox.Name(), NotFrozen: s.notFrozen(), OwnNetwork: s.config.OwnNetwork, Meters: s.ledger.meters()}
	if c, ok := s.config.Sandbox.(contained); ok {
		now.Image = c.facts
	}
	if s.config.NoNetwork != nil {
		now.NoNetwork = s.config.NoNetwork.Error()
	}
	s.mu.Lock()
	all, held := slices.Collect(maps.Keys(s.all)), s.held
	now.Ended = s.ends
	s.mu.Unlock()
	if err := cmp.Or(s.config.NoCgroup, held); err != nil {
		now.NotHeld = err.Error()
	}
	for _, e := range all { // requests do not wait for the sandbox's word
		now.Environments = append(now.Environments, e.snapshot())
	}
	slices.SortFunc(now.Environments, func(a, b Environment) int { return a.Number - b.Number })
	return now
}

// notFrozen says why nothing is frozen.
func (s *Service) notFrozen() string {
	switch {
	case s.anchor != nil:
		return ""
	case !s.config.Freeze:
		return "not asked for"
	}
	return cmp.Or(s.config.NoCgroup, errNoFreezer).Error()
}

var errNoFreezer = errors.New("the host has no freezer for cgroups")

func (e *environment) snapshot() Environment {
	e.mu.Lock()
	shot := Environment{Number: e.number, State: string(e.state), Invocations: e.served, Placed: e.placed, Listening: e.listening, InitCPUWait: e.took.waited}
	e.mu.Unlock()
	if pid, since, ok := e.running.Server(); ok {
		shot.PID, shot.Started = pid, since
	}
	if shot.Ports = e.ports(); !e.called.Load() {
		shot.Lacks = e.lacks(shot.Ports)
	}
	return shot
}

// Operator is for who runs the service: State as JSON at every path but EventsPath.
func (s *Service) Operator() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.State()) })
	mux.HandleFunc(EventsPath, s.serveEvents)
	return mux
}

// log is where the function's output and the service's own lines go.
type log struct {
	mu sync.Mutex
	to io.Writer // nil: nowhere
}

// Write implements io.Writer. It never fails: the function does not suffer from
// a log that does.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.to != nil {
		_, _ = l.to.Write(p)
	}
	return len(p), nil
}

func (l *log) text(text string) { _, _ = l.Write([]byte(text)) }

// line writes a line of the service's own.
func (l *log) line(format string, args ...any) {
	l.text("lambda: " + fmt.Sprintf(format, args...) + "\n")
}

// tail keeps the last bytes of a request's log. The zero value is ready.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) write(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if extra := len(t.kept) - logTail; extra > 0 {
		t.kept = append(t.kept[:0], t.kept[extra:]...)
	}
}

func (t *tail) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte{}, t.kept...)
}

// output is what the processes of an environment write: it goes to the log and,
// while a request wants it, to that request's.
type output struct {
	to   *log
	tail atomic.Pointer[tail]
}

// Write never fails.
func (o *output) Write(p []byte) (int, error) {
	if t := o.tail.Load(); t != nil {
		t.write(p)
	}
	return o.to.Write(p)
}
