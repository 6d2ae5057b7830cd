package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"servebench/targets"
)

// Faults are the kinds of faults that a Prey takes.
func Faults() []string {
	return append([]string{targets.ProcessKill, targets.ProcessStop}, onlyHere()...)
}

// Prey is what a fault hits: the processes of a server on this machine.
type Prey struct {
	Main  int     // the process that the server ends with
	Group *Cgroup // all its processes are in; nil: they are Main and its descendants
	Port  int     // of the loopback interface that it is reached at
}

// Inject injects a fault. Whatever becomes of this process, a fault is gone when the server
// is.
func (p Prey) Inject(kind string) (targets.Injected, error) {
	switch kind {
	case targets.ProcessKill:
		return p.kill()
	case targets.ProcessStop:
		return p.stop()
	case targets.NetworkPartition:
		return p.partition()
	}
	return targets.Injected{}, fmt.Errorf("inject %s: the target does not know it", kind)
}

func (p Prey) kill() (targets.Injected, error) {
	if err := syscall.Kill(p.Main, syscall.SIGKILL); err != nil {
		return targets.Injected{}, fmt.Errorf("kill process %d: %w", p.Main, err)
	}
	return targets.Injected{Text: fmt.Sprintf("SIGKILL to process %d", p.Main)}, nil
}

// freezing is how long the processes have to come to a stop. One takes the signal when it
// gets a CPU, which on a busy machine is not soon.
const freezing = 10 * time.Second

// stop freezes all processes, also those that one started which was not frozen yet, and
// returns when none of them runs any more.
func (p Prey) stop() (targets.Injected, error) {
	var frozen []int
	fail := func(err error) (targets.Injected, error) {
		return targets.Injected{}, errors.Join(err, signalAll(frozen, syscall.SIGCONT))
	}
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		before := len(frozen)
		for _, pid := range p.processes() {
			if slices.Contains(frozen, pid) {
				continue
			}
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fail(fmt.Errorf("freeze process %d: %w", pid, err))
			}
			frozen = append(frozen, pid)
		}
		running := slices.IndexFunc(frozen, runs)
		if running < 0 && len(frozen) == before {
			break
		}
		if running >= 0 && time.Since(began) > freezing {
			return fail(fmt.Errorf("freeze process %d: it still runs %s after SIGSTOP", frozen[running], freezing))
		}
	}
	return targets.Injected{
		Text: "SIGSTOP to " + counted(frozen),
		Heal: func(context.Context) error { return signalAll(p.still(frozen), syscall.SIGCONT) },
	}, nil
}

func (p Prey) processes() []int {
	if p.Group == nil {
		return Descendants(p.Main)
	}
	pids, _ := p.Group.Processes() // which may be gone
	return pids
}

// still are those of the processes that are the server's yet.
func (p Prey) still(pids []int) []int {
	now := p.processes()
	return slices.DeleteFunc(slices.Clone(pids), func(pid int) bool { return !slices.Contains(now, pid) })
}

func signalAll(pids []int, s syscall.Signal) error {
	var failed []error
	for _, pid := range pids {
		if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			failed = append(failed, fmt.Errorf("send %s to process %d: %w", s, pid, err))
		}
	}
	return errors.Join(failed...)
}

// counted names processes: "process 12", "processes 12, 34".
func counted(pids []int) string {
	if len(pids) == 1 {
		return fmt.Sprintf("process %d", pids[0])
	}
	return "processes " + strings.Trim(strings.ReplaceAll(fmt.Sprint(pids), " ", ", "), "[]")
}
