package adapter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/lambda/service"
	"servebench/targets/local"
	"servebench/targets/targettest"

	"github.com/google/go-cmp/cmp"
)

// function is the server under the adapter as a function of the local Lambda service.
type function struct {
	*testing.T
	url string
	log *targettest.Output
}

// sandbox starts processes of this machine, each with a port of its own.
type sandbox struct{ service.Plain }

// Start implements service.Sandbox.
func (s sandbox) Start(p service.Process) (service.Running, error) {
	port, err := targets.FreePort(targets.Loopback)
	if err != nil {
		return nil, err
	}
	p.Env = append(p.Env, "PORT="+strconv.Itoa(port))
	return s.Plain.Start(p)
}

// adapted serves a function of this test in the role, under the adapter with further flags.
func adapted(t *testing.T, role string, flags ...string) *function {
	t.Helper()
	program, f := program(t), &function{T: t, log: new(targettest.Output)}
	s, err := service.New(service.Config{
		Name: "test", Memory: service.MostMemory, Concurrency: 10, Burst: 100, Timeout: time.Minute, IdleTimeout: time.Hour, Output: f.log,
		Sandbox: sandbox{service.Plain{Function: targets.Workload{
			Command: append(append([]string{program, "--ready", "/ready"}, flags...), "--", os.Args[0]),
			Env:     []string{roleKey + "=" + role, "TEST_FILE=" + t.TempDir() + "/once"},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	f.url = server.URL
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
		if t.Failed() {
			t.Logf("log:\n%s", f.log)
		}
	})
	return f
}

// ask sends a request and returns the answer and its body.
func (f *function) ask(method, path, body string) (*http.Response, string) {
	f.Helper()
	r, err := http.NewRequestWithContext(f.Context(), method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.Fatal(err)
	}
	return f.send(r)
}

func (f *function) send(r *http.Request) (*http.Response, string) {
	f.Helper()
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		f.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		f.Fatal(err)
	}
	return resp, string(text)
}

// invoke calls the Invoke API.
func (f *function) invoke(payload string) (*http.Response, string) {
	f.Helper()
	return f.ask("POST", "/2015-03-31/functions/test/invocations", payload)
}

var modes = map[string][]string{"buffered": nil, "streamed": {"--invoke-mode", "response_stream"}}

// A request through the function is answered as by the server itself.
func TestAnswersAsTheServer(t *testing.T) {
	directly := httptest.NewServer(site())
	defer directly.Close()
	for mode, flags := range modes {
		t.Run(mode, func(t *testing.T) {
			f, rng := adapted(t, "web", flags...), rand.New(rand.NewPCG(1, 2))
			for range 150 {
				make := anyRequest(rng)
				want, wantBody := f.send(make(t, directly.URL))
				got, gotBody := f.send(make(t, f.url))
				for _, name := range []string{"Date", "Content-Length", "Transfer-Encoding", "X-Amzn-Requestid", "Connection"} {
					want.Header.Del(name)
					got.Header.Del(name)
				}
				if want.Header.Get("Content-Type") == "" { // a function URL adds one
					got.Header.Del("Content-Type")
				}
				if got.StatusCode != want.StatusCode || gotBody != wantBody {
					t.Fatalf("%s %s: answered %s %.100q, directly %s %.100q", got.Request.Method, got.Request.URL, got.Status, gotBody, want.Status, wantBody)
				}
				if diff := cmp.Diff(want.Header, got.Header); diff != "" {
					t.Fatalf("%s %s: headers (-directly +function):\n%s", got.Request.Method, got.Request.URL, diff)
				}
			}
		})
	}
}

// anyRequest makes up a request, to be sent to any URL: text and bytes, paths that need
// escaping, statuses of all kinds, servers that close connections.
func anyRequest(rng *rand.Rand) func(t *testing.T, url string) *http.Request {
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	method, path := pick("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), pick("/", "/a%2Fb", "/%C3%A9", "/x/y", "/closing", "/large", "/hints")+pick("", "?a=1&a=2", "?q=%20+", "?size=100000")
	if rng.IntN(4) == 0 {
		path = "/status?code=" + pick("200", "204", "301", "304", "404", "418", "500", "503")
	}
	word, contentType, body := fmt.Sprint(rng.Uint32()), pick("application/json", "text/plain; charset=utf-8", "application/octet-stream", "image/png"), []byte(nil)
	if method != "GET" && method != "HEAD" {
		body = make([]byte, rng.IntN(3)*rng.IntN(400))
		for i := range body {
			body[i] = byte(rng.IntN(256))
		}
	}
	return func(t *testing.T, url string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), method, url+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "model.example"
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("X-Word", word)
		r.Header.Set("User-Agent", "tester")
		r.Header.Set("Accept-Encoding", "identity")
		r.Header.Set("Connection", "close")
		r.AddCookie(&http.Cookie{Name: "a", Value: "b"})
		r.AddCookie(&http.Cookie{Name: "c", Value: "d"})
		return r
	}
}

func TestLargeBodies(t *testing.T) {
	for mode, flags := range modes {
		t.Run(mode, func(t *testing.T) {
			f := adapted(t, "web", flags...)
			body := strings.Repeat("x", 6<<20-2000)
			if resp, text := f.ask("POST", "/", body); resp.StatusCode != http.StatusTeapot || text != body {
				t.Errorf("%d bytes are answered %s and %d bytes", len(body), resp.Status, len(text))
			}
			bytes := strings.Repeat("\xff", 4<<20)
			if resp, text := f.ask("POST", "/", bytes); resp.StatusCode != http.StatusTeapot || text != bytes {
				t.Errorf("%d bytes are answered %s and %d bytes", len(bytes), resp.Status, len(text))
			}
			if resp, text := f.ask("POST", "/early", body); resp.StatusCode != http.StatusRequestEntityTooLarge || text != "too much\n" {
				t.Errorf("a server that does not read its request: %s %s", resp.Status, text)
			}
			want := http.StatusBadGateway
			if flags != nil {
				want = http.StatusOK // no limit of 6 MB
			}
			if resp, text := f.ask("GET", "/large?size=7000000", ""); resp.StatusCode != want {
				t.Errorf("an answer of 7 MB: %s, %d bytes", resp.Status, len(text))
			}
			if resp, _ := f.ask("GET", "/", ""); resp.StatusCode != http.StatusTeapot {
				t.Errorf("the next request: %s", resp.Status)
			}
		})
	}
}

// A server that writes its answers in two parts does not wait for the adapter to acknowledge
// the first, which a kernel does after 40 ms, but not for the first ones.
func TestAnswersInTwoWrites(t *testing.T) {
	f, least := adapted(t, "two writes"), time.Hour
	for i := range 60 {
		began := time.Now()
		if resp, text := f.ask("POST", "/", "body"); resp.StatusCode != http.StatusOK || text != "body" {
			t.Fatalf("answered %s %s", resp.Status, text)
		}
		if i >= 40 {
			least = min(least, time.Since(began))
		}
	}
	if least > 35*time.Millisecond {
		t.Errorf("the fastest of 20 requests took %s", least)
	}
}

// Events that are no requests are posted as they are.
func TestOtherEvents(t *testing.T) {
	f := adapted(t, "web")
	for _, event := range []string{`{"Records":[{"body":"grüße"}]}`, `[1,2]`, `"text"`, `null`, `{"version":2}`, `{"version":"2.0"}`} {
		resp, text := f.invoke(event)
		var said struct {
			Method, Type, Context string
			Event                 json.RawMessage
		}
		if err := json.Unmarshal([]byte(text), &said); err != nil || resp.Header.Get("X-Amz-Function-Error") != "" || said.Method != "POST" || said.Type != "application/json" || string(said.Event) != event {
			t.Errorf("%s is answered %s %s", event, resp.Status, text)
		}
		var context struct {
			ID       string `json:"request_id"`
			Deadline int64  `json:"deadline"`
		}
		left := time.Duration(0)
		if err := json.Unmarshal([]byte(said.Context), &context); err == nil {
			left = time.Until(time.UnixMilli(context.Deadline))
		}
		if context.ID != resp.Header.Get("X-Amzn-Requestid") || left <= 0 || left > time.Minute {
			t.Errorf("%s: the server hears the context %s of request %s", event, said.Context, resp.Header.Get("X-Amzn-Requestid"))
		}
	}
	for event, want := range map[string]string{
		`"refuse"`: `{"errorType":"Server.Refused","errorMessage":"POST /events answered 422 Unprocessable Entity: not that one\n"}`,
		`"fail"`:   `{"errorType":"Model.Broken","errorMessage":"oh no"}`,
		`{"version":"2.0","rawPath":"x","requestContext":{"http":{"method":"GET"}}}`: `{"errorType":"Adapter.InvalidEvent","errorMessage":"the event's rawPath \"x\" does not begin with a slash"}`,
	} {
		if resp, text := f.invoke(event); resp.Header.Get("X-Amz-Function-Error") != "Unhandled" || text != want {
			t.Errorf("%s is answered %s %s, want the error %s", event, resp.Status, text, want)
		}
	}
	f = adapted(t, "web", "--events", "/elsewhere")
	if resp, text := f.invoke(`{}`); resp.Header.Get("X-Amz-Function-Error") != "Unhandled" || !strings.Contains(text, "/elsewhere answered 418") {
		t.Errorf("at another path: %s %s", resp.Status, text)
	}
}

// A server that breaks an answer off has failed, and serves on.
func TestBrokenAnswers(t *testing.T) {
	f := adapted(t, "web")
	if resp, text := f.ask("GET", "/abort", ""); resp.StatusCode != http.StatusBadGateway {
		t.Errorf("answered %s, %d bytes", resp.Status, len(text))
	}
	if resp, _ := f.ask("GET", "/", ""); resp.StatusCode != http.StatusTeapot {
		t.Errorf("the next request: %s", resp.Status)
	}
	if !strings.Contains(f.log.String(), "Server.NoAnswer: the server gave no whole answer: ") || strings.Contains(f.log.String(), "environment 1 exited") {
		t.Error("the log does not say so, or the server ended")
	}
	f = adapted(t, "web", "--invoke-mode", "response_stream")
	resp, err := http.Get(f.url + "/abort")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil && resp.StatusCode == http.StatusOK {
		t.Error("an answer that was broken off arrives as a whole one")
	}
	if resp, _ := f.ask("GET", "/", ""); resp.StatusCode != http.StatusTeapot {
		t.Errorf("the next request: %s", resp.Status)
	}
}

// The end of the server is that of the function, with its status.
func TestEnds(t *testing.T) {
	for role, want := range map[string]string{"die": "exited with status 3", "killed": "exited with status 137, which stands for signal 9 (killed)"} {
		f := adapted(t, role)
		if resp, text := f.ask("GET", "/", ""); resp.StatusCode != http.StatusBadGateway {
			t.Errorf("%s: answered %s %s", role, resp.Status, text)
		}
		if !strings.Contains(f.log.String(), "environment 2 "+want) {
			t.Errorf("%s: the log does not say %q:\n%s", role, want, f.log)
		}
	}
	if f := adapted(t, "die"); true {
		f.ask("GET", "/", "")
		if !strings.Contains(f.log.String(), "the disk is on fire") {
			t.Error("the log does not quote the server")
		}
	}
	f := adapted(t, "web")
	for _, code := range []string{"7", "0"} {
		if resp, text := f.ask("GET", "/exit?code="+code, ""); resp.StatusCode != http.StatusBadGateway {
			t.Errorf("answered %s %s", resp.Status, text)
		}
		if want := "exited with status " + code; !strings.Contains(f.log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, f.log)
		}
	}
}

func TestStarts(t *testing.T) {
	for _, role := range []string{"slow", "loading", "bootstrap", "orphan"} {
		f := adapted(t, role)
		if resp, text := f.ask("PUT", "/", "body"); resp.StatusCode != http.StatusTeapot || text != "body" {
			t.Errorf("%s: answered %s %s", role, resp.Status, text)
		}
	}
	for flag, want := range map[string]string{"nonesuch": "executable file not found in $PATH", "/etc/passwd": "permission denied"} {
		f := adapted(t, "web", "--", flag)
		if resp, text := f.invoke("{}"); resp.Header.Get("X-Amz-Function-Error") != "Unhandled" || !strings.Contains(text, `"Runtime.InvalidEntrypoint"`) || !strings.Contains(text, "start "+flag+": "+want) {
			t.Errorf("%s: answered %s %s", flag, resp.Status, text)
		}
	}
}

// A server whose first initialisation takes longer than Lambda waits gets its second within
// the invocation.
func TestSlowInitialisation(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 10 s")
	}
	f := adapted(t, "slow once")
	began := time.Now()
	if resp, text := f.ask("PUT", "/", "body"); resp.StatusCode != http.StatusTeapot || text != "body" {
		t.Errorf("answered %s %s", resp.Status, text)
	}
	if took := time.Since(began); took < 10*time.Second {
		t.Errorf("after %s, before Lambda gave up", took)
	}
}

// As the first process of a sandbox, the adapter hands signals on and leaves no zombies.
func TestFirstProcess(t *testing.T) {
	api := newRuntimeAPI()
	defer api.Close()
	port, err := targets.FreePort(targets.Loopback)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t), "--port", strconv.Itoa(port), "--ready", "/ready", "--", os.Args[0])
	cmd.Env = []string{roleKey + "=orphan", "PATH=" + targets.SearchPath, "AWS_LAMBDA_RUNTIME_API=" + api.Listener.Addr().String()}
	output := new(targettest.Output)
	cmd.Stdout, cmd.Stderr = output, output
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	<-api.asked
	for deadline := time.Now().Add(time.Minute); len(local.Descendants(cmd.Process.Pid)) != 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("processes %v, want the adapter and the server", local.Descendants(cmd.Process.Pid))
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || err.Error() != "exit status 9" || !strings.Contains(output.String(), "terminated") {
		t.Errorf("after SIGTERM: %v\n%s", err, output)
	}
}

// Where there is no Lambda, the command runs in the place of the adapter.
func TestWithoutLambda(t *testing.T) {
	cmd := exec.Command(program(t), "--", "sh", "-c", "echo $$ $PORT; exit 5")
	cmd.Env = []string{"PATH=" + targets.SearchPath}
	text, err := cmd.Output()
	if want := fmt.Sprintf("%d\n", cmd.Process.Pid); string(text) != want || cmd.ProcessState.ExitCode() != 5 {
		t.Errorf("printed %q, %v, want %q", text, err, want)
	}
}
