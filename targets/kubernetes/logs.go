package kubernetes

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// logs follow what the servers of a deployment write, each from its container's first byte
// to its last.
type logs struct {
	*instance
	output io.Writer
	over   chan struct{} // closed when nothing more is written to the output

	following sync.WaitGroup
	mu        sync.Mutex
	open      map[string]chan struct{} // by container; closed when it is followed to the end
	closed    bool                     // no more is followed
}

func newLogs(i *instance) *logs {
	l := &logs{instance: i, output: i.tail, over: make(chan struct{}), open: map[string]chan struct{}{}}
	if w := i.server.workload.Output; w != nil {
		l.output = io.MultiWriter(i.tail, w)
	}
	return l
}

// followTime bounds the wait for the rest of the output of a server that ended, and quoteTime
// that for the output so far of one that runs.
const (
	followTime = 5 * time.Second
	quoteTime  = 300 * time.Millisecond
)

// attend follows each container as it comes, until the deployment is removed.
func (l *logs) attend() {
	defer close(l.over)
	for {
		select {
		case <-l.catchUp():
		case <-l.living.Done():
			l.mu.Lock()
			l.closed = true
			l.mu.Unlock()
			l.following.Wait()
			return
		}
	}
}

// catchUp begins to follow the containers that are new, and returns what is closed when
// there may be more.
func (l *logs) catchUp() <-chan struct{} {
	o := l.observer
	o.mu.Lock()
	defer o.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, p := range o.pods {
		s := p.server()
		if s.State.Running != nil || s.State.Terminated != nil {
			l.follow(name, s.ContainerID, false)
		}
		if before := s.LastState.Terminated; before != nil {
			l.follow(name, before.ContainerID, true)
		}
	}
	return o.changed
}

// follow begins to follow a container of a pod, if that is new: the one that runs, or the
// one before. The lock is held.
func (l *logs) follow(pod, container string, previous bool) {
	if _, known := l.open[container]; known || container == "" || l.closed {
		return
	}
	end := make(chan struct{})
	l.open[container] = end
	l.following.Go(func() {
		defer close(end)
		output := l.output
		if l.observer.lasts { // there may be several at a time
			lines := &lineWriter{to: l.output, prefix: pod + ": "}
			defer lines.flush()
			output = lines
		}
		if err := l.copy(l.living, pod, previous, output); err != nil && l.living.Err() == nil {
			fmt.Fprintf(output, "\n[servebench: the API server does not show the rest of the output: %v]\n", err)
		}
	})
}

// copy copies the output of a pod's server as long as it runs, or that of the one before.
func (l *logs) copy(ctx context.Context, pod string, previous bool, output io.Writer) error {
	query := url.Values{"container": {container}}
	query.Set(map[bool]string{false: "follow", true: "previous"}[previous], "true")
	answer, err := l.run.cluster.send(ctx, http.MethodGet, pathOf(pods, l.run.namespace, pod, "log"), query, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(output, answer.Body)
	return err
}

// await waits until all that the servers wrote so far was handed on, but not for long.
func (l *logs) await(most time.Duration) {
	l.catchUp()
	l.mu.Lock()
	var ends []chan struct{}
	for _, end := range l.open {
		ends = append(ends, end)
	}
	l.mu.Unlock()
	timer := time.NewTimer(most)
	defer timer.Stop()
	for _, end := range ends {
		select {
		case <-end:
		case <-timer.C:
			return
		}
	}
}

// lineWriter hands whole lines on, each with the prefix, so that those of several servers do
// not mix.
type lineWriter struct {
	to     io.Writer
	prefix string
	part   []byte // of a line
}

// Write never fails.
func (l *lineWriter) Write(p []byte) (int, error) {
	l.part = append(l.part, p...)
	for {
		line, rest, whole := bytes.Cut(l.part, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		_, _ = fmt.Fprintf(l.to, "%s%s\n", l.prefix, line) // who fails loses what is their own
		l.part = append(l.part[:0], rest...)
	}
}

// flush hands on a last line without an end.
func (l *lineWriter) flush() {
	if len(l.part) > 0 {
		_, _ = fmt.Fprintf(l.to, "%s%s\n", l.prefix, l.part)
	}
}
