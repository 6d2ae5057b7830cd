package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"servebench/targets/lambda/adapter"

	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		args, env string
		want      adapter.Config
	}{
		{"server -v", "", adapter.Config{Command: []string{"server", "-v"}, Port: 8080, Ready: "/", Events: "/events"}},
		{
			"-- server", "AWS_LAMBDA_RUNTIME_API=here:1 PORT=9000",
			adapter.Config{Command: []string{"server"}, Env: []string{"AWS_LAMBDA_RUNTIME_API=here:1", "PORT=9000", "HOST=127.0.0.1"}, Port: 9000, Ready: "/", Events: "/events", API: "here:1"},
		},
		{
			"-- server", "AWS_LWA_PORT=1 PORT=2 AWS_LWA_READINESS_CHECK_PATH=/r AWS_LWA_INVOKE_MODE=RESPONSE_STREAM AWS_LWA_PASS_THROUGH_PATH=/e",
			adapter.Config{Command: []string{"server"}, Port: 1, Ready: "/r", Stream: true, Events: "/e"},
		},
		{
			"--no-runtime-api --port 3 --ready /x --invoke-mode buffered --events /y -- server", "AWS_LAMBDA_RUNTIME_API=here:1 HOST=::1 AWS_LWA_PORT=1 AWS_LWA_INVOKE_MODE=response_stream",
			adapter.Config{Command: []string{"server"}, Env: []string{"HOST=::1", "AWS_LWA_PORT=1", "AWS_LWA_INVOKE_MODE=response_stream", "PORT=3"}, Port: 3, Ready: "/x", Events: "/y", API: "here:1"},
		},
	} {
		env := strings.Fields(tc.env)
		if tc.want.API == "" {
			tc.want.Env = slices.Clone(env)
		}
		got, err := read(strings.Fields(tc.args), env, nil)
		if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
			t.Errorf("%s with %s: %v\n%s", tc.args, tc.env, err, diff)
		}
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for args, says := range map[string][]string{
		"": {"want the command that starts the server, after --", "--help"},
		"--port 0 --ready x --invoke-mode no --events y": {`port "0"`, `ready path "x"`, `invoke mode "no": want buffered or response_stream`, `events path "y"`, "after --"},
		"--nonesuch":             {"nonesuch"},
		"--port 65536 -- server": {`port "65536": want a number from 1 to 65535`},
	} {
		stderr := new(strings.Builder)
		if code := run(strings.Fields(args), nil, stderr); code != usageCode {
			t.Errorf("%q ends with %d, want %d", args, code, usageCode)
		}
		for _, want := range says {
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("%q does not say %q:\n%s", args, want, stderr)
			}
		}
	}
}

func TestHelp(t *testing.T) {
	stderr := new(strings.Builder)
	if code := run([]string{"--help"}, nil, stderr); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"AWS_LWA_PORT", "AWS_LWA_READINESS_CHECK_PATH", "AWS_LWA_INVOKE_MODE", "AWS_LWA_PASS_THROUGH_PATH", "ENTRYPOINT"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("the help does not say %s", want)
		}
	}
}

func TestNotFound(t *testing.T) {
	stderr := new(strings.Builder)
	if code := run([]string{"--", "nonesuch"}, nil, stderr); code != 127 || !strings.Contains(stderr.String(), "start nonesuch: executable file not found") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if code := run([]string{"--", "/etc/passwd"}, nil, stderr); code != 126 || !strings.Contains(stderr.String(), "start /etc/passwd: permission denied") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// The program is a part of every cold start, and of every image that it is put into.
func TestSize(t *testing.T) {
	const most = 7 << 20
	path := filepath.Join(t.TempDir(), "lambdaadapter")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > most {
		t.Errorf("%d bytes, %v, want %d at most", info.Size(), err, most)
	}
}
