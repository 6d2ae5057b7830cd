package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestSoak has a server that watches itself answer many requests, with outcomes for a part of them,
// and wants it to need no more memory and goroutines afterwards than after the first of them, and to
// end well. BenchmarkSoak is the same at any length: -bench Soak -benchtime 1000000x.
func TestSoak(t *testing.T) {
	s := soak(t, 60_000, "--monitor", filepath.Join(t.TempDir(), "log"))
	if s.memory() > 1.25 || s.goroutines[1] > s.goroutines[0]+2 {
		t.Errorf("memory %.1f MB after 10,000 requests and %.1f MB at the end, goroutines %v and %v; want neither to grow", s.resident[0]/1e6, s.resident[1]/1e6, s.goroutines[0], s.goroutines[1])
	}
}

func BenchmarkSoak(b *testing.B) {
	for _, c := range []struct {
		name  string
		flags []string
	}{{"watched", []string{"--monitor", filepath.Join(b.TempDir(), "log")}}, {"unwatched", nil}} {
		b.Run(c.name, func(b *testing.B) {
			s := soak(b, b.N, c.flags...)
			b.ReportMetric(s.memory(), "memory-ratio")
			b.ReportMetric(s.resident[1]/1e6, "MB")
			b.ReportMetric(s.goroutines[1]-s.goroutines[0], "goroutines-more")
			b.ReportMetric(s.cpu*1e6/float64(max(1, b.N)), "cpu-µs/request")
			b.ReportMetric(float64(s.files), "files")
		})
	}
}

// soaked is what a server was like after its first requests, and at the end.
type soaked struct {
	resident, goroutines [2]float64
	cpu                  float64 // seconds between the two
	files                int     // of the log
}

func (s soaked) memory() float64 { return s.resident[1] / s.resident[0] }

const (
	soakCallers = 8
	soakFirst   = 10_000
)

// soak sends so many requests after the first ones. Every tenth answer gets an outcome.
func soak(t testing.TB, requests int, flags ...string) (s soaked) {
	p := launch(t, build(t), flags...)
	if err := awaitReady(p.url, 10*time.Second, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	var callers []*caller
	for c := range soakCallers {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		callers = append(callers, &caller{number: c, conn: conn, answers: bufio.NewReader(conn)})
	}
	var cpu [2]float64
	for i, n := range []int{soakFirst, requests} {
		var left atomic.Int64
		left.Store(int64(n))
		var all sync.WaitGroup
		for _, c := range callers {
			all.Go(func() {
				for left.Add(-1) >= 0 && !t.Failed() {
					if err := c.call(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		page := metricsOf(t, p.url)
		s.resident[i], s.goroutines[i], cpu[i] = page["process_resident_memory_bytes"], page["go_goroutines"], page["process_cpu_seconds_total"]
	}
	s.cpu = cpu[1] - cpu[0]
	p.stop(t)
	for _, c := range callers {
		c.conn.Close()
	}
	for i, flag := range flags {
		if flag == "--monitor" {
			s.files = checkLog(t, flags[i+1])
		}
	}
	return s
}

// checkLog counts the files of the log, and wants each to be bounded.
func checkLog(t testing.TB, dir string) int {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.Size() > 64<<20 {
			t.Errorf("%s: %v, or more than 64 MiB", entry.Name(), err)
		}
	}
	if len(entries) == 0 || len(entries) > 16 {
		t.Errorf("%d files of the log, want 1 to 16", len(entries))
	}
	return len(entries)
}

// caller asks over a connection of its own.
type caller struct {
	number, asked int
	conn          net.Conn
	answers       *bufio.Reader
}

func (c *caller) call() error {
	c.asked++
	id := fmt.Sprintf("%d-%d", c.number, c.asked)
	age := 20 + c.asked%60
	err := c.send("/v2/models/credit/infer", fmt.Sprintf(`{"id":%q,"inputs":[{"name":"features","shape":[1,9],"datatype":"FP32","data":[%d,0,%d,2,11,3,487211.94,17,238170.7]}]}`, id, 20_000+c.asked%100_000, age), http.StatusOK)
	if err == nil && c.asked%10 == 0 {
		err = c.send("/feedback", fmt.Sprintf(`{"id":%q,"outcome":"approved"}`, id), 0)
	}
	return err
}

// send sends a request and reads its answer; 0: whose status may be any.
func (c *caller) send(path, body string, status int) error {
	if _, err := fmt.Fprintf(c.conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body); err != nil {
		return err
	}
	resp, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err == nil && status != 0 && resp.StatusCode != status {
		err = fmt.Errorf("%s: %s", path, resp.Status)
	}
	return err
}

// metricsOf are the metrics without labels.
func metricsOf(t testing.TB, url string) map[string]float64 {
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			all[name] = v
		}
	}
	return all
}
