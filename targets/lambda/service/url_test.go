package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestURL(t *testing.T) {
	for _, role := range []string{"url", "stream"} {
		t.Run(role, func(t *testing.T) {
			f := serve(t, config(role))
			resp, text := f.call("PUT", "/echo?x=1", "a body \xff", "Content-Type", "image/png")
			if resp.StatusCode != 200 || text != "a body \xff" || resp.Header.Get("X-Method") != "PUT" || resp.Header.Get("Content-Type") != "image/png" || resp.Header.Get("X-Amzn-Requestid") == "" {
				t.Errorf("answered %s %v %q", resp.Status, resp.Header, text)
			}
			f.rested()
			if resp, text := f.call("GET", "/nowhere", ""); resp.StatusCode != 404 || text != "404 page not found\n" {
				t.Errorf("answered %s %q", resp.Status, text)
			}
			if resp, text := f.call("POST", "/echo", strings.Repeat("x", 6<<20+1)); resp.StatusCode != 413 {
				t.Errorf("a body over 6 MB is answered %s %s", resp.Status, text)
			}
			if resp, text := f.call("POST", "/echo", strings.Repeat("\xff", 5<<20)); resp.StatusCode != 413 {
				t.Errorf("a body whose event is over 6 MB is answered %s %s", resp.Status, text)
			}
			f.until("all is billed", func() bool { return f.meter("invocations") == 2 })
			if n := f.meter("environments started"); n != 1 {
				t.Errorf("%g environments for requests one after the other", n)
			}
		})
	}
}

func TestURLOfAFunctionThatFails(t *testing.T) {
	f := serve(t, config("url"))
	for _, path := range []string{"/exit", "/large"} {
		resp, text := f.call("GET", path, "")
		if resp.StatusCode != 502 || text != `{"Message":"Internal Server Error"}` {
			t.Errorf("%s is answered %s %s, want 502", path, resp.Status, text)
		}
	}
	if resp, _ := f.call("PUT", "/echo", "x"); resp.StatusCode != 200 {
		t.Errorf("the next request is answered %s", resp.Status)
	}
	f = serve(t, config("deeds"))
	f.url += "/" // its answers are no envelopes
	resp, text := f.call("GET", "", "")
	var said reply
	if err := json.Unmarshal([]byte(text), &said); err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" || said.PID == 0 {
		t.Errorf("a bare value is answered %s %v %s", resp.Status, resp.Header, text)
	}
}

// What a function streams arrives as it comes: the caller has the first word
// while the function still sleeps, and a caller who goes away harms nobody.
func TestURLStreams(t *testing.T) {
	f := serve(t, config("stream"))
	gate := make(chan bool)
	gatekeeper := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-gate:
		case <-r.Context().Done():
		}
	}))
	defer gatekeeper.Close()
	slow := f.url + "/slow?gate=" + gatekeeper.URL
	resp, err := http.Get(slow)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 4)
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "one " {
		t.Fatalf("first %q, %v", first, err)
	}
	if n := busy(f.service.State()); n != 1 {
		t.Errorf("%d environments work while the answer arrives, want 1", n)
	}
	gate <- true
	rest, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || string(rest) != "two" {
		t.Errorf("rest %q, %v", rest, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", slow, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err = http.DefaultClient.Do(r); err != nil {
		t.Fatal(err)
	}
	cancel()
	resp.Body.Close()
	gate <- true
	f.until("it is done with", func() bool { return f.meter("invocations") == 2 })
	if resp, text := f.call("GET", "/large", ""); resp.StatusCode != 200 || len(text) != 7<<20 {
		t.Errorf("a stream of 7 MB: %s, %d bytes", resp.Status, len(text))
	}
}

// A function that ends amid its stream has the caller's connection cut.
func TestURLOfAStreamThatBreaks(t *testing.T) {
	f := serve(t, config("stream"))
	resp, err := http.Get(f.url + "/break")
	if err == nil && resp.StatusCode == 502 { // it ended before its first word was there
		err = io.EOF
	}
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		t.Errorf("the answer ends with %v, want that it is cut off", err)
	}
	f.until("it counts as an error", func() bool { return f.meter("function errors") == 1 })
}

// The Runtime API refuses what does not fit the state, and says so.
func TestTransitions(t *testing.T) {
	f := serve(t, config("raw"))
	_, text := f.invoke(`[["GET","invocation/next",""],["POST","invocation/other/response","{}"],["POST","init/error","{}"],["GET","elsewhere",""],["POST","invocation/next",""]]`)
	var got []string
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for i, want := range []string{
		`403 {"errorType":"InvalidStateTransition","errorMessage":"State transition is not allowed"}`,
		`400 {"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}`,
		`403 {"errorType":"InvalidStateTransition"`, `404 {"errorType":"NotFound"`, `404 {"errorType":"NotFound"`,
	} {
		if !strings.HasPrefix(got[i], want) {
			t.Errorf("call %d is answered %s, want %s", i, got[i], want)
		}
	}
	// A second answer to the same request is refused, and the caller has the first.
	resp, text := f.invoke(`[["POST","invocation/ID/response","\"first\""]]`)
	if resp.StatusCode != 200 || text != `"first"` {
		t.Errorf("answered %s %s", resp.Status, text)
	}
	f.until("the second is refused", func() bool { return strings.Contains(f.output.String(), "the answer gets 403") })
	if resp, text := f.invoke(`[["POST","invocation/ID/error","no JSON"]]`); resp.Header.Get("X-Amz-Function-Error") != "Unhandled" || !strings.Contains(text, "Runtime.Unknown") {
		t.Errorf("an error that is no JSON is answered %s %s", resp.Status, text)
	}
	if resp, text := f.invoke(`[["POST","invocation/ID/error","[\"a list\"]"]]`); resp.Header.Get("X-Amz-Function-Error") != "Unhandled" || text != `["a list"]` {
		t.Errorf("an error that is JSON and no object is answered %s %s", resp.Status, text)
	}
}
