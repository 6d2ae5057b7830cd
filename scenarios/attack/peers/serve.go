package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"servebench/cmd/exit"
	"servebench/targets/reference/null"

	"github.com/spf13/cobra"
)

// serveCommand is the server that the tools are measured with, as a process of its
// own: the null server, which notes when each request arrived. It prints its URL,
// serves until its input ends, then writes the arrivals.
func serveCommand() *cobra.Command {
	var s stall
	var stamps string
	cmd := &cobra.Command{
		Use:    "serve",
		Short:  "Answer at once, or with a stall, and write down when each request arrived",
		Args:   exit.NoArguments,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), stamps, s)
		},
	}
	f := cmd.Flags()
	f.StringVar(&stamps, "stamps", "", "`path` of the file that gets the arrivals")
	f.DurationVar(&s.service, "service", 0, "`time` that a request takes")
	f.DurationVar(&s.at, "stall-at", 0, "`time` from the first request at which the stall begins")
	f.DurationVar(&s.length, "stall", 0, "`time` that the stall takes")
	return cmd
}

// serve serves until the input ends or ctx does.
func serve(ctx context.Context, stdin io.Reader, stdout io.Writer, path string, s stall) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create the file of arrivals: %w", err)
	}
	defer file.Close()
	listener, err := listen()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "http://%s/\n", listener.Addr()); err != nil {
		listener.Close()
		return fmt.Errorf("say the address: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, stdin) // its end is all that matters
		cancel()
	}()
	arrivals := &arrivals{design: s, at: make([]time.Duration, 0, expectedArrivals)}
	server := null.New(null.Body)
	server.Arrived = arrivals.arrived
	if err := server.Serve(ctx, listener); err != nil {
		return err
	}
	return arrivals.write(file)
}

// expectedArrivals is how many there is room for from the start, so that growing
// disturbs nothing.
const expectedArrivals = 1 << 20

// arrivals notes when requests arrived. It is safe for concurrent use.
type arrivals struct {
	design stall
	mu     sync.Mutex
	first  time.Time
	at     []time.Duration // since the first; nearly ascending
}

// arrived notes a request, and holds it as the design says.
func (a *arrivals) arrived(conn net.Conn) {
	at := conn.(*stampedConn).arrived()
	a.mu.Lock()
	if len(a.at) == 0 {
		a.first = at
	}
	since := at.Sub(a.first)
	a.at = append(a.at, since)
	a.mu.Unlock()
	if a.design.service > 0 {
		time.Sleep(a.design.held(since))
	}
}

// write writes the arrivals as nanoseconds since the first, 8 bytes each, in order.
func (a *arrivals) write(to io.Writer) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(a.at)
	w := bufio.NewWriter(to)
	if err := binary.Write(w, binary.LittleEndian, a.at); err != nil {
		return fmt.Errorf("write the arrivals: %w", err)
	}
	return w.Flush()
}

// readArrivals reads what write wrote.
func readArrivals(path string) ([]time.Duration, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the arrivals: %w", err)
	}
	at := make([]time.Duration, len(text)/8)
	if _, err := binary.Decode(text, binary.LittleEndian, at); err != nil {
		return nil, fmt.Errorf("read the arrivals: %w", err)
	}
	return at, nil
}
