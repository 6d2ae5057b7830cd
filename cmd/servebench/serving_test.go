package main

import (
	"context"
	"os/exec"
	"strconv"
	"time"

	"servebench/targets"

	"github.com/rogpeppe/go-internal/testscript"
)

// serving runs a server beside the script until the script ends: serving VAR
// COMMAND [ARG...]. The server gets a free port as PORT; VAR becomes its URL. It
// returns once the server is ready.
func serving(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: serving VAR COMMAND [ARG...]")
	}
	port, err := targets.FreePort(targets.Loopback)
	ts.Check(err)
	server := exec.Command(lookPath(ts, args[1]), args[2:]...)
	server.Dir = ts.MkAbs(".")
	server.Env = append(environment(ts), "HOST="+targets.Loopback, "PORT="+strconv.Itoa(port))
	began := time.Now()
	ts.Check(server.Start())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Wait() // it is killed below
	}()
	ts.Defer(func() {
		_ = server.Process.Kill()
		<-done
	})
	url := "http://" + targets.Address(targets.Loopback, port)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err = targets.Probe{URL: url, Path: "/v2/health/ready", Began: began, Done: done}.Wait(ctx)
	ts.Check(err)
	ts.Setenv(args[0], url)
}
