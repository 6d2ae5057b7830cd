package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/lambda/service"
	"servebench/targets/local"
)

const (
	// stateTime bounds the question what happens inside of the service.
	stateTime = 5 * time.Second
	// endTime bounds the end of the service, with hundreds of environments that share a CPU.
	endTime = 30 * time.Second
)

// instance is a running service. Done and Err are its process's own: the
// function's processes may end, and are replaced.
type instance struct {
	*local.Process
	targets.Account
	dir      string
	group    *local.Cgroup  // of the service and all environments; nil: none
	own      *local.Cgroup  // below group, of the service alone; nil: none
	operator string         // where to ask the service what happens
	follower sync.WaitGroup // hands on the events, and reads the memory
	once     sync.Once
	err      error // of Close
}

// used is that of the service and all its environments, those that are gone
// included, and what AWS would bill.
func (i *instance) used(ctx context.Context) (record.Usage, error) {
	usage, err := i.measure()
	if err != nil {
		return record.Usage{}, err
	}
	state, err := i.state(ctx)
	usage.Meters = state.Meters
	return usage, err
}

// measure is the same without what AWS would bill.
func (i *instance) measure() (record.Usage, error) {
	if i.group != nil {
		return i.group.Usage()
	}
	return local.TreeUsage(i.PID())
}

// Inject implements targets.Injector: one environment is hit, one that works if any does.
func (i *instance) Inject(ctx context.Context, kind string) (targets.Injected, error) {
	state, err := i.state(ctx)
	if err != nil {
		return targets.Injected{}, err
	}
	var chosen service.Environment
	for _, e := range state.Environments {
		if e.PID != 0 && (chosen.PID == 0 || e.State == "busy") {
			chosen = e
		}
	}
	switch {
	case chosen.PID == 0:
		return targets.Injected{}, fmt.Errorf("inject %s: no environment runs", kind)
	case kind == targets.NetworkPartition: // which is the service's, that all share
		return targets.Injected{}, fmt.Errorf("inject %s: the target cannot do it", kind)
	}
	injected, err := local.Prey{Main: chosen.PID}.Inject(kind)
	injected.Text += fmt.Sprintf(" of environment %d", chosen.Number)
	return injected, err
}

// state asks the service what happens.
func (i *instance) state(ctx context.Context) (service.State, error) {
	ctx, cancel := context.WithTimeout(ctx, stateTime)
	defer cancel()
	var s service.State
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, i.operator, nil)
	if err != nil {
		return s, err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return s, fmt.Errorf("ask the Lambda service for its state: %w", err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		return s, fmt.Errorf("read the Lambda service's state: %w", err)
	}
	return s, nil
}

// follow hands on what happens to environments, until the service ends.
func (i *instance) follow(listen func(record.Event)) {
	if listen == nil {
		return
	}
	i.follower.Go(func() {
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Get(i.operator + service.EventsPath)
		if err != nil {
			return // the service ended, which Done tells
		}
		defer resp.Body.Close()
		for decoder := json.NewDecoder(resp.Body); ; {
			var e record.Event
			if decoder.Decode(&e) != nil {
				return
			}
			listen(e)
		}
	})
}

// Close ends the service, which kills the environments at once, as Lambda does,
// and removes what there is of it. It fails when the service could not do its
// part.
func (i *instance) Close(context.Context) error {
	i.once.Do(func() { i.err = errors.Join(i.stop(), i.discard()); i.follower.Wait() })
	return i.err
}

// stop ends the service and returns how it failed at that. Of one that ended
// before, its Done and Err have told.
func (i *instance) stop() error {
	select {
	case <-i.Done():
		return nil
	default:
	}
	// Close's context bounds a server's grace, and a function has none.
	i.Stop(context.Background(), endTime)
	code, signal := i.Status()
	if code == 0 && (signal == 0 || signal == syscall.SIGTERM) { // by SIGTERM: it was not up yet
		return nil
	}
	return fmt.Errorf("end the Lambda service: it %w", i.Ended())
}

// discard removes what there is of a service that ended.
func (i *instance) discard() error {
	return errors.Join(i.own.Close(), i.group.Close(), os.RemoveAll(i.dir))
}

// facts says what was applied, as an environment's process shows it.
func (t target) facts(w targets.Workload, s service.State, pid int, took time.Duration) []record.Fact {
	facts := []record.Fact{
		{Name: "engine", Value: "local Lambda service, function URL with payload 2.0"},
		t.sandboxFact(s.Sandbox),
		t.adapterFact(w),
		t.networkFact(s),
		{Name: "preparation", Value: fmt.Sprintf("service started and function put in place in %s, before the start", took.Round(time.Millisecond))},
		t.sizeFact(w.Limits),
		t.shareFact(w.CPUSet, s.NotHeld),
		t.freezeFact(s.NotFrozen),
		{Name: "concurrency", Value: fmt.Sprintf("%d requests at a time, %d environments started in 10 s", t.concurrency, t.burst)},
	}
	if w.Scaling.Max > 0 {
		facts = append(facts, t.scalingFact(w.Scaling))
	}
	if facts = append(facts, s.Image...); len(s.Image) > 0 {
		facts = append(facts, record.Fact{Name: "root folder", Value: fmt.Sprintf("that of the image, read-only, with %s of /tmp in memory", t.tmp)})
	}
	var unlimited error
	if s.NotHeld != "" {
		unlimited = errors.New(s.NotHeld)
	}
	w.Limits.Memory = t.held(w.Limits)
	return append(facts, local.Applied(pid, w, unlimited)...)
}

// scalingFact says how many environments there are, and what decides that.
func (t target) scalingFact(asked record.Scaling) record.Fact {
	value := fmt.Sprintf("1 to %d environments, one for each concurrent request, ended after %s without one", t.concurrency, t.idle)
	if asked.Varies() && asked.Metric != "" {
		value += fmt.Sprintf("; the scenario's metric, %s, decides nothing here", asked.Metric)
	}
	if asked.Min > 1 {
		value += fmt.Sprintf("; none is started ahead, where the scenario asks for at least %d", asked.Min)
	}
	return record.Fact{Name: record.FactScaling, Value: value, Unequal: asked.Min > 1}
}

// initFacts say what becomes at AWS of an initialisation that took so long, and waited for a
// CPU for so much of it.
func (t target) initFacts(took, waited time.Duration) []record.Fact {
	if took <= service.InitLimit {
		return nil
	}
	if took-waited <= service.InitLimit {
		value := fmt.Sprintf("%s, of which it waited for a CPU of this machine for %s, which does not count against the %s that AWS gives it", took.Round(time.Millisecond), waited.Round(time.Millisecond), service.InitLimit)
		return []record.Fact{{Name: "initialisation", State: "longer than " + service.InitLimit.String(), Value: value}}
	}
	value := fmt.Sprintf("%s: as at AWS it was ended after %s and started once more within the first request, which that is part of", took.Round(time.Millisecond), service.InitLimit)
	if took > t.timeout {
		value = fmt.Sprintf("%s, longer than lambda.timeout, %s: AWS would end it and fail the first request; set lambda.timeout above it", took.Round(time.Millisecond), t.timeout)
	}
	return []record.Fact{{Name: "initialisation", State: "longer than " + service.InitLimit.String(), Value: value, Unequal: took > t.timeout}}
}

// sandboxFact says what environments run in. Where auto found no container to be
// had, they are less apart than elsewhere, and their starts cost less.
func (t target) sandboxFact(name string) record.Fact {
	none := strings.HasPrefix(name, service.Plain{}.Name())
	return record.Fact{Name: "sandbox", Value: name, Unequal: none && t.sandbox == service.Auto}
}

// adapterFact says what asks for the function's work.
func (t target) adapterFact(w targets.Workload) record.Fact {
	if t.adapted(w) {
		return record.Fact{Name: "adapter", Value: "an HTTP server under lambdaadapter, " + t.mode}
	}
	return record.Fact{Name: "adapter", Value: "none, the server is a Lambda bootstrap"}
}

// networkFact says what the function reaches.
func (t target) networkFact(s service.State) record.Fact {
	switch {
	case s.OwnNetwork:
		return record.Fact{Name: "network", Value: "loopback, of each environment alone"}
	case s.NoNetwork != "":
		return record.Fact{Name: "network", Value: "this machine's: " + s.NoNetwork, State: "this machine's"}
	}
	return record.Fact{Name: "network", Value: "this machine's"}
}

// sizeFact says what is billed and what is not.
func (t target) sizeFact(limits targets.Limits) record.Fact {
	return record.Fact{Name: "memory size", Value: fmt.Sprintf("%d MB, which is %s, billed; each environment is held to %s", t.memory/targets.MiB, t.share(), t.held(limits))}
}

// share is that of the CPUs which comes with the memory size.
func (t target) share() string {
	return strconv.FormatFloat(service.Share(t.memory), 'g', 3, 64) + " vCPU"
}

// shareFact says what each environment may use of the CPUs.
func (t target) shareFact(set []int, not string) record.Fact {
	if not != "" {
		state := t.share() + " for each environment, not enforced"
		return record.Fact{Name: record.FactCPUShare, Value: state + ": " + not, State: state, Unequal: true}
	}
	cpus := "this machine's CPUs"
	if len(set) > 0 {
		cpus = "the CPUs " + targets.FormatCPUs(set)
	}
	return record.Fact{Name: record.FactCPUShare, Value: fmt.Sprintf("%s for each environment after its initialisation; all share %s, where AWS gives each its own", t.share(), cpus)}
}

// freezeFact says whether environments are frozen.
func (t target) freezeFact(not string) record.Fact {
	if not == "" {
		return record.Fact{Name: "freezing", Value: "between requests"}
	}
	return record.Fact{Name: "freezing", Value: "none: " + not, State: "none", Unequal: t.freeze}
}
