package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/cmd/cli"
)

func TestServes(t *testing.T) {
	dir, err := os.MkdirTemp("", "null") // t.TempDir's may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "s")
	for _, args := range [][]string{{"--address", "127.0.0.1:0", "--body", "5"}, {"--socket", socket, "--body", "5"}} {
		ctx, stop := context.WithCancel(t.Context())
		out, stdout := io.Pipe()
		ended := make(chan int, 1)
		go func() { ended <- run(ctx, args, stdout, io.Discard) }()
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if body := fetch(t, strings.TrimSpace(line)); body != "xxxxx" {
			t.Errorf("%v: the answer is %q", args, body)
		}
		stop()
		if code := <-ended; code != cli.OK {
			t.Errorf("%v: exit code %d", args, code)
		}
	}
}

// fetch reads the body behind a URL as the program prints it.
func fetch(t *testing.T, url string) string {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	if path, found := strings.CutPrefix(url, "unix:"); found {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
		url = "http://socket"
	}
	resp, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestMistakesAreNamed(t *testing.T) {
	for _, tc := range []struct {
		code int
		args string
		says []string
	}{
		{cli.Usage, "--address here --body -1", []string{"--address here: want", "--body -1: want", "run 'nullserver --help' for usage"}},
		{cli.Usage, "stray", []string{`takes no arguments, got "stray"`}},
		{cli.Usage, "--nonesuch", []string{"unknown flag: --nonesuch"}},
		{cli.Runtime, "--address 192.0.2.1:1", []string{"this machine does not have that address", "192.0.2.1:1"}},
	} {
		stderr := new(strings.Builder)
		if code := run(t.Context(), strings.Fields(tc.args), io.Discard, stderr); code != tc.code {
			t.Errorf("%q ends with %d, want %d", tc.args, code, tc.code)
		}
		for _, want := range tc.says {
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("%q does not say %q:\n%s", tc.args, want, stderr)
			}
		}
	}
}
