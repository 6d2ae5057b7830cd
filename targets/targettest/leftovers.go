package targettest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/local"
)

// clean checks that nothing of the test is left: no process that carries its
// mark or its folder, no mount and no file below the folder.
func (p *subject) clean() {
	p.Helper()
	for _, left := range p.processes() {
		p.Errorf("left behind: %s", left)
	}
	for _, left := range p.mounts() {
		p.Errorf("left behind: %s", left)
	}
	err := filepath.WalkDir(p.dir, func(path string, _ os.DirEntry, err error) error {
		if path != p.dir {
			p.Errorf("left behind: file %s", path)
		}
		return err
	})
	if err != nil {
		p.Errorf("look for files left behind: %v", err)
	}
}

// seen is a process in sight.
type seen struct {
	pid     int
	command string
}

func (s seen) String() string { return fmt.Sprintf("process %d: %q", s.pid, s.command) }

// processes returns those that have the test's mark in their environment or its
// words in their command line.
func (p *subject) processes() []seen {
	var found []seen
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		command, _ := os.ReadFile(filepath.Join(folder, "cmdline")) // it may be gone
		env, _ := os.ReadFile(filepath.Join(folder, "environ"))
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err == nil && (bytes.Contains(env, []byte(p.mark+"\x00")) || p.bears(string(command))) {
			found = append(found, seen{pid, string(command)})
		}
	}
	return found
}

// bears reports whether a command line holds all the words.
func (p *subject) bears(command string) bool {
	return !slices.ContainsFunc(p.words, func(word string) bool { return !strings.Contains(command, word) })
}

// servers returns the processes of this test's servers, or of what carries the
// machine that they run in.
func (p *subject) servers() []int {
	var found []int
	for _, s := range p.processes() {
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", s.pid))
		itself := filepath.Base(exe) == filepath.Base(p.server) && strings.Contains(s.command, filepath.Base(p.server))
		if itself || p.Guest {
			found = append(found, s.pid)
		}
	}
	return found
}

// mounts names those below the test's folder.
func (p *subject) mounts() []string {
	table, _ := os.ReadFile("/proc/self/mountinfo") // not there: no mounts to see
	var found []string
	for line := range strings.Lines(string(table)) {
		if strings.Contains(line, p.dir) {
			found = append(found, "mount "+strings.TrimSpace(line))
		}
	}
	return found
}

// leftovers names what a process may have left of any test: its cgroups, and
// what the target itself knows.
func (s Suite) leftovers(t *testing.T, pid int) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, depth := range []string{"", "*/"} {
		groups, _ := filepath.Glob(fmt.Sprintf("/sys/fs/cgroup/%sservebench-%d-*", depth, pid))
		for _, group := range groups {
			found["cgroup "+group] = true
		}
	}
	if s.Leftovers == nil {
		return found
	}
	names, err := s.Leftovers(t.Context(), pid)
	if err != nil {
		t.Fatalf("look for what is left behind: %v", err)
	}
	for _, name := range names {
		found[name] = true
	}
	return found
}

// sweeps kills one process in the middle of a deployment and one while its
// server runs, deaf to SIGTERM and with a child. The sweep has to remove what
// both left, and a frozen server of one more, and nothing of another that lives on. It runs by itself: the
// folder for temporary files belongs to the whole process.
func sweeps(p *subject) {
	p.Setenv("TMPDIR", p.dir)
	living, running, starting := p.victim("living"), p.victim("running", "TEST_TERM=ignore"), p.victim("starting", "TEST_START=never")
	frozen := p.victim("frozen", "TEST_TERM=ignore")
	alive, deaf := living.deployed(), running.deployed()
	// Without a cgroup, nobody can tell whose the child is once its parents
	// are gone.
	if group, err := local.NewLimited(targets.Limits{}); err == nil {
		if err := group.Close(); err != nil {
			p.Error(err)
		}
		p.must(deaf, "POST", "/fork", nil)
	}
	starting.deploying()
	frozen.deployed()
	for _, victim := range []*victim{running, starting, frozen} {
		victim.kill()
	}
	p.sweep()
	for _, victim := range []*victim{running, starting, frozen} {
		victim.vanished()
	}
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

// The variables that make a test, run once more as a process of its own, a
// victim, and tell it what to deploy.
const (
	victimName   = "TARGETTEST_VICTIM_NAME" // of one called frozen, the server is
	victimServer = "TARGETTEST_VICTIM_SERVER"
	victimImage  = "TARGETTEST_VICTIM_IMAGE"
	victimEnv    = "TARGETTEST_VICTIM_ENV" // a line each
)

func isVictim() bool { return os.Getenv(victimServer) != "" }

// deployAsVictim deploys as a run does, says where, and waits to be killed.
func deployAsVictim(t *testing.T, s Suite) {
	target, err := s.Kind.Open(targets.Config{Options: s.Options, Dir: os.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	d, err := target.Deploy(t.Context(), targets.Workload{
		Command: []string{os.Getenv(victimServer)}, Image: os.Getenv(victimImage), Env: strings.Fields(os.Getenv(victimEnv)), Ready: "/ready",
	})
	if err != nil {
		t.Fatal(err)
	}
	if kind := targets.ProcessStop; os.Getenv(victimName) == "frozen" && slices.Contains(s.Kind.Faults, kind) {
		if _, err := d.Instance.(targets.Injector).Inject(t.Context(), kind); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("deployed %s\n", d.Endpoint.URL)
	<-d.Done()
}

// victim is a process that deploys and is killed, with a subject by whose mark
// what it made is found.
type victim struct {
	*subject
	cmd *exec.Cmd
	out *bufio.Scanner
}

// victim starts one that deploys the test server with further environment.
func (p *subject) victim(name string, env ...string) *victim {
	p.Helper()
	own := *p
	own.mark = p.mark + name
	cmd := exec.Command(os.Args[0], "-test.run=^"+strings.ReplaceAll(path.Dir(p.Name()), "/", "$/^")+"$")
	// The mark is not the end of a variable, so the victim itself does not bear it.
	text := own.mark + "\n" + strings.Join(env, "\n") + "\n"
	cmd.Env = append(os.Environ(), victimName+"="+name, victimServer+"="+p.server, victimImage+"="+p.image, victimEnv+"="+text)
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	// Its folders are beside those of the others, and name who made them.
	own.words = slices.Concat(p.words, []string{fmt.Sprintf("-%d-", cmd.Process.Pid)})
	v := &victim{subject: &own, cmd: cmd, out: bufio.NewScanner(out)}
	p.Cleanup(v.kill)
	return v
}

// deployed waits until the victim's server is ready.
func (v *victim) deployed() *targets.Deployment {
	v.Helper()
	late := time.AfterFunc(2*patience, func() { _ = v.cmd.Process.Kill() }) // and it has deployed nothing
	defer late.Stop()
	for v.out.Scan() {
		if _, url, ok := strings.Cut(v.out.Text(), "deployed "); ok {
			return &targets.Deployment{Endpoint: targets.Endpoint{URL: url}}
		}
	}
	v.Fatal("the process to kill deployed nothing")
	return nil
}

// deploying waits until the victim's server came into being, or for a while
// where it cannot be seen.
func (v *victim) deploying() {
	for deadline := time.Now().Add(patience / 6); len(v.servers()) == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
}

// kill kills the victim with SIGKILL; further calls do nothing.
func (v *victim) kill() {
	if v.cmd.ProcessState == nil {
		_ = v.cmd.Process.Kill() // it ended by itself
		_ = v.cmd.Wait()         // killed
	}
}
