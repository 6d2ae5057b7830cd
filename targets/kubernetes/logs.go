package kubernetes

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"servebench/targets/kubernetes/api"
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
		switch before := s.LastState.Terminated; {
		case before != nil && o.lasts:
			l.follow(name, before.ContainerID, theOneBefore)
		case before != nil: // what the next one says beats nothing, where the node has removed it
			l.follow(name, before.ContainerID, theOneBefore, theCurrent)
		}
		switch {
		case s.State.Running != nil, s.State.Terminated != nil && s.RestartCount > 0:
			l.follow(name, s.ContainerID, theCurrent)
		case s.State.Terminated != nil: // as a rule the kubelet has started the next one already
			l.follow(name, s.ContainerID, theOneBefore, theCurrent)
		}
	}
	return o.changed
}

// What the API server shows of a pod's server: it knows no more than two of its containers.
const (
	theCurrent   = "follow"
	theOneBefore = "previous"
)

// follow begins to follow a container of a pod, if that is new, as the first of the ways
// that shows it. Where the end of the first one is the end of the deployment, what the kubelet
// starts in its place meanwhile is not its server. The lock is held.
func (l *logs) follow(pod, container string, ways ...string) {
	_, known := l.open[container]
	if known || container == "" || l.closed || !l.observer.lasts && len(l.open) > 0 {
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
		if err := l.copy(l.living, pod, ways, output); err != nil && l.living.Err() == nil {
			fmt.Fprintf(output, "\n[servebench: the API server does not show the rest of the output: %v]\n", err)
		}
	})
}

// copy copies the output of a pod's server to its end.
func (l *logs) copy(ctx context.Context, pod string, ways []string, output io.Writer) error {
	var failed error
	for _, way := range ways {
		query := url.Values{"container": {container}, way: {"true"}}
		answer, err := l.run.cluster.Send(ctx, http.MethodGet, api.Path(pods, l.run.namespace, pod, "log"), query, nil)
		if err != nil {
			failed = err
			continue
		}
		defer answer.Body.Close()
		body := bufio.NewReader(answer.Body)
		if way == theOneBefore {
			if start, _ := body.Peek(len(forgotten)); string(start) == forgotten {
				failed = errors.New("the node has removed it")
				continue
			}
		}
		_, err = io.Copy(output, body)
		return err
	}
	return failed
}

// forgotten begins what a kubelet answers, with status 200, for a container that it has
// removed since.
const forgotten = "unable to retrieve container logs for "

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
