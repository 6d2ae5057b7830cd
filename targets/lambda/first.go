package lambda

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/lambda/service"
)

// How long to wait before a readiness request is repeated: a part of the time
// waited, so that the stamp is late by little and a slow start is not polled to
// death. One is under way at a time, since each would start an environment.
const (
	pauseFirst = time.Millisecond
	pauseMost  = 100 * time.Millisecond
	pauseShare = 50
)

// first makes the deployment: it waits for the service, and then until the
// function answers the readiness request, of which the first starts its first
// environment.
func (t target) first(ctx context.Context, w targets.Workload, i *instance, called time.Time) (*targets.Deployment, error) {
	at, err := i.listening(ctx)
	if err != nil {
		return nil, err
	}
	i.operator = at.Operator
	i.follow(w.Events)
	began := time.Now()
	d := &targets.Deployment{Endpoint: targets.Endpoint{URL: at.URL}, Began: began, Preparation: began.Sub(called), Instance: i}
	ready, err := t.ready(ctx, i, at, w, began)
	if err != nil {
		return nil, err
	}
	state, err := i.located(ctx)
	if err != nil {
		return nil, err
	}
	oldest := state.Environments[0]
	d.Stages = stages(began, oldest, ready)
	d.Facts = append(t.facts(w, state, oldest.PID, d.Preparation), t.initFacts(oldest.Listening.Sub(oldest.Started), oldest.InitCPUWait)...)
	return d, nil
}

// located is what happens in the service once the process of the environment that
// answered is known: on a busy machine a container's runtime may name it after its first
// answer, but not by more than a second.
func (i *instance) located(ctx context.Context) (service.State, error) {
	for deadline := time.Now().Add(time.Second); ; time.Sleep(time.Millisecond) {
		state, err := i.state(ctx)
		switch {
		case err != nil:
			return state, err
		case len(state.Environments) == 0:
			return state, fmt.Errorf("the server answered and its environment is gone: %s", state.Ended)
		case state.Environments[0].PID != 0, time.Now().After(deadline):
			return state, nil
		}
	}
}

// stages are those of the first environment.
func stages(began time.Time, e service.Environment, ready time.Duration) []record.Stage {
	listening := min(max(e.Listening.Sub(began), 0), ready)
	started := min(max(e.Started.Sub(began), 0), listening)
	return []record.Stage{{Name: targets.Started, At: started}, {Name: targets.Listening, At: listening}, {Name: targets.Ready, At: ready}}
}

// ready repeats the readiness request until it is answered as the workload wants, and
// returns when that was.
func (t target) ready(ctx context.Context, i *instance, at service.Addresses, w targets.Workload, began time.Time) (time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if !t.adapted(w) {
		go i.watch(ctx, w, cancel)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for {
		err := targets.CheckReady(ctx, client, at.URL, w.Ready, w.Credentials, w.AnyAnswer)
		took := time.Since(began)
		if err == nil {
			return took, nil
		}
		if unsuited, ok := errors.AsType[errUnsuited](context.Cause(ctx)); ok {
			return 0, fmt.Errorf("%w%s", unsuited, i.Output.Quote())
		}
		if ended := i.judge(ctx); ended != nil {
			return 0, ended
		}
		select {
		case <-time.After(min(max(took/pauseShare, pauseFirst), pauseMost)):
		case <-i.Done():
			return 0, fmt.Errorf("%w: the Lambda service %w", targets.ErrEnded, i.Ended())
		case <-ctx.Done():
			return 0, i.waited(ctx, err)
		}
	}
}

// watchPause is how often to look whether the server is ready elsewhere.
const watchPause = 500 * time.Millisecond

// errUnsuited says what a server lacks that will never ask for work.
type errUnsuited string

func (e errUnsuited) Error() string { return "the server " + string(e) }

// watch gives up the wait for a plain web server: one that twice in a row
// answers the readiness request with 2xx on a port that it listens on, and has
// not called the Runtime API. One that merely listens may still be loading.
func (i *instance) watch(ctx context.Context, w targets.Workload, give context.CancelCauseFunc) {
	transport := &http.Transport{DisableKeepAlives: true}
	client := &http.Client{Transport: transport, Timeout: watchPause}
	for seen := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(watchPause):
		}
		state, err := i.state(ctx)
		if err != nil || len(state.Environments) == 0 {
			continue
		}
		ports := state.Environments[0].Ports
		ready := slices.ContainsFunc(ports, func(port int) bool {
			return targets.CheckReady(ctx, client, "http://"+targets.Address(targets.Loopback, port), w.Ready, w.Credentials, w.AnyAnswer) == nil
		})
		switch {
		case !ready:
			seen = 0
		case seen == 0:
			seen = 1
		default:
			give(errUnsuited(state.Environments[0].Lacks))
			return
		}
	}
}

// judge says how the server ended, if the readiness request found none alive.
func (i *instance) judge(ctx context.Context) error {
	state, err := i.state(ctx)
	if err != nil || len(state.Environments) > 0 || state.Ended == "" {
		return nil // who waits for the service and ctx says more
	}
	return fmt.Errorf("%w: it %s", targets.ErrEnded, state.Ended)
}

// waited says what a deployment that was given up waited for.
func (i *instance) waited(ctx context.Context, last error) error {
	why := fmt.Errorf("%w while waiting for the server to be ready: %w", context.Cause(ctx), last)
	now, cancel := context.WithTimeout(context.Background(), stateTime)
	defer cancel()
	if state, err := i.state(now); err == nil && len(state.Environments) > 0 && state.Environments[0].Lacks != "" {
		why = fmt.Errorf("%w; given up: %w", errUnsuited(state.Environments[0].Lacks), context.Cause(ctx))
	}
	return fmt.Errorf("%w%s", why, i.Output.Quote())
}
