// Package service is a Lambda service of one function on this machine, which
// behaves like AWS's where that matters for latency: every execution
// environment is a process (or sandbox) of its own that works on one request at
// a time and is frozen in between; environments are started when requests ask
// for them, within limits of their number and rate, and reclaimed when idle;
// the CPU follows the memory; and every request is billed.
//
// Callers reach it by the function's URL and by AWS's API, of which it has
// Invoke and InvokeWithResponseStream (Handler), the function's processes by the
// Runtime API, one listener for each environment. Operator shows what happens
// inside. cmd/locallambda is its program, which targets/lambda deploys.
//
// AWS starts environments on machines that have room for them. Here they share
// the CPUs with those that work, so that starting them yields: what places an
// environment, and its initialisation, get what CPU time the rest leaves.
//
// What AWS documents is followed, see "Lambda runtime environment", "Custom
// runtimes" and "Function scaling" in the Lambda Developer Guide. A request for
// which no environment is idle is bound to the new one that is started for it,
// as has been observed on AWS, even if another one gets idle meanwhile. As many
// are started at a time as there are CPUs, one for as long as it needs a CPU;
// before its turn comes, a request takes one that gets idle. The time that an
// initialisation waits for a CPU does not count as a part of the ten seconds that
// AWS gives it, and is metered, as the wait for a turn is. Out of scope: extensions, versions and
// aliases (none is found), provisioned concurrency, SnapStart, signatures and
// permissions.
package service

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"time"

	"servebench/targets"
	"servebench/targets/local"
)

// Service is a running service. Its methods are safe for concurrent use.
type Service struct {
	config  Config
	pool    *pool
	ledger  ledger
	events  *events
	log     *log
	anchor  *local.Cgroup // stays frozen, see freezer; nil: nothing is frozen
	carrier *local.Cgroup // of what starts environments; nil: none
	set     []string      // what Lambda sets in the environment of every process
	queue   chan struct{} // a place for each asynchronous request
	stopped chan struct{} // closed by Close

	mu   sync.Mutex
	all  map[*environment]bool // those that have a process
	last int                   // number of the newest environment
	ends string                // how the last one ended that ended by itself
	held error                 // why the share of the CPUs could not be set; nil: it was
	wait sync.WaitGroup        // for starts, and what runs in the background
}

// New makes a service, which starts no environment before the first request.
func New(config Config) (*Service, error) {
	var err error
	if config.Sandbox == nil {
		err = errors.New("sandbox: want one")
	}
	if err := errors.Join(err, config.Limits(), config.sharing()); err != nil {
		return nil, err
	}
	s := &Service{
		config: config, events: newEvents(), log: &log{to: config.Output}, ledger: ledger{underway: map[*environment]bool{}},
		queue: make(chan struct{}, asyncQueue), stopped: make(chan struct{}), all: map[*environment]bool{},
	}
	s.pool, s.set = newPool(config.Concurrency, cmp.Or(config.CPUs, runtime.NumCPU()), newBucket(config.Burst)), s.variables()
	if config.Cgroup == nil {
		return s, nil
	}
	if s.carrier, err = config.Cgroup.Child("placing"); err != nil {
		return nil, err
	}
	_ = s.carrier.Yield(true) // there may be no CPU controller
	if config.Freeze {
		s.anchor = freezer(config.Cgroup)
	}
	return s, nil
}

// freezer makes a cgroup that stays frozen. A version 1 freezer makes the
// kernel change its own code whenever the first cgroup of the machine is frozen
// and when the last one is thawed, which takes it ten times as long as the rest.
func freezer(parent *local.Cgroup) *local.Cgroup {
	anchor, err := parent.Child("frozen")
	if err != nil {
		return nil
	}
	if err := anchor.Freeze(); err != nil {
		_ = anchor.Close() // empty
		return nil
	}
	return anchor
}

// Handler is what callers reach: the function's URL at every path but those of
// AWS's Lambda API.
func (s *Service) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isAPI(r.URL.Path) {
			s.serveAPI(w, r)
			return
		}
		s.serveURL(w, r)
	})
}

// Close ends all environments, as Lambda does with SIGKILL and without a word,
// and waits until nothing is left of them nor of those that are being made.
// Requests in flight fail.
func (s *Service) Close() error {
	s.pool.close()
	s.mu.Lock()
	select {
	case <-s.stopped:
	default:
		close(s.stopped)
	}
	var left []*environment
	for e := range s.all {
		left = append(left, e)
	}
	s.mu.Unlock()
	if s.carrier != nil {
		_ = s.carrier.Yield(false) // nobody is left to yield to
	}
	var failed []error
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, e := range left {
		all.Go(func() {
			err := e.end(ending())
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, err)
		})
	}
	all.Wait()
	s.wait.Wait()
	return errors.Join(append(failed, s.anchor.Close(), s.carrier.Close())...)
}

// closing reports whether Close was called.
func (s *Service) closing() bool {
	select {
	case <-s.stopped:
		return true
	default:
		return false
	}
}

// arn names the function as AWS does.
func (s *Service) arn() string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", region, account, s.config.Name)
}

// memoryMB is the function's memory size in Lambda's unit.
func (s *Service) memoryMB() int { return int(s.config.Memory / targets.MiB) }

// invoke carries out one invocation: it finds an environment or starts one, has
// the function work on it and waits for the answer, or for what went wrong.
func (s *Service) invoke(inv *invocation) (answer, *refusal) {
	for {
		began := time.Now()
		e, refused := s.pool.take(began)
		if refused != nil {
			return answer{}, refused
		}
		if e == nil {
			s.ledger.queue(time.Since(began))
			var failed *failure
			if e, failed = s.provide(inv); failed != nil {
				s.pool.release()
				inv.ended = failed
				s.close(inv, true, time.Now())
				return answer{failed: failed}, nil
			}
		}
		if e.deliver(inv) {
			return <-inv.answers, nil
		}
		<-e.gone // it ended just now, and another one takes the request
		s.pool.release()
	}
}

// provide starts an environment for an invocation. As on AWS, one whose
// initialisation fails or takes longer than ten seconds is started once more as
// part of the invocation, whose time it then takes. Where the initialisation may take longer
// than an invocation, the function has the whole of that time after it.
func (s *Service) provide(inv *invocation) (*environment, *failure) {
	started := sync.OnceFunc(s.pool.started)
	defer started()
	e, took, failed := s.start(InitLimit, false, started)
	inv.took = took
	if failed == nil || s.closing() {
		return e, failed
	}
	e, took, failed = s.start(max(s.config.Timeout, s.config.StartTimeout), true, started)
	inv.took.placement += took.placement
	inv.took.peak = took.peak
	now := time.Now()
	inv.begin(now.Add(-took.init), s.config.Timeout)
	if took.init >= s.config.Timeout {
		inv.deadline = now.Add(s.config.Timeout)
	}
	return e, failed
}

// close counts an invocation that the function is done with, and ends its log.
func (s *Service) close(inv *invocation, failed bool, now time.Time) {
	cost := s.ledger.count(s.config.Memory, inv.took, inv.spent(now), failed)
	if s.config.Reports || inv.tail {
		inv.report = s.report(inv, cost)
	}
	if !inv.opened { // it never came to be delivered
		inv.log.write([]byte(inv.start()))
		if s.config.Reports {
			s.log.text(inv.start())
		}
	}
	if s.config.Reports {
		s.log.text(inv.report)
	}
	close(inv.finished)
}
