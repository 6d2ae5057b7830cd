package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"servebench/cmd/cli"
	"servebench/targets/reference/null"

	"github.com/spf13/cobra"
)

// server is a running serve command.
type server struct {
	url    string
	cmd    *exec.Cmd
	input  io.Closer // its end ends the server
	stamps string
	stderr *bytes.Buffer
}

// startServer starts a server on the CPUs, with its file in dir.
func startServer(ctx context.Context, cpus []int, dir string, design *stall) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	s := &server{stamps: filepath.Join(dir, "arrivals"), stderr: new(bytes.Buffer)}
	args := []string{"serve", "--stamps", s.stamps}
	if design != nil {
		args = append(args, "--service", design.service.String(),
			"--stall-at", design.at.String(), "--stall", design.length.String())
	}
	c := child{path: self, args: args, dir: dir, cpus: cpus}
	s.cmd = c.command(ctx)
	s.cmd.Stderr = s.stderr
	input, errIn := s.cmd.StdinPipe()
	output, errOut := s.cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	s.input = input
	if err := c.start(s.cmd); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		_, errStop := s.stop()
		return nil, errors.Join(fmt.Errorf("start the server: it said no address: %w", err), errStop)
	}
	s.url = strings.TrimSpace(line)
	return s, nil
}

// stop ends the server and returns when requests arrived, since the first.
func (s *server) stop() ([]time.Duration, error) {
	if err := errors.Join(s.input.Close(), s.cmd.Wait()); err != nil {
		return nil, fmt.Errorf("end the server: %w: %s", err, bytes.TrimSpace(s.stderr.Bytes()))
	}
	return readArrivals(s.stamps)
}

// serveCommand is the server that the tools are measured with, as a process: the null
// server, which notes when each request arrived. It prints its URL, serves until its
// input ends, then writes the arrivals.
func serveCommand() *cobra.Command {
	var s stall
	var stamps string
	cmd := &cobra.Command{
		Use:    "serve",
		Short:  "Answer without delay, or with a stall, and write down when each request arrived",
		Args:   cli.NoArguments,
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
	at := arrivalTime(conn)
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
