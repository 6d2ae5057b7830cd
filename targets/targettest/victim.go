package targettest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/targets"
)

// The variables that make a test, run once more as a process of its own, a
// victim, and tell it what to deploy.
const (
	victimServer = "TARGETTEST_VICTIM_SERVER"
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
		Command: []string{os.Getenv(victimServer)}, Env: strings.Fields(os.Getenv(victimEnv)), Ready: "/ready",
	})
	if err != nil {
		t.Fatal(err)
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
	cmd.Env = append(os.Environ(), victimServer+"="+p.server, victimEnv+"="+text)
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
