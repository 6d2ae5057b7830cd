package targettest

import (
	"context"
	"slices"
	"strings"
	"time"

	"servebench/targets"
)

// report is what the test server says about its surroundings.
type report struct {
	Args, Env  []string
	Began      time.Time
	GOMAXPROCS int
	CPUs       string
}

func answers(p *subject) {
	called := time.Now()
	d := p.deploy(p.workload())
	took := time.Since(called)
	p.must(d, "GET", "/ready", nil)
	var names []string
	for _, s := range d.Stages {
		names = append(names, s.Name)
	}
	if want := []string{targets.Started, targets.Listening, targets.Ready}; !slices.Equal(names, want) {
		p.Errorf("stages %v, want %v", names, want)
	}
	if at := d.Stages[len(d.Stages)-1].At; d.Began.Before(called) || at > took {
		p.Errorf("stages from %s to %s after the call, which took %s", d.Began.Sub(called), at, took)
	}
	if err := d.Err(); err != nil {
		p.Errorf("Err while it runs: %v", err)
	}
	p.close(d)
	if err := d.Err(); err != nil {
		p.Errorf("Err after Close: %v", err)
	}
	if err := p.ask(d, "GET", "/ready", nil); err == nil {
		p.Error("the server answers after Close")
	}
}

func surroundings(p *subject) {
	w := p.workload("MODEL=credit", "HOME=/elsewhere", "LISTEN={host}:{port}")
	w.Command = append(w.Command, "--verbose")
	if !p.Replaces {
		w.Command = append(w.Command, "--listen={host}:{port}")
	}
	w.Limits.GOMAXPROCS = 3
	d := p.deploy(w)
	var r report
	p.must(d, "GET", "/report", &r)
	env := p.environment(r)
	for key, want := range map[string]string{"MODEL": "credit", "HOME": "/elsewhere", "GOMAXPROCS": "3"} {
		if env[key] != want {
			p.Errorf("%s is %q in the server's environment, want %q", key, env[key], want)
		}
	}
	p.addressed(r, env)
	if _, there := env["SHELL"]; there || env["PATH"] == "" {
		p.Errorf("environment %q is not the minimal one", r.Env)
	}
	if r.GOMAXPROCS != 3 || p.fact(d, "GOMAXPROCS").Value != "3" {
		p.Errorf("GOMAXPROCS %d, fact %q, want 3", r.GOMAXPROCS, p.fact(d, "GOMAXPROCS").Value)
	}
}

// environment returns the server's environment by key.
func (p *subject) environment(r report) map[string]string {
	p.Helper()
	env := map[string]string{}
	for _, pair := range r.Env {
		key, value, _ := strings.Cut(pair, "=")
		if _, twice := env[key]; twice {
			p.Errorf("%s is twice in the environment", key)
		}
		env[key] = value
	}
	return env
}

// addressed checks that the server was told where to listen, or where its work
// comes from and nothing untrue.
func (p *subject) addressed(r report, env map[string]string) {
	p.Helper()
	want := []string{"--verbose", "--listen=" + env["HOST"] + ":" + env["PORT"]}
	if address := env["HOST"] + ":" + env["PORT"]; env["LISTEN"] != address && !p.Replaces {
		p.Errorf("LISTEN is %q, want {host}:{port} replaced: %q", env["LISTEN"], address)
	}
	if p.Replaces {
		want = want[:1]
		_, host := env["HOST"]
		_, port := env["PORT"]
		if env["AWS_LAMBDA_RUNTIME_API"] == "" || host || port {
			p.Errorf("environment %q: want AWS_LAMBDA_RUNTIME_API in it, and neither HOST nor PORT", r.Env)
		}
	}
	if len(r.Args) == 0 || !slices.Equal(r.Args[1:], want) {
		p.Errorf("arguments %q, want the executable and %q", r.Args, want)
	}
}

func several(p *subject) {
	one, two := p.deploy(p.workload("NAME=one")), p.deploy(p.workload("NAME=two"))
	if one.Endpoint.URL == two.Endpoint.URL {
		p.Fatalf("both deployments answer at %s", one.Endpoint.URL)
	}
	p.close(one)
	var r report
	p.must(two, "GET", "/report", &r)
	if !slices.Contains(r.Env, "NAME=two") {
		p.Errorf("the second deployment has the environment %q", r.Env)
	}
	p.deploy(p.workload()) // a target can be used again after Close
}

func children(p *subject) {
	d := p.deploy(p.workload())
	p.must(d, "POST", "/fork", nil)
	p.must(d, "POST", "/fork", nil)
	p.close(d)
	p.clean()
}

// ending returns a context that ends soon after the call.
func ending(p *subject, after time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), after)
	p.Cleanup(cancel)
	return ctx
}
