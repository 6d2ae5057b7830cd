package main

import (
	"bufio"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/targettest"
)

// maxBinary is how large the program may be, in bytes: it goes into container
// images, guests and functions, whose cold starts it weighs on. gRPC is 2.1 MB of it, ONNX with
// the matrix product 0.7 MB, the client of MLflow with the training of perceptrons 0.2 MB, and
// monitoring, with what reads reference data, 0.6 MB.
const maxBinary = 19.5e6

// build makes the program as it is released.
func build(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("building the program takes long; run without -short")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not in PATH")
	}
	binary := filepath.Join(t.TempDir(), "refserver")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// process is the program running, with what it wrote to stderr.
type process struct {
	*exec.Cmd
	url    string
	stderr bytes.Buffer
}

// launch starts the program with flags of serve.
func launch(t testing.TB, binary string, flags ...string) *process {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(binary, append([]string{"serve", "--host", "127.0.0.1", "--port", port}, flags...)...), url: "http://127.0.0.1:" + port}
	p.Cmd.Stderr = &p.stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() }) // ended already, if the test went well
	return p
}

// stop sends SIGTERM and waits; the program must end well.
func (p *process) stop(t testing.TB) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, &p.stderr)
	}
}

func TestBinary(t *testing.T) {
	binary := build(t)
	t.Run("size", func(t *testing.T) {
		info, err := os.Stat(binary)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%.1f MB", float64(info.Size())/1e6)
		if info.Size() >= maxBinary {
			t.Errorf("%d bytes, want less than %.0f", info.Size(), maxBinary)
		}
	})
	t.Run("linkage", func(t *testing.T) { checkStatic(t, binary) })
	t.Run("drain", func(t *testing.T) { checkDrain(t, launch(t, binary)) })
	t.Run("function", func(t *testing.T) { checkFunction(t, "asking Lambda for work", binary) })
	t.Run("function under the adapter", func(t *testing.T) {
		port, err := targets.FreePort(targets.Loopback)
		if err != nil {
			t.Fatal(err)
		}
		checkFunction(t, "msg=listening", targettest.Program(t, "lambdaadapter"), "--no-runtime-api", "--port", strconv.Itoa(port), "--ready", "/v2/health/ready", "--", binary, "serve")
	})
	t.Run("bootstrap under the adapter", func(t *testing.T) {
		checkFunction(t, "asking Lambda for work", targettest.Program(t, "lambdaadapter"), "--", binary)
	})
}

// checkStatic makes sure that the program needs no loader and no library.
func checkStatic(t *testing.T, binary string) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux programs are ELF files")
	}
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP {
			t.Error("it names a dynamic loader")
		}
	}
	// A program without a dynamic section has no imports, whatever the error.
	if libraries, err := file.ImportedLibraries(); len(libraries) > 0 || err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		t.Errorf("it needs libraries: %v, %v", libraries, err)
	}
}

// checkDrain sends SIGTERM while a request is on its way.
func checkDrain(t *testing.T, p *process) {
	if err := awaitReady(p.url, 10*time.Second, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const body = `{"inputs":[{"name":"features","shape":[1,1],"datatype":"FP32","data":[1]}]}`
	const half = len(body) / 2
	fmt.Fprintf(conn, "POST /v2/models/noop/infer HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body))
	answers := bufio.NewReader(conn)
	// The server asks for the body once its handler reads it: from here on
	// the request is in flight.
	if resp, err := http.ReadResponse(answers, nil); err != nil || resp.StatusCode != http.StatusContinue {
		t.Fatalf("got %v, %v, want 100 Continue", resp, err)
	}
	_, _ = io.WriteString(conn, body[:half])
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	awaitRefused(t, p.url)
	_, _ = io.WriteString(conn, body[half:])
	resp, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatalf("the request in flight: %v", err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !resp.Close {
		t.Errorf("the request in flight got %s, close %v", resp.Status, resp.Close)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &p.stderr)
	}
}

// awaitRefused waits until nobody accepts connections at the URL.
func awaitRefused(t *testing.T, url string) {
	t.Helper()
	for range 2000 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			return
		}
		conn.Close()
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the server still accepts connections 10 s after SIGTERM")
}

// BenchmarkReady is the cold start: from starting the program to its first
// readiness answer.
func BenchmarkReady(b *testing.B) {
	binary := build(b)
	for b.Loop() {
		p := launch(b, binary)
		if err := awaitReady(p.url, 10*time.Second, 200*time.Microsecond); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		p.stop(b)
		b.StartTimer()
	}
}
