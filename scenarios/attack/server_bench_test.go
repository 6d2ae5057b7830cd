package attack

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/scenarios/corpus"
	"servebench/scenarios/host"
	"servebench/targets/local"
	"servebench/targets/protocol"
	"servebench/targets/reference/null"
)

// beServer is set in the environment of a process that shall be the server of a
// benchmark.
const beServer = "SERVEBENCH_BENCHMARK_SERVER"

// TestMain lets the test binary be the server that its benchmarks load.
func TestMain(m *testing.M) {
	if os.Getenv(beServer) == "" {
		os.Exit(m.Run())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	ctx, cancel := context.WithCancel(context.Background())
	go func() { // until the benchmark is over, or is no more
		bufio.NewReader(os.Stdin).ReadByte()
		cancel()
	}()
	null.New(null.Body).Serve(ctx, l)
}

// apart starts a server in a process of its own, on the last CPU, and keeps this
// process on the first. It returns the server's URL.
func apart(b *testing.B) string {
	b.Helper()
	cpus, err := host.CPUs()
	if err != nil || len(cpus) < 2 {
		b.Skipf("this process may use the CPUs %v (%v): the server and the generator need one each", cpus, err)
	}
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), beServer+"=1", "GOMAXPROCS=1")
	hold, err := server.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		hold.Close()
		server.Wait()
	})
	if err := local.PinProcess(server.Process.Pid, cpus[len(cpus)-1:]); err != nil {
		b.Skipf("pin the server: %v: benchmarks of the engine need CPUs of their own", err)
	}
	restore, err := host.Pin(cpus[:1])
	if err != nil {
		b.Skipf("pin the generator: %v: benchmarks of the engine need CPUs of their own", err)
	}
	b.Cleanup(restore)
	runtime.GC()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return "http://" + strings.TrimSpace(address)
}

// nothing is a protocol to which every answer is right, of label 0. Its requests
// are as long as those of a model with a few dozen features.
type nothing struct{}

func (nothing) Encode(id string, _ []generators.Example) (protocol.Request, error) {
	body := fmt.Appendf(nil, "%-600s", id)
	return protocol.Request{Method: http.MethodPost, Path: "/", Header: http.Header{"Content-Type": {"text/plain"}}, Body: body}, nil
}

func (nothing) Decode(protocol.Response) (protocol.Reply, error) {
	return protocol.Reply{Answers: []generators.Answer{generators.Classified(0)}}, nil
}

// zero is a generator whose every label is 0.
type zero struct{}

func (zero) Schema() generators.Schema          { return generators.Schema{} }
func (zero) Next(*rand.Rand) generators.Example { return generators.Example{Features: []float32{0}} }

// nothingCorpus returns a corpus for a null server.
func nothingCorpus(b *testing.B) *corpus.Corpus {
	c, err := corpus.Build(corpus.Config{
		Generator: zero{}, Protocol: nothing{}, Size: 1000, Batch: 1, Seed: 1,
		Model: twoClasses(func([]float32) float32 { return 0 }),
	})
	if err != nil {
		b.Fatal(err)
	}
	return c
}
