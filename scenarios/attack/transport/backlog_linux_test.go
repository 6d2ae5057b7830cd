package transport

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"servebench/targets"

	"golang.org/x/sys/unix"
)

// TestResentIsCounted has a server whose listen backlog is full at first: the kernel drops what
// is to open a connection, and it is sent again a second later.
func TestResentIsCounted(t *testing.T) {
	listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(listener)
	if err := unix.Bind(listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(listener, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(listener)
	if err != nil {
		t.Fatal(err)
	}
	address := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*unix.SockaddrInet4).Port}
	first, err := net.Dial("tcp", address.String()) // which takes the only place
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	d, err := newDialer(Config{Endpoint: targets.Endpoint{URL: "http://" + address.String()}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	dialled := make(chan error)
	go func() {
		conn, err := d.dial(ctx, d.address)
		if err == nil {
			conn.Close()
		}
		dialled <- err
	}()
	waiting := fmt.Sprintf("0100007F:%04X 02 ", address.Port) // in the state SYN_SENT
	for {
		if table, err := os.ReadFile("/proc/net/tcp"); err != nil || strings.Contains(string(table), waiting) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond) // until the packet was dropped, less than until it is sent again
	for {
		select {
		case err := <-dialled:
			if err != nil {
				t.Fatal(err)
			}
			if got, want := d.stats(0), (Stats{Dials: 1, Resent: 1}); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
			return
		default:
			if conn, _, err := unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC); err == nil {
				unix.Close(conn)
			}
			time.Sleep(time.Millisecond)
		}
	}
}
