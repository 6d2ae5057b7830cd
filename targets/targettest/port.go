package targettest

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"servebench/targets"
)

// portTaken takes the port from the first server, or what carries it, after it was
// chosen, and even answers there as a server that is ready would. It runs by
// itself: PATH belongs to the whole process.
func portTaken(p *subject) {
	if p.OwnPort {
		portHeld(p)
		return
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
	w := p.workload("TEST_THIEF=" + control.Addr().String())
	if p.Carrier != "" {
		w = p.workload()
		p.delay(control.Addr().String())
	}
	d := p.deploy(w)
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

// delay opens the target anew with a carrier that asks at the address before it
// takes its port.
func (p *subject) delay(control string) {
	p.Helper()
	program, err := exec.LookPath(p.Carrier)
	if err != nil {
		p.Fatal(err)
	}
	dir := filepath.Dir(build(p, "servebench/targets/targettest/latecarrier", p.Carrier))
	for name, text := range map[string]string{"program": program, "control": control} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			p.Fatal(err)
		}
	}
	p.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	p.move(p.dir)
}

// steal reads the port from the server and serves there; it returns the port.
func steal(p *subject, conn net.Conn) int64 {
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

// portHeld tries to take the ports of deployments, which somebody holds who
// chose them himself. They are made at the same time, so that a choice that two
// can make would be made twice now and then.
func portHeld(p *subject) {
	made := make(chan *targets.Deployment, 2)
	for range cap(made) {
		go func() {
			d, err := p.target.Deploy(ending(p, patience), p.workload())
			if err != nil {
				p.Errorf("Deploy: %v", err)
			}
			made <- d
		}()
	}
	ports := map[string]bool{}
	for range cap(made) {
		d := <-made
		if d == nil {
			continue
		}
		defer p.close(d)
		address := strings.TrimPrefix(d.Endpoint.URL, "http://")
		if ports[address] {
			p.Errorf("two deployments are at %s", address)
		}
		ports[address] = true
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			p.Errorf("nobody holds %s, where a deployment is", address)
		}
		for _, fact := range d.Facts {
			if fact.Name == "start" {
				p.Errorf("a port that is held from its choice on was lost: %s", fact.Value)
			}
		}
	}
}
