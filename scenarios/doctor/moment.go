package doctor

import (
	"context"
	"fmt"
	"os"
	"time"

	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/scenarios/attack"
	"servebench/scenarios/host"
	"servebench/targets"
)

// How long the machine is watched: so many waits for the next millisecond, as a
// load of 1,000 requests/s would make them.
const (
	waits   = 1000
	waitGap = time.Millisecond
)

// moment is how the machine does right now.
type moment struct {
	late    []time.Duration // of the waits, ascending
	machine record.Machine
	err     error
}

// measureMoment measures as a run would: on the generator's CPUs, with real-time
// priority and the CPUs awake, as far as that may be had here.
func measureMoment(ctx context.Context) (m moment) {
	var split host.Split
	if cpus, err := host.CPUs(); err == nil {
		split = host.Share(cpus, 1)
		if restore, err := host.Pin(split.Generator); err == nil {
			defer restore()
		}
	}
	if restore, err := host.Raise(); err == nil {
		defer restore()
	}
	machine, awake := host.Watch(), &host.Awake{}
	if !split.Shared {
		if kept, err := host.KeepAwake(split.Generator); err == nil {
			awake = kept
		}
	}
	m.late, m.err = attack.Punctuality(ctx, waits, waitGap)
	_ = awake.Close() // the measurement is made
	m.machine = machine(awake.Used())
	return m
}

// lateLimit is half of what a run allows: a request that leaves more than a
// millisecond late counts as late, see sentence.LagMethod, and the wait is only a
// part of its way.
const lateLimit = 500 * time.Microsecond

func judgeTimer(m moment) Result {
	f := Result{Name: "timer"}
	if m.err != nil || len(m.late) == 0 {
		f.Status, f.Found, f.Fix = Warn, fmt.Sprintf("could not be measured: %v", m.err), targets.Program()+" doctor"
		return f
	}
	p50, p99 := m.late[len(m.late)/2], m.late[len(m.late)*99/100]
	f.Found = fmt.Sprintf("p50 %s, p99 %s late in %s waits of %s",
		format.Duration(p50), format.Duration(p99), format.Count(int64(len(m.late))), format.Duration(waitGap))
	if p99 > lateLimit {
		f.Status = Warn
		f.Why = "a run is INVALID when too many requests leave late: lag " + sentence.LagMethod()
		f.Fix = "stop other programs on this machine, or measure on one that no other guest shares"
		if os.Geteuid() != 0 {
			f.Fix = runAsRoot() + ", " + f.Fix
		}
	}
	return f
}

// muchStolen is the share of CPU time from which runs name it as a reason for
// late requests.
const muchStolen = 0.01

func judgeSteal(m moment) Result {
	f := Result{Name: "steal", Found: "not known"}
	if !m.machine.Known {
		return f
	}
	f.Found = fmt.Sprintf("%s of the CPU time went to other guests of a hypervisor", format.Percent(m.machine.Stolen))
	if m.machine.Stolen >= muchStolen {
		f.Status = Warn
		f.Why = "a request is late if its CPU is away when it is due"
		f.Fix = "stop other programs on this machine; if the hypervisor still withholds CPU time, measure on a machine whose CPUs no other guest shares, or at a quieter hour"
	}
	return f
}

// muchBusy is more of all CPU time than the waits themselves take.
const muchBusy = 0.10

func judgeLoad(m moment) Result {
	f := Result{Name: "other load", Found: "not known"}
	if !m.machine.Known {
		return f
	}
	f.Found = fmt.Sprintf("%s of the CPU time was in use", format.Percent(m.machine.Busy))
	if m.machine.Busy > muchBusy {
		f.Status = Warn
		f.Why = "what else runs here takes CPU time from the target, and the figures show it"
		f.Fix = "stop it; top says what it is"
	}
	return f
}
