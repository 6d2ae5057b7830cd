package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"servebench/cmd/cli"
	"servebench/targets/lambda/service"

	"github.com/aws/aws-lambda-go/lambda"
)

// roleKey is the variable that makes this test, run once more, a function that
// answers with its variables.
const roleKey = "TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(roleKey) == "function" {
		lambda.Start(func() (map[string]string, error) {
			return map[string]string{"a": os.Getenv("A"), "b": os.Getenv("B"), "args": strings.Join(os.Args[1:], " "), "home": os.Getenv("HOME")}, nil
		})
	}
	os.Exit(m.Run())
}

// awaited reads the file of the addresses once it is there.
func awaited(t *testing.T, path string, done <-chan int) service.Addresses {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		var at service.Addresses
		if text, err := os.ReadFile(path); err == nil {
			if err := json.Unmarshal(text, &at); err != nil {
				t.Fatal(err)
			}
			return at
		}
		select {
		case code := <-done:
			t.Fatalf("it ended with %d", code)
		default:
		}
	}
	t.Fatal("it does not listen within 30 s")
	return service.Addresses{}
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s answers %s: %s, %v", url, resp.Status, text, err)
	}
}

func TestServes(t *testing.T) {
	dir := t.TempDir()
	variables, addresses := filepath.Join(dir, "variables.json"), filepath.Join(dir, "addresses.json")
	if err := os.WriteFile(variables, []byte(`{"Variables": {"A": "file", "B": "file", "`+roleKey+`": "function"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stderr, done := new(strings.Builder), make(chan int, 1)
	go func() {
		done <- run(ctx, []string{
			"--function", os.Args[0], "--env-file", variables, "--env", "B=flag", "--listen", "127.0.0.1:0", "--operator", "127.0.0.1:0",
			"--addresses", addresses, "--sandbox", "process", "--dir", dir, "--", "one", "--two",
		}, stderr)
	}()
	at := awaited(t, addresses, done)
	var said map[string]string
	get(t, at.URL+"/any/path", &said)
	if said["a"] != "file" || said["b"] != "flag" || said["args"] != "one --two" || said["home"] != "/" {
		t.Errorf("the function says %v", said)
	}
	var state service.State
	get(t, at.Operator, &state)
	if len(state.Environments) != 1 || state.Environments[0].PID == 0 || state.Function != "function" {
		t.Errorf("the operator says %+v", state)
	}
	stop()
	if code := <-done; code != cli.OK {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"msg=listening url=" + at.URL, "REPORT RequestId: ", "msg=stopped"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, stderr)
		}
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for _, tc := range []struct {
		code int
		args string
		says []string
	}{
		{cli.Usage, "", []string{"--function: want the path of the function, or --image or --build", "run 'locallambda --help' for usage"}},
		{cli.Usage, "--function nonesuch", []string{"--function", "nonesuch"}},
		{cli.Usage, "--function .", []string{". is not an executable file"}},
		{
			cli.Usage, "--function SELF --memory 5 --memory-limit 5 --timeout 1h --idle-timeout 0s --concurrency 0 --burst -1 --sandbox x --listen y --operator z --env q --cpus 1-0 --name a.b",
			[]string{"memory 5MiB", "--memory-limit", "timeout 1h", "idle timeout 0s", "concurrency 0", "burst -1", `--sandbox: "x"`, `--listen: "y"`, `--operator: "z"`, `--env: "q"`, "--cpus", `name "a.b"`},
		},
		{
			cli.Usage, "--function SELF --image x --adapter . --port -1 --ready x --events y --invoke-mode z --network bridge --tmp 1B --files nonesuch --workdir nonesuch",
			[]string{"--files: stat ", "--workdir: stat ", "want one of --function, --image and --build", "--adapter: . is not an executable file", "--port: -1", `--ready: "x"`, `--events: "y"`, `--invoke-mode: "z"`, `--network: "bridge" is none of auto, own, host`, `--tmp: "1B": want a size from 1MiB to 10GiB`},
		},
		{cli.Usage, "--function SELF --image x", []string{"want one of --function, --image and --build"}},
		{cli.Usage, "--function SELF stray", []string{`argument "stray"`, "stand after --"}},
		{cli.Usage, "--nonesuch", []string{"unknown flag: --nonesuch"}},
		{cli.Runtime, "--function SELF --sandbox process --env-file nonesuch.json", []string{"nonesuch.json"}},
		{cli.Runtime, "--function SELF --sandbox process --listen 192.0.2.1:1", []string{"this machine does not have that address", "192.0.2.1:1"}},
	} {
		stderr := new(strings.Builder)
		args := strings.Fields(strings.ReplaceAll(tc.args, "SELF", os.Args[0]))
		if code := run(t.Context(), args, stderr); code != tc.code {
			t.Errorf("%q ends with %d, want %d:\n%s", tc.args, code, tc.code, stderr)
		}
		for _, want := range tc.says {
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("%q does not say %q:\n%s", tc.args, want, stderr)
			}
		}
	}
}
