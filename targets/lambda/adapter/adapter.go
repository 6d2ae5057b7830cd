// Package adapter makes a Lambda function of any HTTP server: it starts the server,
// waits until that is ready, asks the Lambda Runtime API for work, and turns the events
// into HTTP requests and the answers back. An event of a function URL (or of an API
// Gateway's HTTP API, which is the same) becomes the request that it was made of; any
// other is posted as it is to a path of the server.
//
// It stands between service, or AWS's Lambda, and the server. cmd/lambdaadapter is its
// program, which has to be small and quick to start, as it is a part of every cold
// start; so it speaks the Runtime API itself.
package adapter

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"servebench/targets/functionurl"
)

// Config says what the server is and how events reach it.
type Config struct {
	Command []string // argument vector of the server; its first element is looked up in PATH
	Env     []string // the server's environment, KEY=VALUE
	Port    int      // that the server listens on, at 127.0.0.1
	// Ready is the path that is asked until any answer with a status below 500 shows
	// that the server is ready.
	Ready string
	// Stream says that answers are handed on as the server writes them; the function's
	// URL has to be one that streams.
	Stream bool
	Events string    // path that events are posted to which are no HTTP requests
	API    string    // address of the Runtime API: AWS_LAMBDA_RUNTIME_API
	Log    io.Writer // gets a line about each thing that went wrong
}

// adapter carries requests from the Runtime API to the server.
type adapter struct {
	Config
	api     runtimeAPI
	server  transport
	ended   <-chan struct{} // closed when the server's process ended
	replies chan struct{}   // holds an element while an answer is handed over
}

func newAdapter(c Config, ended <-chan struct{}) *adapter {
	return &adapter{
		Config: c, api: newRuntimeAPI(c.API), server: newServerTransport(fmt.Sprintf("127.0.0.1:%d", c.Port)),
		ended: ended, replies: make(chan struct{}, 1),
	}
}

// serve waits until the server is ready and then works on one event after another. It
// returns when the Runtime API fails, or nothing when the server ended.
func (a *adapter) serve() error {
	a.awaitReady()
	for {
		inv, err := a.api.next()
		if err != nil {
			return err
		}
		if err := a.invoke(inv); err != nil {
			return err
		}
	}
}

// The pauses between readiness requests grow with the time waited, so that a slow start is
// noticed late by 2 % at most and a server that never listens, such as one that asks the
// Runtime API for work itself, is not disturbed.
const (
	pauseFirst = time.Millisecond
	pauseMost  = time.Second
	pauseShare = 50
	// sayTime is after how long the log says what the adapter waits for.
	sayTime = time.Second
	// answerTime is how long a readiness request may take.
	answerTime = 5 * time.Second
)

// awaitReady waits for as long as it takes: Lambda bounds the initialisation. What it waits
// for is said once that is long.
func (a *adapter) awaitReady() {
	said := ""
	for began := time.Now(); ; {
		err := a.checkReady()
		if err == nil {
			return
		}
		waited := time.Since(began)
		if text := err.Error(); waited > sayTime && text != said {
			fmt.Fprintf(a.Log, "lambdaadapter: waiting for the server on port %d: %s\n", a.Port, text)
			said = text
		}
		time.Sleep(min(max(waited/pauseShare, pauseFirst), pauseMost))
	}
}

// checkReady sends one readiness request.
func (a *adapter) checkReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.server.address+a.Ready, nil)
	if err != nil {
		return err
	}
	resp, err := a.server.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("GET %s answered %s", a.Ready, resp.Status)
	}
	return nil
}

// invoke carries one event to the server and its answer back. A server that ended is not
// told of: the whole function ends with it. It fails when the Runtime API does.
func (a *adapter) invoke(inv *invocation) error {
	answer, err := a.ask(inv)
	if err == nil {
		a.replies <- struct{}{}
		err = a.api.reply(inv.id, answer, a.ended)
		<-a.replies
	}
	failed, ok := errors.AsType[*failure](err)
	if !ok {
		return err
	}
	select {
	case <-a.ended:
		select {} // the end is near
	case <-time.After(endTime):
	}
	fmt.Fprintf(a.Log, "lambdaadapter: %s: %s\n", failed.Type, failed.Message)
	return a.api.fail(inv.id, failed)
}

// endTime is how long the end of a process takes at most to be noticed.
const endTime = 100 * time.Millisecond

// ask asks the server. All that goes wrong with it is a *failure.
func (a *adapter) ask(inv *invocation) (*reply, error) {
	r, err := functionurl.Request(context.Background(), inv.payload)
	if errors.Is(err, functionurl.ErrOther) {
		return a.pass(inv)
	}
	if err != nil {
		return nil, &failure{"Adapter.InvalidEvent", err.Error()}
	}
	resp, err := a.server.send(r, inv)
	if err != nil {
		return nil, noAnswer(err)
	}
	answer := functionurl.Answer{Status: resp.StatusCode, Header: resp.Header}
	if a.Stream {
		return &reply{kind: functionurl.StreamType, body: answer.Stream(resp.Body), streamed: resp.Body}, nil
	}
	if answer.Body, err = readAll(resp); err != nil {
		return nil, noAnswer(err)
	}
	payload, err := answer.Payload()
	return &reply{kind: "application/json", body: bytes.NewReader(payload)}, err
}

// pass posts an event to the server as it is.
func (a *adapter) pass(inv *invocation) (*reply, error) {
	r, err := http.NewRequest(http.MethodPost, a.Events, bytes.NewReader(inv.payload))
	if err != nil {
		return nil, err
	}
	r.Host = a.server.address
	r.Header["Content-Type"] = []string{"application/json"}
	resp, err := a.server.send(r, inv)
	if err != nil {
		return nil, noAnswer(err)
	}
	if a.Stream && resp.StatusCode/100 == 2 {
		return &reply{kind: "application/octet-stream", body: resp.Body, streamed: resp.Body}, nil
	}
	body, err := readAll(resp)
	if err != nil {
		return nil, noAnswer(err)
	}
	if resp.StatusCode/100 != 2 {
		return nil, refused(body, fmt.Sprintf("POST %s answered %s: %.1000s", a.Events, resp.Status, body))
	}
	return &reply{kind: resp.Header.Get("Content-Type"), body: bytes.NewReader(body)}, nil
}

// refused is the error of a server that does not take an event: what it says in the form of
// Lambda's errors, else the message.
func refused(body []byte, message string) *failure {
	said := &failure{}
	if json.Unmarshal(body, said) == nil && said.Message != "" {
		said.Type = cmp.Or(said.Type, refusedType)
		return said
	}
	return &failure{refusedType, message}
}

// refusedType is the type of the error of a server that names none.
const refusedType = "Server.Refused"

// noAnswer is the failure of a server that broke its answer off, or gave none.
func noAnswer(err error) *failure {
	return &failure{"Server.NoAnswer", fmt.Sprintf("the server gave no whole answer: %v", err)}
}
