package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"
	"servebench/targets/vm/guest"
)

// instance is a running guest.
type instance struct {
	targets.Account
	*targets.End
	machine *machine
	port    int // of this machine that is forwarded
	qemu    *local.Process
	group   *local.Cgroup // nil: none
	console *console
	output  *console // that of the first process and the server
	// reached holds each event that leads to a ready server, once it happened.
	reached map[string]chan happening

	mu     sync.Mutex
	end    *guest.Event // Ended or Failed; nil: none yet
	booted bool         // its first process ran

	once     sync.Once
	closeErr error
}

// boot starts the machine. forward is as for arguments; output gets what is on the
// console, nil: nobody.
func (m *machine) boot(forward int, output io.Writer) (*instance, error) {
	i := &instance{
		End: targets.NewEnd(), machine: m, port: forward, console: &console{token: m.token, output: output}, output: &console{token: m.token, output: output},
		reached: map[string]chan happening{},
	}
	var theirs []*os.File
	for _, c := range []*console{i.console, i.output} {
		end, err := c.connect()
		if err != nil {
			return nil, errors.Join(err, i.hangUp())
		}
		defer end.Close() // QEMU has its own
		theirs = append(theirs, end)
	}
	i.group, _ = local.NewLimited(targets.Limits{CPUs: m.quota}) // without one, used adds up the processes
	var err error
	if i.qemu, err = local.Start(m.command(forward, theirs, i.group)); err != nil {
		return nil, errors.Join(err, i.hangUp(), i.group.Close())
	}
	i.Read = i.used
	for _, name := range []string{guest.Booted, guest.Started, guest.Listening} {
		i.reached[name] = make(chan happening, 1)
	}
	go i.watch()
	return i, nil
}

// watch reads both lines until the guest ended, and says how.
func (i *instance) watch() {
	var reading sync.WaitGroup
	reading.Go(func() { i.console.read(i.console.conn, i.happened) })
	reading.Go(func() { i.output.read(i.output.conn, i.happened) })
	reading.Wait()
	<-i.qemu.Done()
	i.mu.Lock()
	cause := i.describe()
	i.mu.Unlock()
	i.Ended(cause)
}

// happened takes an event. When the server ended, nothing of the guest is wanted
// any more, and QEMU need not wait for it to shut down: the guest says so last.
func (i *instance) happened(e happening) {
	switch e.Name {
	case guest.Ended, guest.Failed:
		i.mu.Lock()
		if i.end == nil {
			i.end = &e.Event
		}
		i.mu.Unlock()
		go i.qemu.Kill() // while the rest of the console is read
	default:
		i.mu.Lock()
		i.booted = true
		i.mu.Unlock()
		select {
		case i.reached[e.Name] <- e:
		default: // said twice
		}
	}
}

// await waits for an event.
func (i *instance) await(ctx context.Context, name string) (happening, error) {
	select {
	case e := <-i.reached[name]:
		return e, nil
	case <-i.Done():
		return happening{}, targets.ErrEnded
	case <-ctx.Done():
		err := fmt.Errorf("%w while waiting for %s", context.Cause(ctx), waitedFor(name))
		if used, unknown := i.used(ctx); unknown == nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			err = fmt.Errorf("%w%s", err, i.machine.with.patience(name, used.CPU, time.Since(i.qemu.Began)))
		}
		return happening{}, err
	}
}

// waitedFor says what an event stands for.
func waitedFor(event string) string {
	switch event {
	case guest.Booted:
		return "the guest to boot"
	case guest.Started:
		return "the guest to start the server"
	}
	return "the server to listen on its port"
}

// describe says how the guest ended: as it says itself, or as QEMU did. The lock
// is held.
func (i *instance) describe() error {
	switch {
	case i.end != nil && i.end.Name == guest.Failed:
		fix := ""
		if i.end.BadDisk {
			fix = fmt.Sprintf("; rm '%s' has it made again", i.machine.disk)
		}
		return fmt.Errorf("the guest failed: %s%s%s", i.end.Fault, fix, quote(i.console, i.output))
	case i.end != nil:
		more := local.Daemonised(i.end.Status == 0, i.end.Left)
		if i.end.OutOfMemory && !i.machine.limited {
			more = fmt.Sprintf(", that of the whole guest (%s): raise vm.memory", i.machine.memory)
		}
		return targets.Ended(fmt.Errorf("the server %s%s%s", local.DescribeStatus(syscall.WaitStatus(i.end.Status), i.end.OutOfMemory), more, quote(i.console, i.output)), i.end.OutOfMemory)
	case i.console.panicked() != "":
		return fmt.Errorf("%s%s", i.console.panicked(), quote(i.console, i.output))
	}
	if code, signal := i.qemu.Status(); code == 0 && signal == 0 && !i.booted {
		// It restarted, which ends QEMU.
		return fmt.Errorf("the guest's kernel, %s, ended before the first process ran: see that the file is whole, and of a kernel for x86-64%s", i.machine.kernel.Path, quote(i.console, i.output))
	}
	words := quote(i.console, i.output)
	if words == silence {
		words = "" // there may have been no guest to write anything
	}
	return fmt.Errorf("%s %w%s", emulator, i.qemu.Ended(), words)
}

// explain adds to why a start failed how the guest ended, or what it wrote.
func (i *instance) explain(err error, forward int) error {
	if !errors.Is(err, targets.ErrEnded) {
		return fmt.Errorf("%w%s", err, quote(i.console, i.output))
	}
	cause := i.Cause()
	i.mu.Lock()
	defer i.mu.Unlock()
	// QEMU takes the port before it does anything else.
	if i.end == nil && !i.booted && forward > 0 && targets.PortTaken(targets.Loopback, forward) {
		return fmt.Errorf("%w: %w", targets.ErrPortTaken, cause)
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// used is that of QEMU with all its threads, which includes everything in the
// guest.
func (i *instance) used(context.Context) (record.Usage, error) {
	if i.group == nil {
		return local.TreeUsage(i.qemu.PID())
	}
	return i.group.Usage()
}

// Inject implements targets.Injector: what carries the guest is hit.
func (i *instance) Inject(_ context.Context, kind string) (targets.Injected, error) {
	return local.Prey{Main: i.qemu.PID(), Group: i.group, Port: i.port}.Inject(kind)
}

// Close has the guest end the server, and ends QEMU.
func (i *instance) Close(ctx context.Context) error {
	i.once.Do(func() {
		i.stop(ctx)
		i.closeErr = i.discard()
	})
	return i.closeErr
}

// stop asks the guest to end the server, and ends QEMU when it did not in time.
func (i *instance) stop(ctx context.Context) {
	i.mu.Lock()
	if i.end == nil {
		i.Want()
	}
	i.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, local.Grace)
	defer cancel()
	_ = i.output.conn.SetWriteDeadline(time.Now().Add(local.Grace)) // it is a socket
	_, _ = io.WriteString(i.output.conn, guest.StopCommand+"\n")    // it may have ended
	select {
	case <-i.Done():
	case <-ctx.Done():
	}
}

// discard ends QEMU at once and removes what this start made.
func (i *instance) discard() error {
	i.qemu.Kill()
	<-i.Done()
	return errors.Join(i.hangUp(), i.group.Close())
}

// hangUp closes this end of the lines.
func (i *instance) hangUp() error { return errors.Join(i.console.close(), i.output.close()) }
