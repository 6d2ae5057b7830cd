package local

import (
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"testing"
)

// greet answers each connection with a word.
func greet(l net.Listener, word string) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, word) // a short one fails the test
		conn.Close()
	}
}

func greeting(address string) (string, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	word, err := io.ReadAll(conn)
	return string(word), err
}

// In a network apart, a port that is taken here is free, and what is there reaches that
// and nothing of this machine.
func TestNetwork(t *testing.T) {
	network, err := NewNetwork()
	if err != nil {
		t.Skipf("%v; run as root", err)
	}
	defer network.Close()
	here, err1 := net.Listen("tcp", "127.0.0.1:0")
	alone, err2 := net.Listen("tcp", "127.0.0.1:0")
	var there net.Listener
	err3 := network.Do(func() (err error) {
		there, err = net.Listen("tcp", here.Addr().String())
		return err
	})
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for l, word := range map[net.Listener]string{here: "here", alone: "here", there: "there"} {
		defer l.Close()
		go greet(l, word)
	}
	if word, err := greeting(here.Addr().String()); word != "here" {
		t.Errorf("here: %q, %v", word, err)
	}
	var ports []int
	if err := network.Do(func() error {
		if word, err := greeting(there.Addr().String()); word != "there" {
			t.Errorf("there: %q, %v", word, err)
		}
		if word, err := greeting(alone.Addr().String()); err == nil {
			t.Errorf("there, this machine's ports answer: %q", word)
		}
		ports = Ports([]int{os.Getpid()})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := []int{there.Addr().(*net.TCPAddr).Port}; !slices.Equal(ports, want) {
		t.Errorf("ports there: %v, want %v", ports, want)
	}
	p, err := Start(Command{Path: "/bin/sleep", Args: []string{"sleep", "60"}, Network: network})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	inside, err1 := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", p.PID()))
	outside, err2 := os.Readlink("/proc/self/ns/net")
	if err1 != nil || err2 != nil || inside == outside {
		t.Errorf("a process in the network is in %s, this one in %s: %v, %v", inside, outside, err1, err2)
	}
}

func BenchmarkNetwork(b *testing.B) {
	for b.Loop() {
		network, err := NewNetwork()
		if err != nil {
			b.Skip(err)
		}
		network.Close()
	}
}
