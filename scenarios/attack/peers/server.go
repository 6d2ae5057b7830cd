package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
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
		return nil, errors.Join(fmt.Errorf("start the server: it said no address: %w", err), s.end())
	}
	s.url = strings.TrimSpace(line)
	return s, nil
}

// arrivals ends the server and returns when requests arrived, since the first.
func (s *server) arrivals() ([]time.Duration, error) {
	if err := s.end(); err != nil {
		return nil, err
	}
	return readArrivals(s.stamps)
}

// end ends the server and waits for it.
func (s *server) end() error {
	if err := errors.Join(s.input.Close(), s.cmd.Wait()); err != nil {
		return fmt.Errorf("end the server: %w: %s", err, bytes.TrimSpace(s.stderr.Bytes()))
	}
	return nil
}
