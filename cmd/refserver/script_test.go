package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary serve as the refserver command of the
// scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"refserver": main})
}

// TestScripts runs the command line as a user would. Each script has a PORT of
// its own, at which URL points; MODELS is a folder of models in ONNX, and TRAIN a file of rows of two
// features.
func TestScripts(t *testing.T) {
	models, err := filepath.Abs(filepath.Join("..", "..", "targets", "reference", "onnx", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			port, err := freePort()
			env.Setenv("PORT", port)
			env.Setenv("HOST", "")
			env.Setenv("MODELS", models)
			env.Setenv("URL", "http://127.0.0.1:"+port)
			env.Setenv("TRAIN", filepath.Join(env.WorkDir, "train.csv"))
			return errors.Join(err, os.WriteFile(filepath.Join(env.WorkDir, "train.csv"), []byte("a,b\n"+strings.Repeat("3,0\n1,2\n", 500)), 0o600))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"ready": ready,
			"await": await,
			"http":  request,
		},
	})
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// exits runs a command that must end with the exit code: exits CODE COMMAND….
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command [argument...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// ready waits until the server at URL says that it is: ready.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: ready")
	}
	ts.Check(awaitReady(ts.Getenv("URL"), 10*time.Second, 5*time.Millisecond))
}

// await waits until a file has a line that matches: await FILE PATTERN.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await file pattern")
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if text, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && pattern.Match(text) {
			return
		}
	}
	ts.Fatalf("%s has no line that matches %s", args[0], args[1])
}

// awaitReady asks the server until it answers 200.
func awaitReady(url string, limit, pause time.Duration) error {
	client := &http.Client{Timeout: limit}
	defer client.CloseIdleConnections()
	var err error
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(pause) {
		var resp *http.Response
		if resp, err = client.Get(url + "/v2/health/ready"); err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
		err = errors.New(resp.Status)
	}
	return fmt.Errorf("%s was not ready in %v: %w", url, limit, err)
}

// request sends a request to the server and prints status line, headers and
// body to the file "answer": http METHOD PATH [BODY-FILE].
func request(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: http method path [body-file]")
	}
	body := ""
	if len(args) == 3 {
		body = ts.ReadFile(args[2])
	}
	req, err := http.NewRequest(args[0], ts.Getenv("URL")+args[1], strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("X-Request-Id", "script-1")
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	answer, err := os.Create(ts.MkAbs("answer"))
	ts.Check(err)
	defer answer.Close()
	fmt.Fprintln(answer, resp.Status)
	ts.Check(resp.Header.Write(answer))
	_, err = io.Copy(answer, resp.Body)
	ts.Check(err)
}
