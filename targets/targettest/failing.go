package targettest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"servebench/targets"
	"servebench/targets/process"
)

func endsLater(p *place) {
	d := p.deploy(p.workload())
	if err := p.ask(d, "POST", "/exit?code=7", nil); err == nil {
		p.Fatal("the server answered though it was asked to exit")
	}
	p.quotes(p.ended(d), "status 7", "asked to exit")
	p.close(d)
	p.quotes(d.Err(), "status 7", "asked to exit")
}

func killed(p *place) {
	d := p.deploy(p.workload())
	found := 0
	for _, pid := range p.servers() {
		found++
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			p.Fatalf("kill the server: %v", err)
		}
	}
	if found == 0 {
		p.Skip("the server's process cannot be seen from here, so it cannot be killed from outside; run as root")
	}
	p.quotes(p.ended(d), "signal 9")
}

// servers returns the processes of this test's servers.
func (p *place) servers() []int {
	var found []int
	for _, line := range p.processes() {
		id, command, _ := strings.Cut(strings.TrimPrefix(line, "process "), ": ")
		pid, err := strconv.Atoi(id)
		exe, _ := os.Readlink(filepath.Join("/proc", id, "exe"))
		if err == nil && strings.Contains(command, filepath.Base(p.server)) && filepath.Base(exe) == filepath.Base(p.server) {
			found = append(found, pid)
		}
	}
	return found
}

func deafUntilDeadline(p *place) {
	d := p.deploy(p.workload("TEST_TERM=ignore"))
	began := time.Now()
	if err := d.Close(ending(p, 100*time.Millisecond)); err != nil {
		p.Errorf("Close: %v", err)
	}
	if took := time.Since(began); took < 100*time.Millisecond {
		p.Errorf("Close took %s, the server had until the context ended", took)
	}
	p.clean()
}

func deafUntilGrace(p *place) {
	d := p.deploy(p.workload("TEST_TERM=ignore"))
	began := time.Now()
	p.close(d)
	if took := time.Since(began); took < process.Grace {
		p.Errorf("Close took %s, the server had %s", took, process.Grace)
	}
	p.clean()
}

func diesAtOnce(p *place) {
	p.refuse(ending(p, patience), p.workload("TEST_START=die"), "status 3", "the disk is on fire")
}

func neverReady(p *place) {
	err := p.refuse(p.seen(), p.workload("TEST_START=never"), "/ready answered 503", "still loading")
	if !errors.Is(err, context.Canceled) {
		p.Errorf("error %v is not the context's", err)
	}
}

func neverListens(p *place) {
	p.refuse(p.seen(), p.workload("TEST_START=deaf"), "a model that never comes")
}

// seen returns a context that ends one second after the server's process shows
// up, however long that takes; where it cannot be seen, after a long time.
func (p *place) seen() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience/2)
	p.Cleanup(cancel)
	go func() {
		for len(p.servers()) == 0 && ctx.Err() == nil {
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(time.Second)
		cancel()
	}()
	return ctx
}

func cancelled(p *place) {
	for _, after := range []time.Duration{0, 1, 3, 10, 30, 60, 100, 150, 300, 600} {
		ctx, cancel := context.WithCancel(context.Background())
		timer := time.AfterFunc(after*time.Millisecond, cancel)
		err := p.refuse(ctx, p.workload("TEST_START=deaf"))
		timer.Stop()
		if !errors.Is(err, context.Canceled) {
			p.Errorf("cancelled after %d ms: error %v is not the context's", after, err)
		}
	}
}

func endedBefore(p *place) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.refuse(ctx, p.workload()); !errors.Is(err, context.Canceled) {
		p.Errorf("error %v is not the context's", err)
	}
}

// portTaken takes the port from the first server after it was chosen, and even
// answers there as a server that is ready would.
func portTaken(p *place) {
	if p.OwnPort {
		p.Skip("nobody can take the port from this target: the engine holds it from its choice on")
	}
	control, err := net.Listen("tcp", targets.Address(targets.Loopback, 0))
	if err != nil {
		p.Fatal(err)
	}
	defer control.Close()
	var taken atomic.Int64
	go func() {
		for {
			conn, err := control.Accept()
			if err != nil {
				return
			}
			if taken.Load() == 0 {
				taken.Store(steal(p, conn))
			}
			fmt.Fprintln(conn, "go on")
			conn.Close()
		}
	}()
	d := p.deploy(p.workload("TEST_THIEF=" + control.Addr().String()))
	stolen := strconv.FormatInt(taken.Load(), 10)
	if stolen == "0" || strings.HasSuffix(d.Endpoint.URL, ":"+stolen) {
		p.Errorf("the deployment is at %s, where port %s is the thief's", d.Endpoint.URL, stolen)
	}
	var r report
	p.must(d, "GET", "/report", &r)
	if attempt := p.fact(d, "start"); !strings.Contains(attempt.Value, "another process took the port") {
		p.Errorf("fact start: %q does not say that the port was taken", attempt.Value)
	}
}

// steal reads the port from the server and serves there; it returns the port.
func steal(p *place, conn net.Conn) int64 {
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		p.Errorf("read the port to steal: %v", err)
		return 0
	}
	port, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		p.Errorf("read the port to steal: %v", err)
		return 0
	}
	l, err := net.Listen("tcp", targets.Address(targets.Loopback, port))
	if err != nil {
		p.Errorf("steal the port: %v", err)
		return 0
	}
	thief := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go thief.Serve(l)
	p.Cleanup(func() { thief.Close() })
	return int64(port)
}

func noExecutable(p *place) {
	w := p.workload()
	w.Command = []string{filepath.Join(p.dir, "no-such-server")}
	p.refuse(ending(p, patience), w, "no-such-server")
	w.Command = nil
	p.refuse(ending(p, patience), w, "command")
}

func unknownOption(p *place) {
	_, err := p.Kind.Open(targets.Config{Options: map[string]string{"colour": "blue"}, Dir: p.dir})
	p.quotes(err, "colour")
}
