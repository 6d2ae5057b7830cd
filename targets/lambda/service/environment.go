package service

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"
)

// state is what an execution environment is doing.
type state string

const (
	starting state = "starting" // its process has not asked for work yet
	idle     state = "idle"     // it waits for work
	busy     state = "busy"     // it works on a request
	answered state = "answered" // it has answered and does not wait for more yet
	dead     state = "dead"
)

// environment is an execution environment: a process of the function, and the
// Runtime API that it alone reaches.
type environment struct {
	service *Service
	number  int
	api     *http.Server
	group   *local.Cgroup  // nil: none
	network *local.Network // nil: this machine's
	port    int            // that the adapter waits for the server on; 0: there is no adapter
	running Running
	output  output
	placed  time.Time   // when it began to be made
	called  atomic.Bool // a process of it called the Runtime API

	ready  chan struct{} // closed when it first asked for work
	broken chan struct{} // closed when the function said why it cannot start
	gone   chan struct{} // closed when nothing is left of it
	err    error         // of the removal, valid then
	why    failure       // it ended; valid then
	took   startup       // valid once ready or gone is closed
	within bool          // it is initialised within an invocation, whose time that is then

	mu        sync.Mutex
	state     state
	said      *failure // by the function, about its failed start; nil: nothing
	frozen    bool
	listening time.Time // when it first asked for work
	current   *invocation
	pending   *invocation      // current, until the process takes it
	waiter    chan *invocation // of the process that waits for work; has room for one
	timeout   *time.Timer      // of current
	reclaim   *time.Timer      // while it is idle
	served    int
}

// place starts the process of a new environment.
func (s *Service) place(now time.Time, within bool) (*environment, error) {
	e := &environment{
		service: s, number: s.number(), placed: now, state: starting, within: within,
		ready: make(chan struct{}), broken: make(chan struct{}), gone: make(chan struct{}),
	}
	e.output.to = s.log
	e.api = &http.Server{Handler: http.HandlerFunc(e.serveRuntime), ConnContext: e.withPeer}
	listener, err := e.listen()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open a Runtime API: %w", err), e.network.Close())
	}
	if e.group, err = s.cgroup(e.number); err == nil {
		e.running, err = s.config.Sandbox.Start(Process{
			Env:     slices.Concat(s.set, []string{"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(), e.variable()}),
			Adapter: s.config.Adapter, Port: e.port, Network: e.network,
			Cgroup: e.group, Carrier: s.carrier, Memory: s.config.limit(), Output: &e.output,
		})
	}
	if err == nil && !s.register(e) {
		err = errors.Join(errors.New("the service ends"), e.running.Remove())
	}
	if err != nil {
		return nil, errors.Join(err, listener.Close(), e.network.Close())
	}
	s.decided(now, 0)
	e.happened(record.EventCreated, now)
	go e.api.Serve(listener)
	go e.watch()
	return e, nil
}

// The ports of the Runtime API in a network of an environment's own.
const (
	apiPort      = 9001 // as on AWS
	otherAPIPort = 9002 // where the server has that one
)

// listen makes the environment's network, chooses the server's port and opens the Runtime
// API.
func (e *environment) listen() (listener net.Listener, err error) {
	port := 0
	if e.service.config.OwnNetwork {
		if e.network, err = local.NewNetwork(); err != nil {
			return nil, err
		}
		port = apiPort
	}
	if e.port, err = e.service.config.Adapter.port(e.network); err != nil {
		return nil, err
	}
	if port != 0 && e.port == port {
		port = otherAPIPort
	}
	err = e.network.Do(func() error {
		listener, err = net.Listen("tcp", targets.Address(targets.Loopback, port))
		return err
	})
	return listener, err
}

// cgroup makes that of an environment; nil where there is none to make it in.
func (s *Service) cgroup(number int) (*local.Cgroup, error) {
	if s.config.Cgroup == nil {
		return nil, nil
	}
	group, err := s.config.Cgroup.Child(strconv.Itoa(number))
	if err != nil {
		return nil, err
	}
	_ = group.Yield(true) // until it is initialised; there may be no CPU controller
	if err := group.LimitMemory(s.config.limit()); err != nil {
		return nil, errors.Join(err, group.Close())
	}
	return group, nil
}

// number counts the environments.
func (s *Service) number() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	return s.last
}

// register takes the environment among those that there are, unless the service
// ends.
func (s *Service) register(e *environment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing() {
		return false
	}
	s.all[e] = true
	s.ledger.start(e)
	return true
}

// watch ends the environment when its process ended.
func (e *environment) watch() {
	select {
	case <-e.running.Done():
		_ = e.end(exited(e.running)) // Close says so again
	case <-e.gone:
	}
}

// note keeps how an environment ended by itself.
func (s *Service) note(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = why
}

// end ends the environment and removes what there is of it. The request that it
// works on, or is started for, fails so, unless the function itself said why it
// cannot start. Further calls wait for the first one and return its error.
func (e *environment) end(why failure) error {
	e.mu.Lock()
	last := e.die()
	e.mu.Unlock()
	return e.bury(last, why)
}

// last is what an environment was doing when it ended.
type last struct {
	state   state
	current *invocation
	said    *failure
}

// die makes the environment dead, which nothing undoes: bury has to follow. The
// caller holds the lock, under which it found a reason to.
func (e *environment) die() last {
	l := last{e.state, e.current, e.said}
	e.state, e.current, e.pending = dead, nil, nil
	stop(e.timeout)
	stop(e.reclaim)
	return l
}

// bury removes what there is of an environment that was made dead.
func (e *environment) bury(l last, why failure) error {
	was, inv, said := l.state, l.current, l.said
	if was == dead {
		<-e.gone
		return e.err
	}
	if e.why = why; said != nil {
		e.why = *said
	}
	if was == starting {
		e.took = e.measure(time.Now(), false)
		e.took.peak = e.peak()
	}
	s := e.service
	e.tell(said != nil)
	if inv != nil {
		inv.ended, inv.peak = &why, e.peak()
	}
	e.err = e.remove()
	switch was {
	case idle:
		s.pool.remove(e)
	case busy:
		s.pool.release()
	case answered:
		s.pool.unsettle()
		s.pool.release()
	}
	if inv != nil {
		inv.answer(answer{failed: &why}) // if it is the first
		e.bill(inv, inv.failed || was == busy, time.Now())
	}
	s.mu.Lock()
	delete(s.all, e)
	s.mu.Unlock()
	e.happened(record.EventEnded, time.Now())
	close(e.gone)
	return e.err
}

// tell keeps how the process ended, if it did so by itself. What the function
// said before is more than that.
func (e *environment) tell(said bool) {
	select {
	case <-e.running.Done():
	default:
		return
	}
	if !said {
		e.service.note(e.running.Ended().Error())
	}
	e.service.log.line("environment %d %v", e.number, e.running.Ended())
}

// remove kills the process, which has to be thawed for that, and removes all
// that there is of the environment.
func (e *environment) remove() error {
	if e.group != nil {
		_ = e.group.Thaw() // there may be no freezer
	}
	return errors.Join(e.running.Remove(), e.api.Close(), e.network.Close())
}

// peak is the most memory that the environment held so far; 0 where that is not
// known.
func (e *environment) peak() targets.Bytes {
	if e.group != nil {
		if peak, err := e.group.Peak(); err == nil {
			return peak
		}
	}
	pids, _ := e.processes()
	return local.Peak(pids...)
}

// stop stops a timer that may be none.
func stop(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}

// startup is how long an environment took to come to be. AWS bills the
// initialisation alone.
type startup struct {
	placement time.Duration // until its process existed
	init      time.Duration // from then until that asked for work, or failed
	waited    time.Duration // of init for a CPU; at AWS there is none to wait for
	peak      targets.Bytes // the most memory that it held, where it failed; 0: not known
}

// measure returns how long the start took that ended now. Whose process asked
// for work before its sandbox said since when it exists counts as initialised
// from the beginning; one of which nothing was known in the end was never there.
func (e *environment) measure(now time.Time, asked bool) startup {
	_, since, ok := e.running.Server()
	switch {
	case !ok && asked:
		since = e.placed
	case !ok:
		since = now
	}
	// A sandbox's clock may be coarser than this process's.
	placement := min(max(since.Sub(e.placed), 0), now.Sub(e.placed))
	took := startup{placement: placement, init: now.Sub(e.placed) - placement}
	if asked {
		took.init = max(took.init, 1) // 0 is none
	}
	return took
}

// start makes an environment, within an invocation or before it, and waits until its process
// asks for work. It returns as well how long that took, also when it failed; of a failed one
// nothing is left then. spare is called, maybe more than once, when it needs no CPU.
func (s *Service) start(limit time.Duration, within bool, spare func()) (*environment, startup, *failure) {
	if !s.enter() {
		failed := ending()
		return nil, startup{}, &failed
	}
	defer s.wait.Done()
	began := time.Now()
	e, err := s.place(began, within)
	if err != nil {
		s.note("could not be placed: " + err.Error())
		s.log.line("place an environment: %v", err)
		return nil, startup{placement: time.Since(began)}, &failure{Type: "Runtime.InvalidEntrypoint", Message: err.Error()}
	}
	defer time.AfterFunc(hintTime, e.hint).Stop()
	var why failure
	waited, late := e.awaitStart(limit, spare)
	select {
	case <-e.ready:
		e.waited(waited)
		s.ledger.end(e, true)
		return e, e.took, nil
	default:
	}
	if late {
		why = timedOut(limit)
		s.note(fmt.Sprintf("was ended after %s, within which it has to ask for work: it %s%s", limit, e.lacks(e.ports()), e.running.Quote()))
	}
	_ = e.end(why) // Close says so again
	e.waited(waited)
	s.ledger.end(e, false)
	return nil, e.took, &e.why
}

// awaitStart waits until the environment is ready, said why it cannot start, or is gone. It
// returns for how long a thread of it waited for a CPU, and whether it is late: beyond the
// limit, in which that time does not count before an invocation.
func (e *environment) awaitStart(limit time.Duration, spare func()) (waited time.Duration, late bool) {
	look := time.NewTicker(slotTime)
	defer look.Stop()
	began, timer := time.Now(), time.NewTimer(limit)
	defer timer.Stop()
	var had local.Scheduled
	for {
		select {
		case <-e.ready:
			if time.Since(began) > soon { // to look takes longer than a wait that short matters
				waited = max(waited, e.scheduled().Longest)
			}
			return waited, false
		case <-e.broken: // end knows what the function said
			return waited, false
		case <-e.gone: // its process ended, or the service does
			return waited, false
		case <-look.C:
			has := e.scheduled()
			if has.Ran+has.Waited-had.Ran-had.Waited < slotTime/2 {
				spare()
			}
			had, waited = has, max(waited, has.Longest)
		case <-timer.C:
			waited = max(waited, e.scheduled().Longest)
			left := min(limit+waited, max(limit, mostInit)) - time.Since(began)
			if e.within || left < 10*time.Millisecond {
				return waited, true
			}
			timer.Reset(left)
		}
	}
}

// waited notes for how long a start that ended waited for a CPU.
func (e *environment) waited(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.took.waited = min(d, e.took.init)
}

// scheduled is what the environment's processes had of the CPUs so far.
func (e *environment) scheduled() local.Scheduled {
	pids, _ := e.processes()
	return local.ScheduledOf(pids...)
}

// enter takes a start among what Close waits for, unless the service ends.
func (s *Service) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing() {
		return false
	}
	s.wait.Add(1)
	return true
}
