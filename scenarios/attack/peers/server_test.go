package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestServe has every request noted, in order, and the file written when the
// input ends.
func TestServe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "arrivals")
	input, close := io.Pipe()
	output, said := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- serve(context.Background(), input, said, path, stall{service: time.Nanosecond}) }()
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	const n = 5
	for range n {
		resp, err := http.Get(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	close.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	at, err := readArrivals(path)
	if err != nil || len(at) != n || at[0] != 0 || !slices.IsSorted(at) {
		t.Errorf("arrivals %v, %v; want %d, ascending from 0", at, err, n)
	}
}

func TestReadArrivalsRefuses(t *testing.T) {
	if _, err := readArrivals(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error of a file that is not there")
	}
}
