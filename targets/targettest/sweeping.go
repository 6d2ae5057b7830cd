package targettest

import (
	"context"
	"time"

	"servebench/targets/local"
)

// sweeps kills one process in the middle of a deployment and one while its
// server runs, deaf to SIGTERM and with a child. The sweep has to remove what
// both left, and nothing of a third that lives on. It runs by itself: the
// folder for temporary files belongs to the whole process.
func sweeps(p *subject) {
	p.Setenv("TMPDIR", p.dir)
	living, running, starting := p.victim("living"), p.victim("running", "TEST_TERM=ignore"), p.victim("starting", "TEST_START=never")
	alive, deaf := living.deployed(), running.deployed()
	// Without a cgroup, nobody can tell whose the child is once its parents
	// are gone.
	if group, err := local.NewLimited(0); err == nil {
		if err := group.Close(); err != nil {
			p.Error(err)
		}
		p.must(deaf, "POST", "/fork", nil)
	}
	starting.deploying()
	running.kill()
	starting.kill()
	p.sweep()
	running.vanished()
	starting.vanished()
	p.must(alive, "GET", "/ready", nil)
	living.kill()
	p.sweep()
	living.vanished()
	p.vanished()
}

// sweep sweeps the target, if it leaves anything.
func (p *subject) sweep() {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), patience)
	defer cancel()
	removed, err := p.Kind.Sweep(ctx)
	if err != nil {
		p.Errorf("Sweep: %v", err)
	}
	for _, line := range removed {
		p.Logf("removed %s", line)
	}
}

// vanished waits until no process of the target is left, since those that are
// killed take a moment.
func (p *subject) vanished() {
	p.Helper()
	for deadline := time.Now().Add(patience / 6); len(p.processes()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			p.Errorf("left behind: %v", p.processes())
			return
		}
	}
}

// vanished looks as well for what else the victim made.
func (v *victim) vanished() {
	v.Helper()
	v.subject.vanished()
	for name := range v.leftovers(v.T, v.cmd.Process.Pid) {
		v.Errorf("left behind: %s", name)
	}
}
