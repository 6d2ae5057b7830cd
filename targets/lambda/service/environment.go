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

	"servebench/targets/process"
)

// state is what an execution environment is doing.
type state string

const (
	starting state = "starting" // its process has not asked for work yet
	idle     state = "idle"     // it waits for work
	busy     state = "busy"     // it works on a request
	answered state = "answered" // it has answered and not asked for more yet
	dead     state = "dead"
)

// environment is an execution environment: a process of the function, and the
// Runtime API that it alone reaches.
type environment struct {
	service *Service
	number  int
	api     *http.Server
	group   *process.Cgroup // nil: none
	running Running
	output  output
	placed  time.Time // when it began to be made

	ready  chan struct{}    // closed when it first asked for work
	broken chan failure     // gets what the function says about its failed start
	events chan *invocation // has room for one
	gone   chan struct{}    // closed when nothing is left of it
	err    error            // of the removal, valid then

	mu        sync.Mutex
	state     state
	frozen    bool
	listening time.Time // when it first asked for work
	current   *invocation
	timeout   *time.Timer // of current
	reclaim   *time.Timer // while it is idle
	served    int
}

// start makes an environment and waits until its process asks for work. It
// returns as well how long that took, also when it failed; of a failed one
// nothing is left then.
func (s *Service) start(limit time.Duration) (*environment, time.Duration, *failure) {
	began := time.Now()
	e, err := s.place(began)
	if err != nil {
		s.note("could not be placed: " + err.Error())
		s.log.line("place an environment: %v", err)
		return nil, time.Since(began), &failure{Type: "Runtime.InvalidEntrypoint", Message: err.Error()}
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var failed failure
	select {
	case <-e.ready:
		return e, e.initTook(), nil
	case failed = <-e.broken:
	case <-e.running.Done():
		failed = exited(e.running)
	case <-timer.C:
		failed = timedOut(limit)
		s.note(fmt.Sprintf("did not ask the Runtime API for work within %s", limit))
	case <-e.gone:
	}
	if s.closing() {
		failed = ending()
	}
	_ = e.end(failed) // Close says so again
	return nil, time.Since(began), &failed
}

// place starts the process of a new environment.
func (s *Service) place(now time.Time) (*environment, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a Runtime API: %w", err)
	}
	e := &environment{
		service: s, number: s.number(), placed: now, state: starting,
		ready: make(chan struct{}), broken: make(chan failure, 1), events: make(chan *invocation, 1), gone: make(chan struct{}),
	}
	e.output.to = s.log
	e.api = &http.Server{Handler: http.HandlerFunc(e.serveRuntime)}
	if e.group, err = s.cgroup(e.number); err == nil {
		e.running, err = s.config.Sandbox.Start(Process{
			Env: slices.Concat(s.set, []string{"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String()}), Cgroup: e.group, Carrier: s.carrier, Memory: s.config.limit(), Output: &e.output,
		})
	}
	if err == nil && !s.register(e) {
		err = errors.Join(errors.New("the service ends"), e.running.Remove())
	}
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	go e.api.Serve(listener)
	go e.watch()
	return e, nil
}

// cgroup makes that of an environment; nil where there is none to make it in.
func (s *Service) cgroup(number int) (*process.Cgroup, error) {
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
	s.ledger.start()
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
// works on fails so. Further calls wait for the first one and return its error.
func (e *environment) end(why failure) error {
	e.mu.Lock()
	was, inv := e.state, e.current
	e.state, e.current = dead, nil
	stop(e.timeout)
	stop(e.reclaim)
	e.mu.Unlock()
	if was == dead {
		<-e.gone
		return e.err
	}
	s := e.service
	select {
	case <-e.running.Done(): // by itself
		s.note(e.running.Ended().Error())
		s.log.line("environment %d %v", e.number, e.running.Ended())
	default:
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
	close(e.gone)
	return e.err
}

// remove kills the process, which has to be thawed for that, and removes all
// that there is of the environment.
func (e *environment) remove() error {
	if e.group != nil {
		_ = e.group.Thaw() // there may be no freezer
	}
	return errors.Join(e.running.Remove(), e.api.Close())
}

// stop stops a timer that may be none.
func stop(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}

// initTook is how long the initialisation took, placement included.
func (e *environment) initTook() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.listening.Sub(e.placed)
}

// ending is the failure of a request that the service does not wait for.
func ending() failure { return failure{Type: "Runtime.Unknown", Message: "the service ends"} }

// exited is the failure of a request whose process ended, as AWS words it.
func exited(r Running) failure {
	message := "Runtime exited without providing a reason"
	switch code, signal := r.Status(); {
	case signal != 0:
		message = fmt.Sprintf("Runtime exited with error: signal: %s", signal)
	case code != 0:
		message = fmt.Sprintf("Runtime exited with error: exit status %d", code)
	}
	return failure{Type: "Runtime.ExitError", Message: message}
}

// timedOut is the failure of a request that took too long.
func timedOut(limit time.Duration) failure {
	return failure{Type: "Sandbox.Timedout", Message: fmt.Sprintf("Task timed out after %.2f seconds", limit.Seconds())}
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
