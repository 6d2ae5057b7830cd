package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/lambda/service"
	"servebench/targets/local"
	"servebench/targets/targettest"
)

// patience bounds what is waited for; it is no expectation.
const patience = 30 * time.Second

// fixture is a service with its caller.
type fixture struct {
	*testing.T
	service *service.Service
	url     string
	output  *targettest.Output
}

// config is that of a function which this test is, in the role.
func config(role string, env ...string) service.Config {
	var adapter *service.Adapter
	if program := os.Getenv(adapterKey); program != "" {
		adapter = &service.Adapter{Program: program}
		switch role {
		case "stream", "reader":
			adapter.Mode = "response_stream"
			fallthrough
		case "url", "deeds", "die once":
			env = append(env, serverKey+"=1")
		}
	}
	return service.Config{
		Adapter: adapter,
		Name:    "test", Memory: 512 * targets.MiB, Concurrency: 10, Burst: 1000, Timeout: patience, IdleTimeout: time.Hour, Freeze: true,
		Sandbox: service.Plain{Function: targets.Workload{Command: []string{os.Args[0]}, Env: append(env, roleKey+"="+role)}},
	}
}

// adapterKey is the variable that puts every function under the adapter: those that can
// be a server as such, the rest as the bootstraps that they are.
const adapterKey = "TEST_ADAPTER"

// Functions under the adapter pass the same tests.
func TestUnderTheAdapter(t *testing.T) {
	if os.Getenv(adapterKey) != "" {
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.short="+strconv.FormatBool(testing.Short()))
	cmd.Env = append(os.Environ(), adapterKey+"="+targettest.Program(t, "lambdaadapter"))
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, text)
	}
}

// bare has a service start without cgroups.
func bare() (*local.Cgroup, error) { return nil, errors.New("not asked for") }

// serve starts a service; where cgroups can be made, in one.
func serve(t *testing.T, c service.Config, cgroup ...func() (*local.Cgroup, error)) *fixture {
	t.Helper()
	group, err := append(cgroup, local.NewCgroup)[0]()
	if err == nil {
		t.Cleanup(func() {
			if err := group.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	f := &fixture{T: t, output: new(targettest.Output)}
	c.Cgroup, c.NoCgroup = group, err
	if c.Output == nil {
		c.Output = f.output
	}
	if f.service, err = service.New(c); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(f.service.Handler())
	f.url = server.URL
	t.Cleanup(func() {
		if err := f.service.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
		if left := f.service.State().Environments; len(left) > 0 {
			t.Errorf("left behind: %+v", left)
		}
		if t.Failed() {
			t.Logf("log:\n%s", f.output)
		}
	})
	return f
}

// invoke calls the Invoke API and returns status, headers and body.
func (f *fixture) invoke(body string, headers ...string) (*http.Response, string) {
	f.Helper()
	return f.call("POST", "/2015-03-31/functions/test/invocations", body, headers...)
}

func (f *fixture) call(method, path, body string, headers ...string) (*http.Response, string) {
	f.Helper()
	resp, text, err := f.send(method, path, body, headers...)
	if err != nil {
		f.Fatal(err)
	}
	return resp, text
}

// send is call for goroutines, which must not end the test.
func (f *fixture) send(method, path, body string, headers ...string) (*http.Response, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, f.url+path, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp, string(text), err
}

// later invokes the function in the background; what comes tells when it is
// answered, with the answer.
func (f *fixture) later(r request) <-chan string {
	f.Helper()
	body, err := json.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	said := make(chan string, 1)
	go func() {
		resp, text, err := f.send("POST", "/2015-03-31/functions/test/invocations", string(body))
		if err != nil || resp.StatusCode != 200 {
			f.Errorf("%+v is answered %s, %v", r, text, err)
		}
		said <- text
	}()
	return said
}

// rested waits until what was asked is done with, so that the next request
// finds an idle environment.
func (f *fixture) rested() {
	f.Helper()
	f.until("the environments are idle", func() bool {
		all := f.service.State().Environments
		return len(all) > 0 && !slices.ContainsFunc(all, func(e service.Environment) bool { return e.State != "idle" })
	})
}

// do has the function do something, which has to succeed.
func (f *fixture) do(r request, headers ...string) reply {
	f.Helper()
	body, err := json.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	resp, text := f.invoke(string(body), headers...)
	var said reply
	if err := json.Unmarshal([]byte(text), &said); err != nil || resp.StatusCode != 200 || resp.Header.Get("X-Amz-Function-Error") != "" {
		f.Fatalf("%+v is answered %s %v: %s", r, resp.Status, resp.Header, text)
	}
	return said
}

// meter returns a count of the service.
func (f *fixture) meter(name string) float64 {
	f.Helper()
	for _, m := range f.service.State().Meters {
		if m.Name == name {
			return m.Value
		}
	}
	f.Fatalf("no meter %q", name)
	return 0
}

// until waits for something to become true.
func (f *fixture) until(what string, is func() bool) {
	f.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			f.Fatalf("not within %s: %s; state %+v", patience, what, f.service.State())
		}
	}
}

func TestOneEnvironmentServesRequestsInTurn(t *testing.T) {
	f := serve(t, config("deeds", "MODEL=credit"))
	first := f.do(request{Text: "hello"}, "X-Amz-Client-Context", "eyJjdXN0b20iOnsiYSI6ImIifX0=") // {"custom":{"a":"b"}}
	f.rested()
	second := f.do(request{})
	if first.PID != second.PID || first.ID == second.ID {
		t.Errorf("process %d worked on %s, process %d on %s, want one process and two requests", first.PID, first.ID, second.PID, second.ID)
	}
	if first.Text != "hello" || first.Client != "b" || first.ARN != "arn:aws:lambda:us-east-1:123456789012:function:test" {
		t.Errorf("the function saw %+v", first)
	}
	if first.Left > patience || first.Left < patience/2 {
		t.Errorf("the function has %s left, want %s less what it took", first.Left, patience)
	}
	env := strings.Join(first.Env, "\n") + "\n"
	for _, want := range []string{"AWS_LAMBDA_FUNCTION_NAME=test\n", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512\n", "MODEL=credit\n", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:", "TZ=:UTC\n", "LAMBDA_TASK_ROOT=/"} {
		if !strings.Contains(env, want) {
			t.Errorf("the function's environment has no %q:\n%s", want, env)
		}
	}
	f.until("both are billed", func() bool { return f.meter("invocations") == 2 })
	if n := f.meter("environments started"); n != 1 {
		t.Errorf("%g environments started, want 1", n)
	}
}

// At most as many requests as the concurrency are worked on, each by a process
// of its own, and every other one is refused.
func TestConcurrency(t *testing.T) {
	const callers, limit = 200, 50
	c := config("deeds")
	c.Concurrency, c.Memory = limit, 128*targets.MiB
	f := serve(t, c)
	gate := make(chan struct{})
	waiting := make(chan struct{}, callers)
	gatekeeper := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		waiting <- struct{}{}
		<-gate
	}))
	defer gatekeeper.Close()
	body, err := json.Marshal(request{Do: "gate", Text: gatekeeper.URL})
	if err != nil {
		t.Fatal(err)
	}
	type outcome struct {
		status int
		pid    int
		text   string
	}
	outcomes := make(chan outcome, callers)
	for range callers {
		go func() {
			resp, text, err := f.send("POST", "/2015-03-31/functions/test/invocations", string(body))
			if err != nil {
				resp, text = new(http.Response), err.Error()
			}
			var said reply
			_ = json.Unmarshal([]byte(text), &said) // a refusal says no process
			outcomes <- outcome{resp.StatusCode, said.PID, text}
		}()
	}
	for range callers - limit { // those come at once, the others wait at the gate
		o := <-outcomes
		if o.status != 429 || o.text != `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}` {
			t.Errorf("refused with %d %s", o.status, o.text)
		}
	}
	for range limit {
		<-waiting
	}
	running := ours(t)
	close(gate)
	var pids []int
	for range limit {
		o := <-outcomes
		if o.status != 200 {
			t.Errorf("answered %d %s", o.status, o.text)
		}
		pids = append(pids, o.pid)
	}
	slices.Sort(pids)
	if len(slices.Compact(slices.Clone(pids))) != limit || !slices.Equal(running, pids) {
		t.Errorf("answered by the processes %v, there were %v, want the same %d", pids, running, limit)
	}
	if n := f.meter("throttled"); n != callers-limit {
		t.Errorf("%g throttled, want %d", n, callers-limit)
	}
	if n := f.meter("environments started"); n != limit {
		t.Errorf("%g environments started, want %d", n, limit)
	}
}

// ours returns the processes of the function, which descend from this one.
func ours(t *testing.T) []int {
	t.Helper()
	var pids []int
	for _, pid := range local.Descendants(os.Getpid()) {
		env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		program, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if strings.Contains(string(env), "AWS_LAMBDA_RUNTIME_API=") && program != os.Getenv(adapterKey) {
			pids = append(pids, pid)
		}
	}
	if len(pids) == 0 {
		t.Skip("the processes cannot be counted: no /proc here")
	}
	slices.Sort(pids)
	return pids
}

func TestBurst(t *testing.T) {
	c := config("deeds")
	c.Burst = 1
	f := serve(t, c)
	f.do(request{})
	f.rested()
	release := make(chan struct{})
	gatekeeper := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer gatekeeper.Close()
	done := f.later(request{Do: "gate", Text: gatekeeper.URL})
	f.until("the environment works", func() bool { return busy(f.service.State()) == 1 })
	resp, text := f.invoke("{}")
	if resp.StatusCode != 429 || !strings.Contains(text, "CallerRateLimitExceeded") || resp.Header.Get("X-Amzn-Errortype") != "TooManyRequestsException" {
		t.Errorf("answered %s %s, want 429 because of the rate", resp.Status, text)
	}
	if resp, text := f.call("GET", "/", ""); resp.StatusCode != 429 || text != `{"Message":"Rate Exceeded."}` {
		t.Errorf("the URL answers %s %s, want 429", resp.Status, text)
	}
	close(release)
	<-done
}

func busy(s service.State) int {
	n := 0
	for _, e := range s.Environments {
		if e.State == "busy" {
			n++
		}
	}
	return n
}

func TestFunctionErrors(t *testing.T) {
	c := config("deeds")
	c.Timeout = 2 * time.Second
	f := serve(t, c)
	for _, tc := range []struct {
		name         string
		want         request
		kind, says   string
		sameProcess  bool
		answeredByIt bool
	}{
		{"an error", request{Do: "fail", Text: "oh no"}, "errorString", "oh no", true, true},
		{"a panic", request{Do: "panic", Text: "oh dear"}, "string", "oh dear", false, true},
		{"an exit", request{Do: "exit", Size: 7}, "Runtime.ExitError", "Error: Runtime exited with error: exit status 7", false, false},
		{"an exit with 0", request{Do: "exit"}, "Runtime.ExitError", "Error: Runtime exited without providing a reason", false, false},
		{"too slow", request{Do: "sleep", For: time.Hour}, "Sandbox.Timedout", "Error: Task timed out after 2.00 seconds", false, false},
		{"too large", request{Do: "large", Size: 6<<20 + 200}, "Function.ResponseSizeTooLarge", "exceeded maximum allowed payload size (6291556 bytes)", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f.T = t
			before := f.do(request{})
			f.rested()
			body, err := json.Marshal(tc.want)
			if err != nil {
				t.Fatal(err)
			}
			errors := f.meter("function errors")
			resp, text := f.invoke(string(body))
			var said struct{ ErrorType, ErrorMessage string }
			if err := json.Unmarshal([]byte(text), &said); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if resp.StatusCode != 200 || resp.Header.Get("X-Amz-Function-Error") != "Unhandled" || resp.Header.Get("X-Amz-Executed-Version") != "$LATEST" {
				t.Errorf("answered %s %v", resp.Status, resp.Header)
			}
			if said.ErrorType != tc.kind || !strings.Contains(said.ErrorMessage, tc.says) {
				t.Errorf("answered %s, want %s: %s", text, tc.kind, tc.says)
			}
			if id := "RequestId: " + resp.Header.Get("X-Amzn-Requestid"); !tc.answeredByIt && !strings.HasPrefix(said.ErrorMessage, id) {
				t.Errorf("answered %s, want that it begins with %s", text, id)
			}
			f.until("it is counted", func() bool { return f.meter("function errors") == errors+1 })
			if tc.sameProcess {
				f.rested()
			}
			// A server outlives a panic, and the adapter an answer that is refused; a Go function does not.
			same := tc.sameProcess || os.Getenv(adapterKey) != "" && (tc.name == "a panic" || tc.name == "too large")
			if after := f.do(request{}); (after.PID == before.PID) != same {
				t.Errorf("process %d worked before, %d after", before.PID, after.PID)
			}
		})
	}
	f.T = t
}

func TestLargestAnswer(t *testing.T) {
	f := serve(t, config("deeds"))
	body, err := json.Marshal(request{Do: "large", Size: 6 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if resp, text := f.invoke(string(body)); resp.StatusCode != 200 || len(text) != 6<<20+2 {
		t.Errorf("answered %s, %d bytes", resp.Status, len(text))
	}
}

func TestInitialisationThatFails(t *testing.T) {
	for _, tc := range []struct{ role, kind, says, ended string }{
		{"die", "Runtime.ExitError", "exit status 3", "exited with status 3; its output ends: the disk is on fire"},
		{"init error", "Model.Missing", "no model", "no model"},
	} {
		t.Run(tc.role, func(t *testing.T) {
			f := serve(t, config(tc.role))
			resp, text := f.invoke("{}")
			if resp.Header.Get("X-Amz-Function-Error") != "Unhandled" || !strings.Contains(text, tc.kind) || !strings.Contains(text, tc.says) {
				t.Errorf("answered %s %s, want %s: %s", resp.Status, text, tc.kind, tc.says)
			}
			if resp, text := f.call("GET", "/", ""); resp.StatusCode != 502 || text != `{"Message":"Internal Server Error"}` {
				t.Errorf("the URL answers %s %s, want 502", resp.Status, text)
			}
			if n := f.meter("environments started"); n != 4 { // each request tries twice
				t.Errorf("%g environments started, want 4", n)
			}
			if ended := f.service.State().Ended; !strings.Contains(ended, tc.ended) {
				t.Errorf("the last environment %q, want that it %s", ended, tc.ended)
			}
		})
	}
}

// An initialisation within an invocation takes its time, unless it may take longer: then the
// function has that time after it.
func TestInitialisationWithinAnInvocation(t *testing.T) {
	for _, may := range []time.Duration{0, time.Minute} {
		c := config("dawdle", "TEST_FILE="+t.TempDir()+"/died")
		c.Timeout, c.StartTimeout = 5*time.Second, may
		f := serve(t, c)
		resp, text := f.invoke("{}")
		failed := resp.Header.Get("X-Amz-Function-Error") != ""
		if failed != (may == 0) || failed && !strings.Contains(text, "Task timed out after 5.00 seconds") {
			t.Errorf("it may take %s: failed %t, %s", may, failed, text)
		}
	}
}

func TestInitialisationIsTriedTwice(t *testing.T) {
	f := serve(t, config("die once", "TEST_FILE="+t.TempDir()+"/died"))
	f.do(request{})
	if n := f.meter("environments started"); n != 2 {
		t.Errorf("%g environments started, want 2", n)
	}
}

func TestRequestsInFlightFailWhenTheServiceEnds(t *testing.T) {
	f := serve(t, config("deaf"))
	ended := f.later(request{})
	f.until("it starts", func() bool { return len(f.service.State().Environments) == 1 })
	if err := f.service.Close(); err != nil {
		t.Error(err)
	}
	if text := <-ended; !strings.Contains(text, "the service ends") {
		t.Errorf("answered %s", text)
	}
	if resp, _ := f.invoke("{}"); resp.StatusCode != 503 {
		t.Errorf("after Close: %s, want 503", resp.Status)
	}
	if n := f.meter("throttled"); n != 0 {
		t.Errorf("%g requests count as throttled where the service ends, want 0", n)
	}
}

func TestIdleEnvironmentsAreReclaimed(t *testing.T) {
	c := config("deeds")
	c.IdleTimeout = 50 * time.Millisecond
	f := serve(t, c)
	first := f.do(request{})
	f.until("it is reclaimed", func() bool { return len(f.service.State().Environments) == 0 })
	if second := f.do(request{}); second.PID == first.PID {
		t.Errorf("process %d works though its environment is reclaimed", first.PID)
	}
	if ended := f.service.State().Ended; ended != "" {
		t.Errorf("a reclaimed environment counts as one that ended by itself: %s", ended)
	}
}

func TestKilledFromOutside(t *testing.T) {
	f := serve(t, config("deeds"))
	first := f.do(request{})
	p, err := os.FindProcess(first.PID)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	// While it is frozen it does not end, so that one request may meet it: the next, or the one
	// after where it was not back in the pool yet and another environment was started.
	failed := 0
	for range 3 {
		resp, text := f.invoke("{}")
		if resp.Header.Get("X-Amz-Function-Error") != "" {
			if failed++; failed > 1 || !strings.Contains(text, "signal: killed") {
				t.Errorf("answered %s after %d failures", text, failed-1)
			}
			continue
		}
		var said reply
		if err := json.Unmarshal([]byte(text), &said); err != nil || said.PID == 0 || said.PID == first.PID {
			t.Errorf("answered %s, want it from another process than %d, which was killed", text, first.PID)
		}
	}
}

func TestIdleEnvironmentsAreFrozen(t *testing.T) {
	f := serve(t, config("deeds"))
	pid := f.do(request{}).PID
	if why := f.service.State().NotFrozen; why != "" {
		t.Skipf("environments are not frozen here: %s", why)
	}
	// A frozen process uses no CPU time and does not run its timers.
	f.until("it stands still", func() bool {
		group, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(group)) {
			if _, name, ok := strings.Cut(strings.TrimSpace(line), ":freezer:"); ok {
				text, _ := os.ReadFile("/sys/fs/cgroup/freezer" + name + "/freezer.state")
				return strings.TrimSpace(string(text)) == "FROZEN"
			}
		}
		t.Skip("the process is in no freezer of version 1, whose state could be read")
		return false
	})
	f.rested()
	if again := f.do(request{}).PID; again != pid {
		t.Errorf("process %d works, want the thawed %d", again, pid)
	}
}

func TestBilling(t *testing.T) {
	f := serve(t, config("deeds"))
	f.do(request{Do: "sleep", For: 30 * time.Millisecond})
	f.until("it is billed", func() bool { return f.meter("invocations") == 1 })
	init, duration, billed, compute := f.meter("init duration"), f.meter("duration"), f.meter("billed duration"), f.meter("billed compute")
	if init <= 0 || duration < 30 || billed < init+duration || billed >= init+duration+1 || billed != float64(int(billed)) {
		t.Errorf("billed %g ms for %g ms of initialisation and %g ms of work", billed, init, duration)
	}
	if want := billed / 1000 / 2; compute < want*0.999 || compute > want*1.001 { // 512 MB
		t.Errorf("billed %g GB-s, want %g", compute, want)
	}
}

func TestCloseIsIdempotent(t *testing.T) {
	f := serve(t, config("deeds"))
	f.do(request{})
	for range 2 {
		if err := f.service.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	_, err := service.New(service.Config{Name: "a b", Memory: 100, Concurrency: 0, Burst: 0, Timeout: time.Hour})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`name "a b"`, "sandbox", "memory 100B", "concurrency 0", "burst 0", "timeout 1h0m0s", "idle timeout 0s"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %q", err, want)
		}
	}
}
