package main

import (
	"net"
	"testing"
	"time"
)

// TestStampIsOfTheArrival reads bytes long after they arrived.
func TestStampIsOfTheArrival(t *testing.T) {
	listener, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	b := make([]byte, 16)
	// The kernel begins to stamp a moment after it was asked to.
	for conn.(*stampedConn).stamp.IsZero() {
		if _, err := client.Write([]byte("first")); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(b); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	sent := time.Now()
	if _, err := client.Write([]byte("request")); err != nil {
		t.Fatal(err)
	}
	const later = 300 * time.Millisecond
	time.Sleep(later)
	if n, err := conn.Read(b); err != nil || string(b[:n]) != "request" {
		t.Fatalf("read %q, %v", b[:n], err)
	}
	if after := arrivalTime(conn).Sub(sent.Round(0)); after < -time.Millisecond || after > later/2 {
		t.Errorf("arrived %v after it was sent, and was read %v after", after, later)
	}
	client.Close()
	if n, err := conn.Read(b); n != 0 || err == nil {
		t.Errorf("read %d bytes, %v of a connection that was closed; want its end", n, err)
	}
}
