package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	dockercontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// dockerInstance is a container that the Docker Engine runs.
type dockerInstance struct {
	targets.Account
	*targets.End
	cli  *client.Client
	id   string
	stop string // the signal that asks it to end
	// shared says that the server listens on the host's network itself, and
	// port where, or where a bridge publishes it.
	shared bool
	port   int
	facts  []record.Fact
	// output gets what the server writes; nil: nobody. followed is closed when the engine
	// shows no more of it, and so many bytes of either stream were handed on.
	output         io.Writer
	followed       chan struct{}
	stdout, stderr int64

	startedAt time.Time
	pid       int           // of the server on this machine
	group     *local.Cgroup // nil: it cannot be seen from here
	carriers  []int         // shim and proxy

	status int // of its exit, once it ended; -1: not known

	once  sync.Once
	close error
}

// start starts the container, watches for its end, and examines it while the
// server comes up. The channels are closed when the engine says that it is
// started, or not, and when the examination is over.
func (i *dockerInstance) start(ctx context.Context, w targets.Workload) (started, examined <-chan struct{}) {
	background, stop := context.WithCancel(context.Background())
	exit := i.cli.ContainerWait(background, i.id, client.ContainerWaitOptions{Condition: dockercontainer.WaitConditionNextExit})
	answered, looked := make(chan struct{}), make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		defer close(looked)
		_, err := i.cli.ContainerStart(ctx, i.id, client.ContainerStartOptions{})
		close(answered)
		if err != nil {
			close(i.followed)
			failed <- startError(explain(ctx, err))
			return
		}
		go i.follow(background)
		i.examine(ctx, w)
	}()
	go func() {
		defer stop()
		var cause error
		ended := false
		select {
		case cause = <-failed:
		case err := <-exit.Error:
			cause = fmt.Errorf("lost the Docker Engine: %w", err)
		case <-exit.Result:
			cause, ended = i.postMortem(), true
		}
		i.awaitOutput()
		if ended {
			i.handOnRest()
		}
		i.Ended(cause)
	}()
	return answered, looked
}

// startError recognises that the port to publish belongs to somebody else.
func startError(err error) error {
	text := err.Error()
	if strings.Contains(text, "port is already allocated") || strings.Contains(text, "address already in use") {
		return fmt.Errorf("%w: %w", targets.ErrPortTaken, err)
	}
	return fmt.Errorf("start the container: %w", err)
}

// follow hands the server's output on, until the container ended or ctx does.
func (i *dockerInstance) follow(ctx context.Context) {
	defer close(i.followed)
	i.stdout, i.stderr = i.handOn(ctx, true, 0, 0)
}

// handOnRest hands on what the engine showed nobody who followed the output: of a container
// that ends soon after it wrote, that may be the last of it. The container has ended.
func (i *dockerInstance) handOnRest() {
	select {
	case <-i.followed:
	default: // it is at it yet
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanTime)
	defer cancel()
	i.handOn(ctx, false, i.stdout, i.stderr)
}

// handOn hands on what the container wrote, but for so many bytes at the beginning of each
// stream, and returns how many bytes each had.
func (i *dockerInstance) handOn(ctx context.Context, follow bool, stdout, stderr int64) (int64, int64) {
	if i.output == nil {
		return 0, 0
	}
	out, err := &stream{to: i.output, skip: stdout}, &stream{to: i.output, skip: stderr}
	logs, failed := i.cli.ContainerLogs(ctx, i.id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: follow})
	if failed == nil {
		_, failed = stdcopy.StdCopy(out, err, logs)
		failed = errors.Join(failed, logs.Close())
	}
	removed := !follow && (errdefs.IsNotFound(failed) || errdefs.IsConflict(failed))
	if failed != nil && !removed {
		fmt.Fprintf(i.output, "\n[servebench: the engine does not show the rest of the output: %v]\n", failed)
	}
	return out.size, err.size
}

// stream is one of a container's, whose beginning may have been handed on already.
type stream struct {
	to         io.Writer
	skip, size int64
}

// Write implements io.Writer.
func (s *stream) Write(p []byte) (int, error) {
	known := min(max(0, s.skip-s.size), int64(len(p)))
	s.size += int64(len(p))
	if known == int64(len(p)) {
		return len(p), nil
	}
	n, err := s.to.Write(p[known:])
	return int(known) + n, err
}

// awaitOutput waits until all that the container wrote was handed on, but not for
// long.
func (i *dockerInstance) awaitOutput() {
	select {
	case <-i.followed:
	case <-time.After(followTime):
	}
}

// followTime bounds the wait for the rest of an ended container's output.
const followTime = 5 * time.Second

// postMortem says how the server ended, quoting the end of its output.
func (i *dockerInstance) postMortem() error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanTime)
	defer cancel()
	found, err := i.cli.ContainerInspect(ctx, i.id, client.ContainerInspectOptions{})
	switch {
	case errdefs.IsNotFound(err):
		return errors.New("the container was removed from outside")
	case err != nil:
		return fmt.Errorf("the container ended, and asking why failed: %w", err)
	}
	state := found.Container.State
	i.status = state.ExitCode
	return targets.Ended(fmt.Errorf("%s%s", local.DescribeExit(state.ExitCode, state.OOMKilled), i.lastOutput(ctx).Quote()), state.OOMKilled)
}

// lastOutput fetches the end of the container's output.
func (i *dockerInstance) lastOutput(ctx context.Context) *local.Tail {
	tail := new(local.Tail)
	logs, err := i.cli.ContainerLogs(ctx, i.id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: "20"})
	if err != nil {
		fmt.Fprintf(tail, "(the engine does not show it: %v)", err)
		return tail
	}
	defer logs.Close()
	if _, err := stdcopy.StdCopy(tail, tail, logs); err != nil {
		fmt.Fprintf(tail, "\n(the rest is missing: %v)", err)
	}
	return tail
}

// judge says whether a start succeeded and why not, given what waiting for the
// server returned.
func (i *dockerInstance) judge(ctx context.Context, err error) error {
	if err == nil {
		err = i.verify(ctx)
	}
	switch {
	case err == nil || errors.Is(err, targets.ErrPortTaken):
		return err
	case !errors.Is(err, targets.ErrEnded):
		quote, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
		defer cancel()
		return fmt.Errorf("%w%s", err, i.lastOutput(quote).Quote())
	case errors.Is(i.Cause(), targets.ErrPortTaken) || context.Cause(ctx) != nil:
		return i.Cause()
	case i.shared && targets.PortTaken(targets.Loopback, i.port):
		return fmt.Errorf("%w: it %w", targets.ErrPortTaken, i.Cause())
	}
	if i.status == 0 {
		return fmt.Errorf("%w: it %w; a server has to keep running in the foreground", err, i.Cause())
	}
	return fmt.Errorf("%w: it %w", err, i.Cause())
}

// used is that of the container's cgroup, its shim and its proxy.
func (i *dockerInstance) used(ctx context.Context) (record.Usage, error) {
	if i.group == nil {
		return i.stats(ctx)
	}
	usage, err := i.group.Usage()
	if err != nil {
		return record.Usage{}, err
	}
	return usage.Add(local.ProcessUsage(i.carriers...)), nil
}

// Inject implements targets.Injector. To freeze it, the engine pauses the container.
func (i *dockerInstance) Inject(ctx context.Context, kind string) (targets.Injected, error) {
	if kind == targets.ProcessStop {
		if _, err := i.cli.ContainerPause(ctx, i.id, client.ContainerPauseOptions{}); err != nil {
			return targets.Injected{}, fmt.Errorf("pause the container: %w", err)
		}
		return targets.Injected{Text: "container paused", Heal: i.unpause}, nil
	}
	if i.group == nil {
		return targets.Injected{}, errors.New("the container's processes cannot be seen from here")
	}
	return local.Prey{Main: i.pid, Group: i.group, Port: i.port}.Inject(kind)
}

func (i *dockerInstance) unpause(ctx context.Context) error {
	if _, err := i.cli.ContainerUnpause(ctx, i.id, client.ContainerUnpauseOptions{}); err != nil && !errdefs.IsConflict(err) { // it ended
		return fmt.Errorf("unpause the container: %w", err)
	}
	return nil
}

// Close stops and removes the container.
func (i *dockerInstance) Close(ctx context.Context) error {
	i.once.Do(func() {
		i.terminate(ctx)
		i.close = i.discard()
	})
	return i.close
}

// terminate sends the stop signal and waits for the end, until ctx or the grace period
// is over.
func (i *dockerInstance) terminate(ctx context.Context) {
	i.Want()
	ctx, cancel := context.WithTimeout(ctx, local.Grace)
	defer cancel()
	if _, err := i.cli.ContainerKill(ctx, i.id, client.ContainerKillOptions{Signal: i.stop}); err != nil {
		return // it is not running, or the engine is gone: discard says
	}
	select {
	case <-i.Done():
	case <-ctx.Done():
	}
}

// discard removes the container, running or not, and waits until its end was
// noticed and looked into, after which nothing uses the client by itself.
func (i *dockerInstance) discard() error {
	err := removed(func(ctx context.Context) error {
		_, err := i.cli.ContainerRemove(ctx, i.id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		return err
	})
	if err != nil {
		return fmt.Errorf("remove the container: %w", err)
	}
	select {
	case <-i.Done():
		return nil
	case <-time.After(cleanTime):
		return errors.New("remove the container: the engine does not report its end")
	}
}
