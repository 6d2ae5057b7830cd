package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"servebench/reports/record"
)

// Log is what an interval log of a cell takes, such as a *record.LogWriter.
type Log interface{ Append(line string) error }

// Play has the process play a phase and returns its cell, whose times are by the clock here.
// What it tells meanwhile goes to the hooks, and the lines of its interval log to log. When
// ctx ends, what is in flight is given up. A *LostError says that the record is not whole.
func (c *Client) Play(ctx context.Context, p Phase, h Hooks, log Log) (record.Cell, error) {
	c.number++
	p.Number, p.Raw = c.number, h.Raw != nil
	if h.Addresses != nil {
		p.Addresses = append([]string{}, h.Addresses()...) // with none that is ready it is spread as well
	}
	asking, cancel := context.WithTimeout(c.over, patience)
	err := c.until(asking, func(ctx context.Context) error { return c.post(ctx, "/phases", p, nil) })
	cancel()
	if err != nil {
		return record.Cell{}, &LostError{err}
	}
	played := make(chan struct{})
	defer close(played)
	go c.direct(ctx, p.Number, h, played)
	reading, leave := context.WithCancel(c.over)
	defer leave()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(giveUpTime, leave) })()
	last, err := c.listen(reading, p.Number, h, log)
	if err != nil {
		return record.Cell{}, err
	}
	last.Cell.Started = c.here(last.Cell.Started)
	if last.Failed != "" {
		return last.Cell, errors.New(last.Failed)
	}
	return last.Cell, nil
}

// here is a time of the process's clock by the one here; zero: there is none.
func (c *Client) here(there time.Time) time.Time {
	if there.IsZero() {
		return there
	}
	return there.Add(-c.clock.Ahead)
}

// direct tells the process what happens here while it plays.
func (c *Client) direct(ctx context.Context, number int, h Hooks, played <-chan struct{}) {
	stopped, ended, given := h.Stop, h.ServerEnded, ctx.Done()
	var looks <-chan time.Time
	if h.Addresses != nil {
		ticker := time.NewTicker(aliveEvery / 8)
		defer ticker.Stop()
		looks = ticker.C
	}
	var known []string
	for {
		said := control{Word: alive, Number: number}
		select {
		case <-played:
			return
		case <-c.over.Done():
			return
		case <-stopped:
			stopped, said.Word = nil, stop
		case <-ended:
			ended, said.Word = nil, serverEnded
		case <-given:
			given, said.Word = nil, giveUp
		case <-looks:
			if said.Addresses = append([]string{}, h.Addresses()...); slices.Equal(said.Addresses, known) {
				continue
			}
			known = said.Addresses
		}
		_ = c.say(c.over, said) // who does not hear it is lost, as the reading finds
	}
}

// listen reads what the process has to say of a phase, to the end.
func (c *Client) listen(ctx context.Context, number int, h Hooks, log Log) (*end, error) {
	out := &output{ctx: ctx, client: c, number: number}
	defer out.drop()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, largest+1)
	before := 0
	for lines.Scan() {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return nil, &LostError{fmt.Errorf("read what it sends back: %w", err)}
		}
		if m.End != nil {
			if m.End.Before != before {
				return nil, &LostError{fmt.Errorf("%d of %d messages came back", before, m.End.Before)}
			}
			return m.End, nil
		}
		if m.Progress == nil {
			before++
		}
		if err := c.handle(m, h, log); err != nil {
			return nil, err
		}
	}
	err := lines.Err()
	if err == nil {
		err = errors.New("what it sends back has no end")
	}
	return nil, &LostError{err}
}

func (c *Client) handle(m message, h Hooks, log Log) error {
	switch {
	case m.Started != nil && h.Started != nil:
		h.Started(c.here(*m.Started))
	case m.Progress != nil && h.Progress != nil:
		h.Progress(*m.Progress)
	case m.Line != "":
		return log.Append(m.Line)
	case m.Raw != nil && h.Raw != nil:
		_, err := h.Raw.Write(m.Raw)
		return err
	}
	return nil
}

// output reads what a process sends back, and goes on where a connection broke.
type output struct {
	ctx    context.Context
	client *Client
	number int
	from   int64
	body   io.ReadCloser // nil: there is no connection
	cancel context.CancelFunc
}

// Read implements io.Reader.
func (o *output) Read(p []byte) (n int, err error) {
	ctx, cancel := context.WithTimeoutCause(o.ctx, patience, fmt.Errorf("it cannot be reached for %s", patience))
	defer cancel()
	over := false
	err = o.client.until(ctx, func(context.Context) error {
		n, err = o.readPart(p)
		over = err == io.EOF // the output's own: a connection that broke has one too, further in
		if n > 0 || over {
			return nil
		}
		return err
	})
	if over && n == 0 {
		return 0, io.EOF
	}
	return n, err
}

// readPart reads from the connection, which is made if there is none. While a phase is
// played there is always something to read before long.
func (o *output) readPart(p []byte) (int, error) {
	var ctx context.Context
	if o.body == nil {
		ctx, o.cancel = context.WithCancel(o.ctx)
	}
	silent := time.AfterFunc(patience/2, o.cancel)
	defer silent.Stop()
	if o.body == nil {
		answer, err := o.client.send(ctx, http.MethodGet, fmt.Sprintf("/output?number=%d&from=%d", o.number, o.from), nil)
		if err != nil {
			o.cancel()
			return 0, err
		}
		o.body = answer.Body
	}
	n, err := o.body.Read(p)
	o.from += int64(n)
	if n == 0 && err != nil {
		o.drop()
	}
	return n, err
}

// drop ends the connection.
func (o *output) drop() {
	if o.body != nil {
		o.body.Close()
		o.cancel()
		o.body = nil
	}
}
