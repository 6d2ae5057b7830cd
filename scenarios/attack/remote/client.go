package remote

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// Process is the other process.
type Process interface {
	// Dial connects to the port that it serves on.
	Dial(ctx context.Context) (net.Conn, error)
	// Done is closed when it ended, and Err says why then.
	Done() <-chan struct{}
	Err() error
}

// Scenario is what is to be played.
type Scenario struct {
	Text      []byte            // YAML, with its secrets
	Variables map[string]string // of the environment, that stand in it
	Files     map[string]string // that it names: their paths here, by those relative to it
}

// LostError says that what a process recorded of a phase did not come back, or not whole.
type LostError struct{ Err error }

func (e *LostError) Error() string { return "the load generator was lost: " + e.Err.Error() }

// Unwrap returns why.
func (e *LostError) Unwrap() error { return e.Err }

// Client has phases played by a process. It is for one goroutine.
type Client struct {
	process Process
	http    *http.Client
	over    context.Context // until Close, or the end of the process
	close   context.CancelFunc
	clock   Clock
	number  int
}

// Clock is that of a process: how far it is ahead of the one here, and how wrong that may be.
type Clock struct{ Ahead, Bound time.Duration }

const (
	// startTime bounds the wait for the first answer of a process.
	startTime = 30 * time.Second
	// patience is how long a connection may be broken, less than the silence after which the
	// process ends the load.
	patience  = silence - 2*aliveEvery
	retryWait = 100 * time.Millisecond
	probes    = 8 // of the clock
	// giveUpTime is how long the rest of a load that is given up is waited for.
	giveUpTime = 3 * time.Second
)

// Open waits until the process answers, and reads its clock.
func Open(ctx context.Context, process Process) (*Client, error) {
	c := &Client{process: process}
	c.http = &http.Client{Transport: &http.Transport{
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return process.Dial(ctx) },
		DisableCompression: true,
	}}
	c.over, c.close = context.WithCancel(context.Background())
	go func() {
		select {
		case <-process.Done():
			c.close()
		case <-c.over.Done():
		}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, fmt.Errorf("it did not answer within %s", startTime))
	defer cancel()
	if err := c.readClock(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("reach the load generator: %w", err)
	}
	go c.keepAlive()
	return c, nil
}

// Close ends the connection. The process is ended by who started it.
func (c *Client) Close() {
	c.close()
	c.http.CloseIdleConnections()
}

// Clock is that of the process.
func (c *Client) Clock() Clock { return c.clock }

// keepAlive says now and then that there is a client.
func (c *Client) keepAlive() {
	ticker := time.NewTicker(aliveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-c.over.Done():
			return
		case <-ticker.C:
			_ = c.say(c.over, control{Word: alive}) // the next time, then
		}
	}
}

// readClock takes the probe with the shortest way: its clock was read half of that ago, give
// or take that half.
func (c *Client) readClock(ctx context.Context) error {
	for i := range probes {
		var there, asked, answered time.Time
		err := c.until(ctx, func(ctx context.Context) error {
			asked = time.Now()
			err := c.call(ctx, http.MethodGet, "/clock", nil, &there)
			answered = time.Now()
			return err
		})
		if err != nil {
			return err
		}
		half := answered.Sub(asked) / 2
		if i == 0 || half < c.clock.Bound {
			c.clock = Clock{Ahead: there.Sub(asked.Add(half).Round(0)), Bound: half}
		}
	}
	return nil
}

// until repeats what fails for want of a connection, until ctx or the process ends.
func (c *Client) until(ctx context.Context, do func(context.Context) error) error {
	for {
		err := do(ctx)
		if _, refused := errors.AsType[*refusedError](err); err == nil || refused {
			return err
		}
		if gone := c.gone(); gone != nil {
			return gone
		}
		select {
		case <-c.process.Done():
			return c.gone()
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(retryWait):
		}
	}
}

// gone says why the process ended; nil: it did not.
func (c *Client) gone() error {
	select {
	case <-c.process.Done():
		return cmp.Or(c.process.Err(), errEnded)
	default:
		return nil
	}
}

var errEnded = errors.New("it was ended")

// refusedError is what the process says of a request that it refuses.
type refusedError struct{ text string }

func (e *refusedError) Error() string { return e.text }

func (c *Client) call(ctx context.Context, method, path string, body io.Reader, out any) error {
	answer, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	}
	return json.NewDecoder(answer.Body).Decode(out)
}

func (c *Client) send(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://generator"+path, body)
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(request)
	if err != nil || answer.StatusCode/100 == 2 {
		return answer, err
	}
	defer answer.Body.Close()
	const most = 64 << 10
	text, _ := io.ReadAll(io.LimitReader(answer.Body, most)) // what there is of it
	return nil, &refusedError{strings.TrimSpace(string(text))}
}

func (c *Client) post(ctx context.Context, path string, what, out any) error {
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, path, bytes.NewReader(text), out)
}

func (c *Client) say(ctx context.Context, what control) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.until(ctx, func(ctx context.Context) error { return c.post(ctx, "/control", what, nil) })
}

// Prepare sends the scenario with its files, and waits until the process is ready to play it.
func (c *Client) Prepare(ctx context.Context, s Scenario) (Prepared, error) {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(s.pack(writer)) }()
	defer reader.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.over, cancel)()
	var is Prepared
	if err := c.call(ctx, http.MethodPost, "/scenario", reader, &is); err != nil {
		return Prepared{}, fmt.Errorf("prepare the load generator: %w", cmp.Or(c.gone(), err))
	}
	return is, nil
}

func (s Scenario) pack(to io.Writer) error {
	archive := tar.NewWriter(to)
	variables, err := json.Marshal(s.Variables)
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{scenarioFile: s.Text, variablesFile: variables} {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text))}); err != nil {
			return err
		}
		if _, err := archive.Write(text); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		if err := packFile(archive, name, s.Files[name]); err != nil {
			return err
		}
	}
	return archive.Close()
}

func packFile(archive *tar.Writer, name, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return err
}
