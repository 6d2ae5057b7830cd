package service_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/lambda/service"
)

// sandbox is another one with a test's own way to start.
type sandbox struct {
	service.Sandbox
	start func(service.Process) (service.Running, error)
}

func (s sandbox) Start(p service.Process) (service.Running, error) { return s.start(p) }

// What places an environment is neither billed nor the initialisation.
func TestPlacementIsNotBilled(t *testing.T) {
	const placing = 50 * time.Millisecond
	c := config("deeds")
	plain := c.Sandbox
	c.Sandbox = sandbox{plain, func(p service.Process) (service.Running, error) {
		time.Sleep(placing)
		return plain.Start(p)
	}}
	f := serve(t, c)
	f.do(request{})
	f.until("it is billed", func() bool { return f.meter("invocations") == 1 })
	e := f.service.State().Environments[0]
	milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	placement, init := f.meter("placement"), f.meter("init duration")
	if want := milliseconds(e.Started.Sub(e.Placed)); placement != want || placement < milliseconds(placing) {
		t.Errorf("placement took %g ms, want the %g until the process existed", placement, want)
	}
	if want := milliseconds(e.Listening.Sub(e.Started)); init != want {
		t.Errorf("initialisation took %g ms, want the %g from then until it asked for work", init, want)
	}
	if billed, want := f.meter("billed duration"), init+f.meter("duration"); billed < want || billed >= want+1 {
		t.Errorf("billed %g ms, want %g rounded up", billed, want)
	}
}

// short is a process that ends at once, or, as this very process, once it said
// why.
type short struct {
	service.Process
	says bool
	done chan struct{}
}

func (s short) Server() (int, time.Time, bool) { return os.Getpid(), time.Now(), s.says }
func (s short) Done() <-chan struct{}          { return s.done }
func (s short) Status() (int, syscall.Signal)  { return 3, 0 }
func (s short) Ended() error                   { return http.ErrServerClosed } // any
func (s short) Flush()                         {}
func (s short) Quote() string                  { return "" }
func (s short) Remove() error                  { return nil }

// In whatever order it is noticed, the caller hears how the process ended, or
// what that said before.
func TestAFailedStartIsToldRight(t *testing.T) {
	for _, tc := range []struct{ says, want string }{
		{"", "Runtime exited with error: exit status 3"},
		{`{"errorType":"Model.Missing","errorMessage":"no model"}`, "no model"},
	} {
		c := config("")
		c.Sandbox = sandbox{c.Sandbox, func(p service.Process) (service.Running, error) {
			s := short{p, tc.says != "", make(chan struct{})}
			go func() {
				defer close(s.done)
				if tc.says == "" {
					return
				}
				at := slices.IndexFunc(p.Env, func(pair string) bool { return strings.HasPrefix(pair, "AWS_LAMBDA_RUNTIME_API=") })
				_, api, _ := strings.Cut(p.Env[at], "=")
				resp, err := http.Post("http://"+api+"/2018-06-01/runtime/init/error", "", strings.NewReader(tc.says))
				if err == nil {
					resp.Body.Close()
				}
			}()
			return s, nil
		}}
		f := serve(t, c, bare)
		for range 20 {
			if resp, text := f.invoke("{}"); resp.Header.Get("X-Amz-Function-Error") != "Unhandled" || !strings.Contains(text, tc.want) {
				t.Fatalf("answered %s %s, want %s", resp.Status, text, tc.want)
			}
		}
		if init := f.meter("init duration"); tc.says == "" && init != 0 {
			t.Errorf("%g ms of initialisation though no process was there", init)
		}
	}
}

// counted is a process that counts until it is removed, which takes a while.
type counted struct {
	service.Running
	there *atomic.Int64
	once  *sync.Once
}

func (c counted) Remove() error {
	time.Sleep(20 * time.Millisecond)
	err := c.Running.Remove()
	c.once.Do(func() { c.there.Add(-1) })
	return err
}

// An environment that is reclaimed counts until nothing is left of it.
func TestThereAreNeverMoreThanAllowed(t *testing.T) {
	c := config("deeds")
	c.Concurrency, c.IdleTimeout = 1, time.Millisecond
	plain := c.Sandbox
	var there, most atomic.Int64
	c.Sandbox = sandbox{plain, func(p service.Process) (service.Running, error) {
		most.Store(max(most.Load(), there.Add(1))) // one at a time, or else it shows
		running, err := plain.Start(p)
		return counted{running, &there, new(sync.Once)}, err
	}}
	f := serve(t, c)
	for answered := 0; answered < 5; {
		if resp, text := f.invoke("{}"); resp.StatusCode == 200 {
			answered++
		} else if resp.StatusCode != 429 {
			t.Fatalf("answered %s %s", resp.Status, text)
		}
		time.Sleep(2 * time.Millisecond)
	}
	if most.Load() != 1 {
		t.Errorf("%d processes at a time, want 1 at most", most.Load())
	}
}

// Environments whose initialisation takes a CPU for long start in turn, as many as there are
// CPUs, and requests take those that are there meanwhile. What is under way is metered.
func TestHeavyStartsTakeTheirTurns(t *testing.T) {
	c := config("heavy")
	c.CPUs = 1
	f := serve(t, c)
	const requests = 8
	var answers [requests]<-chan string
	for i := range answers {
		answers[i] = f.later(request{})
	}
	f.until("one starts", func() bool { return f.meter(record.MeterStarted) == 1 && f.meter(record.MeterInit) > 0 })
	if ready := f.meter(record.MeterReady); ready != 0 {
		t.Errorf("%g are ready though none was initialised", ready)
	}
	for _, answer := range answers {
		if text := <-answer; !strings.Contains(text, "PID") {
			t.Errorf("answered %s", text)
		}
	}
	f.until("all is told", func() bool {
		return f.meter("invocations") == requests && f.meter(record.MeterReady) == f.meter(record.MeterStarted)
	})
	started, init, wait := f.meter(record.MeterStarted), f.meter(record.MeterInit), f.meter(record.MeterInitWait)
	if started > 2 {
		t.Errorf("%g environments were started, though the first one serves all that waited", started)
	}
	if init < 1500*started || wait > init-1000*started { // what it waits just before and after counts as well
		t.Errorf("%g initialisations took %g ms and waited for a CPU for %g ms of it", started, init, wait)
	}
}

// What a request waits for its turn to start an environment is metered.
func TestTheWaitForATurnIsMetered(t *testing.T) {
	c := config("heavy")
	c.CPUs = 1
	f := serve(t, c)
	began := time.Now()
	var both sync.WaitGroup
	both.Add(2)
	gate := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { both.Done(); both.Wait() }))
	defer gate.Close()
	first, second := f.later(request{Do: "gate", Text: gate.URL}), f.later(request{Do: "gate", Text: gate.URL})
	<-first
	<-second
	took := float64(time.Since(began).Milliseconds())
	if started, wait := f.meter(record.MeterStarted), f.meter(record.MeterStartWait); started != 2 || wait < 1000 || wait > took-1500 {
		t.Errorf("%g environments were started, and their requests waited for %g of %g ms", started, wait, took)
	}
}

// One that waits for something else keeps nobody waiting.
func TestAStartWithoutNeedOfACPUSparesIt(t *testing.T) {
	c := config("deaf")
	c.CPUs = 1
	f := serve(t, c)
	first, second := f.later(request{}), f.later(request{})
	f.until("both start", func() bool { return len(f.service.State().Environments) == 2 })
	if err := f.service.Close(); err != nil {
		t.Error(err)
	}
	<-first
	<-second
}

// Close waits for an environment that is just being made.
func TestCloseWaitsForAStart(t *testing.T) {
	c := config("deeds")
	plain := c.Sandbox
	placing, release := make(chan struct{}, 1), make(chan struct{})
	c.Sandbox = sandbox{plain, func(p service.Process) (service.Running, error) {
		placing <- struct{}{}
		<-release
		return plain.Start(p)
	}}
	f := serve(t, c)
	answer := f.later(request{})
	<-placing
	closed := make(chan error, 1)
	go func() { closed <- f.service.Close() }()
	select {
	case err := <-closed:
		t.Errorf("closed (%v) while an environment is being made", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	if text := <-answer; !strings.Contains(text, "the service ends") {
		t.Errorf("answered %s", text)
	}
	if err := f.service.Close(); err != nil {
		t.Error(err)
	}
}

// The log has a request's lines around what the function wrote meanwhile.
func TestLogIsInOrder(t *testing.T) {
	c := config("deeds")
	c.Reports, c.Memory = true, 128*targets.MiB
	f := serve(t, c)
	f.do(request{Do: "log", Text: "a line"})
	f.until("it is reported", func() bool { return strings.Contains(f.output.String(), "REPORT RequestId: ") })
	at := 0
	for _, want := range []string{"START RequestId: ", "a line\n", "END RequestId: ", "REPORT RequestId: "} {
		i := strings.Index(f.output.String()[at:], want)
		if i < 0 {
			t.Fatalf("no %q after the first %d bytes of the log:\n%s", want, at, f.output)
		}
		at += i
	}
	if n := strings.Count(f.output.String(), "START "); n != 1 {
		t.Errorf("%d START lines, want 1", n)
	}
}
