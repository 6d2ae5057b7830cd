package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
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
	machine *machine
	qemu    *local.Process
	group   *local.Cgroup // nil: none
	conn    net.Conn      // to the guest's console
	console *console
	// reached holds each event that leads to a ready server, once it happened.
	reached map[string]chan happening
	done    chan struct{}

	mu     sync.Mutex
	end    *guest.Event // Ended or Failed; nil: none yet
	wanted bool         // Close was called before it ended

	once     sync.Once
	closeErr error
}

// boot starts the machine. forward is as for arguments; output gets what is on the
// console, nil: nobody.
func (m *machine) boot(forward int, output io.Writer) (*instance, error) {
	conn, theirs, err := pair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()            // QEMU has its own
	group, _ := local.NewLimited(0) // without one, used adds up the processes
	qemu, err := local.Start(m.command(forward, theirs, group))
	if err != nil {
		return nil, errors.Join(err, conn.Close(), group.Close())
	}
	i := &instance{
		machine: m, qemu: qemu, group: group, conn: conn, console: &console{token: m.token, output: output},
		reached: map[string]chan happening{}, done: make(chan struct{}),
	}
	i.Read = i.used
	for _, name := range []string{guest.Booted, guest.Started, guest.Listening} {
		i.reached[name] = make(chan happening, 1)
	}
	go i.watch()
	return i, nil
}

// watch reads the console until the guest ended. When the server did, nothing of
// the guest is wanted any more, and QEMU need not wait for it to shut down.
func (i *instance) watch() {
	i.console.read(i.conn, func(e happening) {
		switch e.Name {
		case guest.Ended, guest.Failed:
			i.mu.Lock()
			if i.end == nil {
				i.end = &e.Event
			}
			i.mu.Unlock()
			go i.qemu.Kill() // while the rest of the console is read
		default:
			select {
			case i.reached[e.Name] <- e:
			default: // said twice
			}
		}
	})
	<-i.qemu.Done()
	close(i.done)
}

// await waits for an event.
func (i *instance) await(ctx context.Context, name string) (happening, error) {
	select {
	case e := <-i.reached[name]:
		return e, nil
	case <-i.done:
		return happening{}, targets.ErrEnded
	case <-ctx.Done():
		return happening{}, fmt.Errorf("%w while waiting for %s", context.Cause(ctx), waitedFor(name))
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

// Done is closed when QEMU ended and the console was read.
func (i *instance) Done() <-chan struct{} { return i.done }

// Err says why the server ended; nil while it runs and when Close ended it.
func (i *instance) Err() error {
	select {
	case <-i.done:
	default:
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.wanted {
		return nil
	}
	return i.describe()
}

// describe says how the guest ended: as it says itself, or as QEMU did. The lock
// is held.
func (i *instance) describe() error {
	switch {
	case i.end != nil && i.end.Name == guest.Failed:
		return fmt.Errorf("the guest failed: %s%s", i.end.Fault, i.console.quote())
	case i.end != nil:
		return fmt.Errorf("the server %s%s", local.DescribeStatus(syscall.WaitStatus(i.end.Status), i.end.OutOfMemory), i.console.quote())
	case i.console.panicked() != "":
		return fmt.Errorf("%s%s", i.console.panicked(), i.console.quote())
	}
	return fmt.Errorf("%s %w%s", emulator, i.qemu.Ended(), i.console.quote())
}

// explain adds to why a start failed how the guest ended, or what it wrote.
func (i *instance) explain(err error, forward int) error {
	if !errors.Is(err, targets.ErrEnded) {
		return fmt.Errorf("%w%s", err, i.console.quote())
	}
	<-i.done
	i.mu.Lock()
	defer i.mu.Unlock()
	// QEMU takes the port before it does anything else.
	if i.end == nil && len(i.reached[guest.Booted]) == 0 && forward > 0 && targets.PortTaken(targets.Loopback, forward) {
		return fmt.Errorf("%w: %w", targets.ErrPortTaken, i.describe())
	}
	return fmt.Errorf("%w: %w", err, i.describe())
}

// used is that of QEMU with all its threads, which includes everything in the
// guest.
func (i *instance) used(context.Context) (record.Usage, error) {
	if i.group == nil {
		return local.TreeUsage(i.qemu.PID())
	}
	return i.group.Usage()
}

// Close has the guest end the server, ends QEMU, and removes the folder.
func (i *instance) Close(ctx context.Context) error {
	i.once.Do(func() {
		i.stop(ctx)
		i.closeErr = errors.Join(i.discard(), i.machine.remove())
	})
	return i.closeErr
}

// stop asks the guest to end the server, and ends QEMU when it did not in time.
func (i *instance) stop(ctx context.Context) {
	i.mu.Lock()
	select {
	case <-i.done:
	default:
		i.wanted = i.end == nil
	}
	i.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, local.Grace)
	defer cancel()
	_ = i.conn.SetWriteDeadline(time.Now().Add(local.Grace)) // it is a socket
	_, _ = io.WriteString(i.conn, guest.StopCommand+"\n")    // it may have ended
	select {
	case <-i.done:
	case <-ctx.Done():
	}
}

// discard ends QEMU at once and removes what this start made.
func (i *instance) discard() error {
	i.qemu.Kill()
	<-i.done
	return errors.Join(i.conn.Close(), i.group.Close())
}

// pair returns the two ends of a connection: ours, and one to hand to a child.
func pair() (net.Conn, *os.File, error) {
	syscall.ForkLock.RLock() // no child may have the ends in between
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(ends[0])
		syscall.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("connect the guest's console: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(ends[0]), "console"), os.NewFile(uintptr(ends[1]), "console")
	defer ours.Close() // FileConn has its own
	conn, err := net.FileConn(ours)
	if err != nil {
		theirs.Close()
		return nil, nil, fmt.Errorf("connect the guest's console: %w", err)
	}
	return conn, theirs, nil
}
