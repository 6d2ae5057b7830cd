//go:build linux

package transport

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"servebench/targets"
	"servebench/targets/protocol"

	"golang.org/x/sys/unix"
)

// serverSwitch makes the test binary the benchmark's server.
const serverSwitch = "SERVEBENCH_TRANSPORT_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(serverSwitch) != "" {
		serveRaw()
		return
	}
	os.Exit(m.Run())
}

// BenchmarkRoundTrip asks a server in another process from 16 connections at once,
// and reports what the client's process spends on a request. The floor is a write
// and a read, without HTTP. Run it on a CPU of its own: taskset -c 0.
func BenchmarkRoundTrip(b *testing.B) {
	address := startRaw(b)
	endpoint := targets.Endpoint{URL: "http://" + address}
	for _, kind := range []struct{ method, body string }{{"GET", ""}, {"POST", strings.Repeat("x", 600)}} {
		b.Run(kind.method, func(b *testing.B) {
			m := lay(b, endpoint, protocol.Request{Method: kind.method, Path: "/v2/models/credit/infer", Body: []byte(kind.body)}, false)
			b.Run("floor", func(b *testing.B) { benchmarkFloor(b, address, m.wire) })
			for _, by := range []carrier{{name: "own"}, {name: "net_http", standard: true}} {
				b.Run(by.name, func(b *testing.B) { benchmarkTransport(b, by.dial(b, endpoint, wide), m) })
			}
		})
	}
}

func wide(cfg *Config) { cfg.Connections = connections }

const connections = 16

func benchmarkTransport(b *testing.B, tr Sender, m *Message) {
	ctx := b.Context()
	together(b, func() func() error {
		o := &Outcome{}
		return func() error {
			o.Reset()
			return tr.Send(ctx, m, o)
		}
	})
}

func benchmarkFloor(b *testing.B, address string, wire []byte) {
	together(b, func() func() error {
		c, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close() })
		buf := make([]byte, 4096)
		return func() error {
			if _, err := c.Write(wire); err != nil {
				return err
			}
			_, err := c.Read(buf)
			return err
		}
	})
}

// together shares b.N calls among the connections.
func together(b *testing.B, caller func() func() error) {
	b.ReportAllocs()
	callers := make([]func() error, connections)
	for i := range callers {
		callers[i] = caller()
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	before := spent()
	var all sync.WaitGroup
	for _, call := range callers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(spent()-before)/float64(b.N), "cpu-ns/op")
}

// spent returns the CPU time of this process, in nanoseconds.
func spent() int64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// startRaw starts the server in a process of its own, on CPU 1.
func startRaw(b *testing.B) (address string) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverSwitch+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // its end is the server's
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := startOn(cmd, 1); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	if _, err := fmt.Fscanln(out, &address); err != nil {
		b.Fatal(err)
	}
	return address
}

// startOn starts a process on a CPU, if there is that CPU.
func startOn(cmd *exec.Cmd, cpu int) error {
	runtime.LockOSThread() // whose CPUs the process inherits
	defer runtime.UnlockOSThread()
	var before, only unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	only.Set(cpu)
	if unix.SchedSetaffinity(0, &only) == nil {
		defer unix.SchedSetaffinity(0, &before)
	}
	return cmd.Start()
}

// serveRaw answers every request with the same bytes until its standard input ends.
func serveRaw() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerRaw(c)
		}
	}()
	fmt.Println(l.Addr())
	io.Copy(io.Discard, os.Stdin)
}

func answerRaw(c net.Conn) {
	defer c.Close()
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Sun, 22 Nov 2026 16:00:00 GMT\r\nContent-Length: 150\r\n\r\n" + strings.Repeat("x", 150))
	buf := make([]byte, 4096)
	for n := 0; ; {
		m, err := c.Read(buf[n:])
		if err != nil {
			return
		}
		if n += m; n < requestLength(buf[:n]) {
			continue
		}
		n = 0
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

// requestLength returns how long a request is, as far as its beginning tells.
func requestLength(b []byte) int {
	head := bytes.Index(b, []byte("\r\n\r\n"))
	if head < 0 {
		return len(b) + 1
	}
	length := 0
	if _, after, ok := bytes.Cut(b[:head+2], []byte("Content-Length: ")); ok {
		digits, _, _ := bytes.Cut(after, []byte("\r"))
		length, _ = strconv.Atoi(string(digits))
	}
	return head + 4 + length
}
