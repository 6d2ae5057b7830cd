package service_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// onLine is a log that does something once, while a line that holds the text is
// written, before the service goes on.
type onLine struct {
	io.Writer
	text string
	do   func()
	once sync.Once
}

func (o *onLine) Write(p []byte) (int, error) {
	if strings.Contains(string(p), o.text) {
		o.once.Do(o.do)
	}
	return o.Writer.Write(p)
}

// The timeout of a request ends its environment only while that still works on
// it: a request that comes at that moment is answered, by the same environment
// or by another.
func TestATimeoutSparesTheNextRequest(t *testing.T) {
	gate, deadline := make(chan struct{}), make(chan struct{})
	gatekeeper := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-gate }))
	defer gatekeeper.Close()
	c := config("raw")
	c.Timeout = 2 * time.Second
	f := new(fixture)
	answers := make(chan string, 1)
	c.Output = &onLine{Writer: io.Discard, text: "timed out", do: func() {
		close(gate) // the function asks for more work
		go func() {
			_, text, err := f.send("POST", "/2015-03-31/functions/test/invocations", `[]`)
			if err != nil {
				text = err.Error()
			}
			answers <- text
		}()
		// Until the next request is with an environment, but for 200 ms at most.
		for range 200 {
			for _, e := range f.service.State().Environments {
				if e.State == "busy" && (e.Number > 1 || e.Invocations > 1) {
					close(deadline)
					return
				}
			}
			time.Sleep(time.Millisecond)
		}
		close(deadline)
	}}
	f = serve(t, c)
	if _, text := f.invoke(fmt.Sprintf(`[["POST","invocation/ID/response","\"early\""],["GATE",%q,""]]`, gatekeeper.URL)); text != `"early"` {
		t.Fatalf("answered %s", text)
	}
	<-deadline
	if text := <-answers; text != "null" {
		t.Errorf("the next request is answered %s, want the function's null", text)
	}
}

// goroutines counts those that are in a function of that name.
func goroutines(name string) int {
	stacks := make([]byte, 16<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), name)
}

// A caller who does not read a stream holds nothing once the function's time is
// over: neither the environment nor a goroutine of the service.
func TestAStreamThatNobodyReadsEnds(t *testing.T) {
	t.Parallel() // it waits for the caller's patience to end
	c := config("stream")
	c.Timeout = time.Second
	f := serve(t, c)
	resp, err := http.Get(f.url + "/endless")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	f.until("it is billed", func() bool { return f.meter("invocations") == 1 })
	for _, name := range []string{"service.(*environment).stream(", "service.relay("} {
		f.until("no goroutine is in "+name, func() bool { return goroutines(name) == 0 })
	}
}

// Who is not of the environment gets no work from its Runtime API, whether the
// function waits there or not, and the function works on.
func TestTheRuntimeAPIServesItsEnvironmentAlone(t *testing.T) {
	f := serve(t, config("deeds"))
	said := f.do(request{})
	f.rested()
	var api string
	for _, pair := range said.Env {
		if key, value, _ := strings.Cut(pair, "="); key == "AWS_LAMBDA_RUNTIME_API" {
			api = value
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	refused := make(chan string, 1)
	go func() {
		r, err := http.NewRequestWithContext(ctx, "GET", "http://"+api+"/2018-06-01/runtime/invocation/next", nil)
		if err != nil {
			panic(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			refused <- err.Error()
			return
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		refused <- resp.Status + " " + string(text)
	}()
	time.Sleep(50 * time.Millisecond)           // it waits, unless it was refused
	for len(refused) == 0 && ctx.Err() == nil { // one of these it would get
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		r, err := http.NewRequestWithContext(ctx, "POST", f.url+"/2015-03-31/functions/test/invocations", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := http.DefaultClient.Do(r); err == nil {
			resp.Body.Close()
		}
		cancel()
	}
	if got := <-refused; !strings.HasPrefix(got, "403 ") {
		t.Errorf("a stranger who asks for work gets %s, want 403", got)
	}
	if again := f.do(request{}); again.PID != said.PID {
		t.Errorf("process %d worked before, %d after", said.PID, again.PID)
	}
	for _, path := range []string{"invocation/x/response", "invocation/x/error", "init/error"} {
		resp, err := http.Post("http://"+api+"/2018-06-01/runtime/"+path, "", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 403 {
			t.Errorf("a stranger's POST to %s gets %s, want 403", path, resp.Status)
		}
	}
}

// A function that asks for work again while it waits for some has given up the
// former request: the later one gets the work.
func TestAskingForWorkTwice(t *testing.T) {
	c := config("twice")
	c.Freeze = false // it asks again when it has no work
	f := serve(t, c)
	f.invoke(`{}`)
	f.until("the former is refused", func() bool { return strings.Contains(f.output.String(), "the former got 403") })
	if _, text := f.invoke(`{}`); text != "403" {
		t.Errorf("answered %s, want the status 403 of the former request", text)
	}
}
